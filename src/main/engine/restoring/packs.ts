import type { BlobPlaces } from '../blob-index.ts'
import type { Id } from '../format/id.ts'
import type { Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import type { RestoreItem } from '../restore.ts'
import type { ItemFacts } from './tally.ts'

/** A file whose content has to be written. Many are waiting at a time, so it holds little. */
export interface FileJob {
  readonly location: Raw
  readonly action: 'create' | 'overwrite'
  /** Where its blobs lie, in their order in the file. */
  readonly places: readonly number[]
  /** Of its content. The node's own size is not to be trusted. */
  readonly sizeBytes: number
  /** A row of the batch's table where owner, permissions and times are all that it needs. */
  readonly attributes: number | TreeNode
  /** What is told of it when it has its place. */
  readonly told?: { readonly action: RestoreItem['action']; readonly facts: ItemFacts | null }
}

/** A blob that some files need, and where it lies in its pack. */
export interface WantedBlob {
  readonly place: number
  readonly offset: number
  readonly length: number
  /** Pairs: the number of a file and the offset in it. */
  readonly uses: number[]
}

/** What one read fetches; blobs by ascending offset. */
export interface PackRange {
  readonly packId: Id
  readonly start: number
  readonly end: number
  readonly blobs: readonly WantedBlob[]
}

/** Reading on is cheaper than a second read below this many bytes in between. */
const largestGapBytes = 256 * 1024

/**
 * What to read from which pack so that every blob is read once. Packs come in the order in which the files need them,
 * so files are finished about in the order they are given.
 * @param mostBytes bounds what one read holds in memory; a single larger blob is read all the same
 */
export function planPacks(files: readonly FileJob[], places: BlobPlaces, mostBytes: number): PackRange[] {
  const blobs = new Map<number, WantedBlob>()
  const packs = new Map<Id, WantedBlob[]>()
  for (let number = 0; number < files.length; number++) {
    let at = 0
    for (const place of files[number]!.places) {
      let blob = blobs.get(place)
      if (blob === undefined) {
        blob = { place, offset: places.offset(place), length: places.length(place), uses: [] }
        blobs.set(place, blob)
        const packId = places.packId(place)
        const wanted = packs.get(packId)
        if (wanted === undefined) packs.set(packId, [blob])
        else wanted.push(blob)
      }
      blob.uses.push(number, at)
      at += places.plainLength(place)
    }
  }
  return [...packs].flatMap(([packId, wanted]) => ranges(packId, wanted, mostBytes))
}

function ranges(packId: Id, wanted: WantedBlob[], mostBytes: number): PackRange[] {
  const found: PackRange[] = []
  let blobs: WantedBlob[] = []
  let [start, end] = [0, 0]
  const finish = () => {
    if (blobs.length > 0) found.push({ packId, start, end, blobs })
    blobs = []
  }
  for (const blob of wanted.sort((a, b) => a.offset - b.offset)) {
    const { offset, length } = blob
    const tooFar = offset - end > largestGapBytes
    if (blobs.length > 0 && (tooFar || offset + length - start > mostBytes)) finish()
    if (blobs.length === 0) start = end = offset
    end = Math.max(end, offset + length)
    blobs.push(blob)
  }
  finish()
  return found
}

/** The same in pieces of at most `mostBytes` and `mostBlobs`, for one job each. */
export function piecesOf(range: PackRange, mostBytes: number, mostBlobs: number): PackRange[] {
  const pieces: PackRange[] = []
  for (let from = 0; from < range.blobs.length;) {
    const start = range.blobs[from]!.offset
    let [to, end] = [from, start]
    while (to < range.blobs.length && to - from < mostBlobs) {
      const { offset, length } = range.blobs[to]!
      if (to > from && offset + length - start > mostBytes) break
      end = Math.max(end, offset + length)
      to++
    }
    pieces.push({ packId: range.packId, start, end, blobs: range.blobs.slice(from, to) })
    from = to
  }
  return pieces
}
