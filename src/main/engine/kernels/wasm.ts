import { existsSync, readFileSync } from 'node:fs'
import { leavingTable, overflowTable } from './chunker.ts'
import type { Loops } from './kernels.ts'
import { clamp } from './poly1305.ts'

// The part of the standard that is used here; TypeScript has it only for browsers.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer }
  Instance: new (module: object, imports: object) => { readonly exports: object }
  validate(bytes: Uint8Array): boolean
}

const pageBytes = 65536
const windowBytes = 64
const blockBytes = 16
const macPieceBytes = 65536

/** What assembly/*.ts exports. Addresses and sizes are explained in assembly/layout.ts. */
interface Exports {
  scan(from: number, to: number): number
  scanTables(): void
  macStart(): void
  macBlocks(at: number, bytes: number): void
  macLast(): void
  macFinish(): void
  readonly overflowAt: Address
  readonly leavingAt: Address
  readonly macKeyAt: Address
  readonly macLastAt: Address
  readonly macNonceAt: Address
  readonly macTagAt: Address
  readonly scratchAt: Address
  readonly scratchBytes: Address
  readonly arenaAt: Address
}
type Address = { readonly value: number }

/**
 * Runs one compiled kernel file; null if it is missing or this machine lacks its instructions.
 *
 * The memory has its final size from the start: growing it would detach the views that callers hold.
 * The tables of one polynomial and one key lie in the memory at a time; whoever finds another's there puts its own.
 */
export function wasmLoops(file: URL, arenaBytes: number): Loops | null {
  if (typeof WebAssembly === 'undefined') return null // node --jitless
  const program = existsSync(file) ? readFileSync(file) : null
  if (!program || !WebAssembly.validate(program)) return null
  const module = new WebAssembly.Module(program)
  const memory = new WebAssembly.Memory({ initial: 4 + Math.ceil(arenaBytes / pageBytes) })
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports
  const { scan, scanTables, macStart, macBlocks, macLast, macFinish } = exports
  const bytes = new Uint8Array(memory.buffer)
  const scratchAt = exports.scratchAt.value
  const scratchBytes = exports.scratchBytes.value
  const isInside = (data: Uint8Array) => data.buffer === memory.buffer

  let tablesInPlace: Uint8Array | null = null
  let keyInPlace: Uint8Array | null = null

  return {
    scan(polynomial) {
      const overflow = new Uint8Array(overflowTable(polynomial).buffer)
      const leaving = new Uint8Array(leavingTable(polynomial).buffer)
      const overflowAt = exports.overflowAt.value
      const leavingAt = exports.leavingAt.value

      return (data, from, to) => {
        if (tablesInPlace !== overflow) {
          bytes.set(overflow, overflowAt)
          bytes.set(leaving, leavingAt)
          scanTables()
          tablesInPlace = overflow
        }
        if (isInside(data))
          return (scan(data.byteOffset + from, data.byteOffset + to) >>> 0) - data.byteOffset

        while (from < to) {
          const positions = Math.min(to - from, scratchBytes - windowBytes)
          bytes.set(data.subarray(from - windowBytes, from + positions), scratchAt)
          const start = scratchAt + windowBytes
          const found = scan(start, start + positions) - start
          from += found
          if (found < positions) break
        }
        return from
      }
    },

    poly1305(r) {
      const keyAt = exports.macKeyAt.value
      const lastAt = exports.macLastAt.value
      const nonceAt = exports.macNonceAt.value
      const tagAt = exports.macTagAt.value
      const key = clamp(r)

      return (nonce, message) => {
        if (nonce.length !== blockBytes) throw new RangeError('a Poly1305 nonce has 16 bytes')
        if (keyInPlace !== key) {
          bytes.set(key, keyAt)
          keyInPlace = key
        }
        macStart()
        const rest = message.length % blockBytes
        const whole = message.length - rest
        if (isInside(message)) macBlocks(message.byteOffset, whole)
        else {
          for (let at = 0; at < whole; at += macPieceBytes) {
            const piece = message.subarray(at, Math.min(at + macPieceBytes, whole))
            bytes.set(piece, scratchAt)
            macBlocks(scratchAt, piece.length)
          }
        }
        if (rest > 0) {
          bytes.fill(0, lastAt, lastAt + blockBytes)
          bytes.set(message.subarray(whole), lastAt)
          bytes[lastAt + rest] = 1
          macLast()
        }
        bytes.set(nonce, nonceAt)
        macFinish()
        return Buffer.from(bytes.subarray(tagAt, tagAt + blockBytes))
      }
    },

    arena: bytes.subarray(exports.arenaAt.value),
  }
}
