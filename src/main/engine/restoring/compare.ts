import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { BlobPlaces } from '../blob-index.ts'
import type { Id } from '../format/id.ts'
import type { Raw } from '../format/raw.ts'
import { isItemFailure, wordsOf } from './failure.ts'
import type { Names } from './target.ts'

const windowBytes = 1024 * 1024
/** Bytes held against their hashes before something else gets its turn. */
const spanBytes = 8 * 1024 * 1024

/** Some blobs of a file that should have `sizeBytes`, from `at` on. */
export interface Span {
  readonly location: Raw
  readonly sizeBytes: number
  readonly at: number
  readonly content: readonly Id[]
  /** Plaintext bytes of each. */
  readonly lengths: readonly number[]
}

/** Reads files and holds them against the hashes of the blobs they should consist of. */
export interface Comparer {
  /** Stops reading at the first difference. @throws the error of `node:fs` where it can't be read */
  holds(span: Span): boolean
  /** As `holds`, but a text says why it can't be read. */
  verdict(span: Span): boolean | string
}

/** The whole of a file; at least one span, for its length counts too. */
export function* spansOf(location: Raw, blobs: readonly number[], places: BlobPlaces): Generator<Span> {
  const lengths = blobs.map(places.plainLength)
  const sizeBytes = lengths.reduce((sum, length) => sum + length, 0)
  let [at, from] = [0, 0]
  do {
    let [to, bytes] = [from, 0]
    while (to < blobs.length && (to === from || bytes + lengths[to]! <= spanBytes)) bytes += lengths[to++]!
    const content = blobs.slice(from, to).map(places.id)
    yield { location, sizeBytes, at, content, lengths: lengths.slice(from, to) }
    from = to
    at += bytes
  } while (from < blobs.length)
}

export function createComparer(names: Names): Comparer {
  const window = Buffer.allocUnsafeSlow(windowBytes)

  function readFully(fd: number, at: number, length: number): Buffer | null {
    let filled = 0
    while (filled < length) {
      const read = readSync(fd, window, filled, length - filled, at + filled)
      if (read === 0) return null
      filled += read
    }
    return window.subarray(0, length)
  }

  function blobId(fd: number, at: number, length: number): Id | null {
    if (length <= windowBytes) {
      const bytes = readFully(fd, at, length)
      return bytes && hash('sha256', bytes, 'hex')
    }
    const digest = createHash('sha256')
    for (let done = 0; done < length; done += windowBytes) {
      const bytes = readFully(fd, at + done, Math.min(windowBytes, length - done))
      if (bytes === null) return null
      digest.update(bytes)
    }
    return digest.digest('hex')
  }

  function holds({ location, sizeBytes, at, content, lengths }: Span): boolean {
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    const fd = names.reach(location, access => openSync(access, flags))
    try {
      const stats = fstatSync(fd)
      if (!stats.isFile() || stats.size !== sizeBytes) return false
      for (const [nth, id] of content.entries()) {
        if (blobId(fd, at, lengths[nth]!) !== id) return false
        at += lengths[nth]!
      }
      return true
    } finally {
      closeSync(fd)
    }
  }

  return {
    holds,
    verdict(span) {
      try {
        return holds(span)
      } catch (error) {
        if (!isItemFailure(error)) throw error
        return wordsOf(error)
      }
    },
  }
}
