import { open } from 'node:fs/promises'
import { AppError } from '../../../shared/errors.ts'
import type { Backend } from '../backend/backend.ts'
import type { Sealer } from '../format/envelope.ts'
import { idOf, shortId, type Id } from '../format/id.ts'
import { columnsOf, createColumnRoom, type IndexColumns } from '../format/index-columns.ts'
import { decodeIndex } from '../format/index-file.ts'
import { scanIndex } from '../format/index-scan.ts'
import { unwrapUnpackedWith } from '../format/unpacked.ts'
import { createDecompressorKeeping } from '../format/zstd.ts'
import { namedDamage } from '../open-blob.ts'
import { breathe } from '../parallel.ts'

/** JSON read before others have their turn: a few milliseconds. */
const bytesAtOnce = 1024 * 1024
/** An index file has 50,000 blobs, which are 9 MB of JSON; rooms for larger ones are not kept. */
const keptBytes = 24 * 1024 * 1024

/**
 * Reads index files, one after the other, in rooms that are used again. While one is decoded the next is fetched where
 * that takes its time.
 * Nothing of a file is used before all of it has been found to be as it should.
 */
export function createIndexReader(backend: Backend, sealer: Sealer) {
  const decompressor = createDecompressorKeeping(keptBytes)
  const fetched = createRoom()
  const unsealed = createRoom()
  let room = createColumnRoom()
  let turn: Promise<void> = Promise.resolve()
  let underWay = 0

  /** The rooms are for many files on end; the run that follows has better use for their memory. */
  function letGo(): void {
    decompressor.letGo()
    fetched.letGo()
    unsealed.letGo()
    for (const { buffer } of [room.rows, room.packEnds, room.packIds]) (buffer as ArrayBuffer).transfer(0)
    room = createColumnRoom()
  }

  const unseal = (sealed: Uint8Array): Uint8Array =>
    sealed.byteLength > keptBytes
      ? sealer.open(sealed)
      : sealer.openInto(sealed, unsealed.take(sealed.byteLength))

  /** A file of this machine, without an allocation for each; null when it can't be had so. */
  async function readHere(id: Id): Promise<Uint8Array | null> {
    const path = backend.localPath?.({ kind: 'index', name: id })
    if (path === undefined) return null
    const handle = await open(path, 'r').catch(() => null)
    try {
      const size = (await handle?.stat())?.size ?? Infinity
      if (handle === null || size > keptBytes) return null
      const bytes = fetched.take(size)
      let filled = 0
      for (let read = -1; filled < size && read !== 0; filled += read) {
        read = (await handle.read(bytes, filled, size - filled, filled)).bytesRead
      }
      return filled === size ? bytes : null
    } catch {
      return null // the storage's own way will say what is wrong
    } finally {
      await handle?.close()
    }
  }

  async function columnsIn(json: Uint8Array, signal: AbortSignal): Promise<IndexColumns> {
    const columns = room
    const step = scanIndex(json, columns)
    for (;;) {
      const state = step(bytesAtOnce)
      if (state === 'done') return columns
      if (state === 'odd') return columnsOf(decodeIndex(json).packs)
      await breathe()
      signal.throwIfAborted()
    }
  }

  async function decode(id: Id, bytes: Uint8Array, signal: AbortSignal): Promise<IndexColumns> {
    try {
      if (idOf(bytes) !== id) throw new AppError('data_corrupt', 'its content does not fit its name')
      await breathe()
      const plain = unseal(bytes)
      await breathe()
      const json = unwrapUnpackedWith(plain, decompressor)
      await breathe()
      return await columnsIn(json, signal)
    } catch (error) {
      throw namedDamage(`The index file ${shortId(id)}`, error)
    }
  }

  return async function readIndexFile(
    id: Id,
    use: (columns: IndexColumns) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    underWay++
    try {
      const file = { kind: 'index', name: id } as const
      const far = backend.localPath === undefined ? await backend.read(file, 'all', signal) : null
      const before = turn
      const mine = (async () => {
        await before
        signal.throwIfAborted()
        const bytes = far ?? (await readHere(id)) ?? (await backend.read(file, 'all', signal))
        await use(await decode(id, bytes, signal))
      })()
      turn = mine.catch(() => undefined) // its caller hears of it
      await mine
    } finally {
      if (--underWay === 0) letGo()
    }
  }
}

/** Memory that is used again, as long as what lies in it is not needed any more. */
function createRoom() {
  let room = Buffer.allocUnsafeSlow(0)
  const letGo = (): void => {
    room.buffer.transfer(0)
    room = Buffer.allocUnsafeSlow(0)
  }
  return {
    take(bytes: number): Buffer {
      if (room.byteLength < bytes) {
        letGo()
        room = Buffer.allocUnsafeSlow(bytes + (bytes >>> 2))
      }
      return room.subarray(0, bytes)
    },
    letGo,
  }
}
