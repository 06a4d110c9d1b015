import type { Scan } from './chunker.ts'
import { plainScan } from './chunker.ts'
import { plainPoly1305 } from './poly1305.ts'
import { wasmLoops } from './wasm.ts'

/** Sizes restic fixes for every repository, bytes. */
export const minChunkBytes = 512 * 1024
export const maxChunkBytes = 8 * 1024 * 1024
export const windowBytes = 64

const alignBytes = 4096

export interface Chunker {
  /**
   * Length of the first chunk of `data`, in 1…data.length. The end of `data` counts as the end of the file,
   * so pass at least `maxChunkBytes` or all that is left of the file.
   *
   * @throws {RangeError} `data` is empty: it has no chunks
   */
  firstChunk(data: Uint8Array): number
}

/** @throws {RangeError} the nonce is not 16 bytes */
export type Poly1305 = (nonce: Uint8Array, message: Uint8Array) => Buffer

/** The hot loops. Three variants give the same answers: WebAssembly with SIMD, without, and plain TypeScript. */
export interface Kernels {
  readonly variant: 'simd' | 'scalar' | 'plain'
  /**
   * Cut points equal restic's for this polynomial (irreducible, degree 53).
   *
   * @throws {RangeError} another degree
   */
  chunker(polynomial: bigint): Chunker
  /**
   * Poly1305 with a fixed r (unmasked; clamped inside) and one 16-byte nonce-derived `s` a message.
   * Returns the 16-byte tag in a buffer of its own.
   */
  poly1305(r: Uint8Array): Poly1305
  /**
   * Bytes on which the kernels work without copying (a view of their memory). Any other Uint8Array works too.
   * With WebAssembly it starts at a multiple of 4096, as O_DIRECT wants; never taken back.
   *
   * @throws {RangeError} `arenaBytes` are used up
   */
  allocate(bytes: number): Uint8Array
}

export interface KernelOptions {
  variant?: Kernels['variant']
  /** How much `allocate` may hand out; each piece counts up to the next multiple of 4096. */
  arenaBytes?: number
  /** Where the .wasm files lie, with a slash at the end; default out/kernels/ at the root of the project. */
  directory?: URL
}

/** What a variant brings: its own loops and its own memory. */
export interface Loops {
  scan(polynomial: bigint): Scan
  poly1305(r: Uint8Array): Poly1305
  /** What may be handed out. */
  readonly arena: Uint8Array<ArrayBuffer>
}

/** Fastest first. The same source gives `relaxed` and `simd`; the former uses newer instructions. */
const programs = [
  { variant: 'simd', file: 'relaxed.wasm' },
  { variant: 'simd', file: 'simd.wasm' },
  { variant: 'scalar', file: 'scalar.wasm' },
] as const

/**
 * The fastest variant that this machine runs, or the one asked for. A .wasm file that is missing counts as one
 * that does not run.
 *
 * @throws {Error} the one asked for can't run here
 */
export function createKernels(options: KernelOptions = {}): Kernels {
  const {
    variant,
    arenaBytes = 0,
    directory = new URL('../../../../out/kernels/', import.meta.url),
  } = options
  for (const program of programs) {
    if (variant && variant !== program.variant) continue
    const loops = wasmLoops(new URL(program.file, directory), arenaBytes)
    if (loops) return kernels(program.variant, loops)
  }
  if (variant && variant !== 'plain') throw new Error(`the ${variant} kernels can't run here`)
  return kernels('plain', { scan: plainScan, poly1305: plainPoly1305, arena: new Uint8Array(arenaBytes) })
}

const kernels = (variant: Kernels['variant'], loops: Loops): Kernels => ({
  variant,
  chunker: polynomial => cutter(loops.scan(polynomial)),
  poly1305: loops.poly1305,
  allocate: allocator(loops.arena),
})

const cutter = (scan: Scan): Chunker => ({
  firstChunk(data) {
    if (data.length === 0) throw new RangeError('no data, no chunk')
    const end = Math.min(data.length, maxChunkBytes)
    return end <= minChunkBytes ? end : scan(data, minChunkBytes, end)
  },
})

function allocator(arena: Uint8Array): Kernels['allocate'] {
  let at = 0
  return bytes => {
    if (at + bytes > arena.length) throw new RangeError(`the arena has no ${bytes} bytes left`)
    const view = arena.subarray(at, at + bytes)
    at += Math.ceil(bytes / alignBytes) * alignBytes
    return view
  }
}
