import type { BlobPlaces } from '../blob-index.ts'
import type { PackEntry } from '../format/pack.ts'

/** Blobs in columns: an object for each would cost more to hand over than some take to open. */
export interface BlobList {
  readonly length: number
  /** 8 words each. */
  readonly ids: Uint32Array
  /** Per blob: 1 for a tree, offset, length, uncompressed length. */
  readonly numbers: Uint32Array
}

const idWords = 8
const columns = 4

/** @param start what offsets are counted from, in the pack they all lie in */
export function listBlobs(places: BlobPlaces, wanted: ArrayLike<number>, start: number): BlobList {
  const { length } = wanted
  const ids = new Uint32Array(length * idWords)
  const numbers = new Uint32Array(length * columns)
  for (let nth = 0; nth < length; nth++) {
    const place = wanted[nth]!
    places.copyId(place, ids, nth * idWords)
    numbers[nth * columns] = places.isTree(place) ? 1 : 0
    numbers[nth * columns + 1] = places.offset(place) - start
    numbers[nth * columns + 2] = places.length(place)
    numbers[nth * columns + 3] = places.uncompressedLength(place)
  }
  return { length, ids, numbers }
}

export const blobAt = ({ ids, numbers }: BlobList, nth: number): PackEntry => ({
  type: numbers[nth * columns] === 1 ? 'tree' : 'data',
  id: Buffer.from(ids.buffer, ids.byteOffset + nth * idWords * 4, idWords * 4).toString('hex'),
  offset: numbers[nth * columns + 1]!,
  length: numbers[nth * columns + 2]!,
  uncompressedLength: numbers[nth * columns + 3]!,
})
