import { sharedLookup, type SharedIndex } from '../blob-index.ts'
import { createSealer, type SealKey } from '../format/envelope.ts'
import { idOf, type BlobType, type Id } from '../format/id.ts'
import { compressorInto, type CompressInto, type Compression } from '../format/zstd.ts'
import { createKernels, maxChunkBytes, minChunkBytes, type Chunker } from '../kernels/kernels.ts'
import { joinClaims } from './claims.ts'
import {
  createPackBuilder,
  packTargetBytes,
  roomFor,
  type PackBuilder,
  type SealedPack,
} from './pack-builder.ts'

/** Bytes of a file that are read and cut at once; a file that fits is stored in one go. */
export const windowBytes = 2 * maxChunkBytes
const packBufferBytes: Record<BlobType, number> = {
  data: packTargetBytes.data + roomFor(maxChunkBytes),
  tree: packTargetBytes.tree + roomFor(1024 * 1024),
}

export interface SavedBlob {
  readonly id: Id
  /** false: the repository (or this run) had it already. */
  readonly isNew: boolean
  /** What a new blob takes in its pack, sealed, without its header entry; 0 for a known one. */
  readonly storedBytes: number
}

/** What a thread needs to know to store blobs; all of it can be cloned or is shared memory. */
export interface WorkbenchSetup {
  readonly version: 1 | 2
  readonly polynomial: bigint
  readonly master: SealKey
  readonly compression: Compression
  readonly dryRun: boolean
  readonly index: SharedIndex
  readonly claims: readonly SharedArrayBuffer[]
  /** Buffers kept for the next packs. */
  readonly sparePackBuffers: number
}

/**
 * One thread's tools for storing: its kernels, its read window, its open packs. Nothing in it waits; finished packs
 * pile up until they are taken, so its user hands out little work at a time.
 */
export interface Workbench {
  readonly chunker: Chunker
  /** `windowBytes` long, in the kernels' own memory. */
  readonly window: Uint8Array
  isKnown(type: BlobType, id: Id): boolean
  save(type: BlobType, plain: Uint8Array): SavedBlob
  /** Packs finished since the last call. */
  takePacks(): SealedPack[]
  /** Closes the open packs, however small. */
  flush(): void
  /** Gives a buffer back for use in a later pack. */
  recycle(buffer: ArrayBuffer): void
  extendClaims(table: SharedArrayBuffer): void
}

export function createWorkbench(setup: WorkbenchSetup): Workbench {
  const kernels = createKernels({ arenaBytes: windowBytes })
  const sealer = createSealer(setup.master, kernels)
  const claims = joinClaims(setup.claims)
  const isKnown = sharedLookup(setup.index)
  const open: Record<BlobType, PackBuilder | null> = { data: null, tree: null }
  let finished: SealedPack[] = []
  const spare: ArrayBuffer[] = []
  const compressors = chooseCompressors(setup)

  function close(type: BlobType): void {
    const pack = open[type]
    open[type] = null
    if (!pack || pack.isEmpty) return
    const sealed = pack.seal(sealer)
    if (setup.dryRun) recycle(sealed.buffer)
    else finished.push(sealed)
  }

  function packFor(type: BlobType, plainBytes: number): PackBuilder {
    const pack = open[type]
    if (pack?.fits(plainBytes)) return pack
    close(type)
    const bytes = Math.max(packBufferBytes[type], roomFor(plainBytes))
    const buffer = (bytes === packBufferBytes.data && spare.pop()) || new ArrayBuffer(bytes)
    return (open[type] = createPackBuilder(buffer, packTargetBytes[type]))
  }

  function recycle(buffer: ArrayBuffer): void {
    const isKept = buffer.byteLength === packBufferBytes.data && spare.length < setup.sparePackBuffers
    if (isKept) spare.push(buffer)
    else buffer.transfer(0) // gone now, and not when garbage is next collected
  }

  return {
    chunker: kernels.chunker(setup.polynomial),
    window: kernels.allocate(windowBytes),
    isKnown,

    save(type, plain) {
      const id = idOf(plain)
      if (isKnown(type, id) || !claims.claim(type, id)) return { id, isNew: false, storedBytes: 0 }
      const pack = packFor(type, plain.length)
      const storedBytes = pack.add(type, id, plain, compressors[type])
      if (pack.isFull) close(type)
      return { id, isNew: true, storedBytes }
    },

    takePacks() {
      const packs = finished
      finished = []
      return packs
    },

    flush() {
      close('data')
      close('tree')
    },

    recycle,

    extendClaims: table => claims.extend(table),
  }
}

/** Version 1 knows no compression. Trees are compressed even with `off`, as restic does. */
function chooseCompressors(setup: WorkbenchSetup): Record<BlobType, CompressInto | null> {
  if (setup.version === 1) return { data: null, tree: null }
  const tree = compressorInto(setup.compression === 'off' ? 'default' : setup.compression)
  return { data: setup.compression === 'off' ? null : tree, tree }
}

/** The lengths of the chunks of a whole file (or of its rest) that lies in the window. */
export function* chunksOf(data: Uint8Array, chunker: Chunker): Generator<Uint8Array> {
  for (let start = 0; start < data.length;) {
    const rest = data.subarray(start)
    const chunk = rest.subarray(0, rest.length <= minChunkBytes ? rest.length : chunker.firstChunk(rest))
    yield chunk
    start += chunk.length
  }
}
