import { AppError } from '../../shared/errors.ts'
import type { Backend } from './backend/backend.ts'
import type { BlobIndex, BlobLocation } from './blob-index.ts'
import type { Id } from './format/id.ts'

/** A pack asked for this often is read whole: trees of one snapshot lie together. */
const readsBeforeWhole = 3
/** Packs kept, and the largest that is. Bytes kept are at most the product. */
const packsKept = 2
const largestKeptBytes = 24 * 1024 * 1024

/**
 * Reads sealed tree blobs. Walking a snapshot asks for thousands of small ones next to each other, so instead of one
 * request each, the packs they lie in are read whole and the last ones kept.
 */
export function createTreePacks(backend: Backend, index: BlobIndex) {
  const reads = new Map<Id, number>()
  const kept = new Map<Id, Promise<Uint8Array>>()

  const readRange = (name: Id, start: number, end: number, signal: AbortSignal) =>
    backend.read({ kind: 'pack', name }, { start, end }, signal)

  function whole(packId: Id, sizeBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const pack = kept.get(packId) ?? readRange(packId, 0, sizeBytes, signal)
    // The last used one goes to the end, the first one out.
    kept.delete(packId)
    kept.set(packId, pack)
    pack.catch(() => kept.delete(packId))
    for (const oldest of kept.keys()) {
      if (kept.size <= packsKept) break
      kept.delete(oldest)
    }
    return pack
  }

  return {
    async read({ packId, offset, length }: BlobLocation, signal: AbortSignal): Promise<Uint8Array> {
      const count = (reads.get(packId) ?? 0) + 1
      reads.set(packId, count)
      const sizeBytes = index.packEnd(packId)
      if (count >= readsBeforeWhole && sizeBytes <= largestKeptBytes) {
        // Of a pack that is cut short the blob asked for may still be there.
        const pack = await whole(packId, sizeBytes, signal).catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'data_corrupt') return null
          throw error
        })
        if (pack) return pack.subarray(offset, offset + length)
      }
      return readRange(packId, offset, offset + length, signal)
    },
  }
}
