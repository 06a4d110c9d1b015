import { encodeIndex, type PackContents } from '../format/index-file.ts'
import { sealOverhead } from '../format/envelope.ts'
import { decodePackHeader } from '../format/pack.ts'
import type { Repository } from '../repository.ts'
import type { SealedPack } from '../workers/pack-builder.ts'

/** Packs on their way to the backend at once. */
const packsInFlight = 2
/** An index file is written when this many blobs wait for one, or the oldest has waited this long: what a kill costs. */
const indexBlobs = 50_000
const indexAgeMs = 30_000

/**
 * Where finished packs go: into the backend, then into the index in memory, then into index files. At every instant
 * the index speaks only of packs that are durable.
 */
export interface PackSink {
  /** Resolves when the pack is durable and the index knows it; its buffer is free again. */
  put(pack: SealedPack): Promise<void>
  /** Resolves when another pack may come; wait for it, and memory stays bounded. Rejects after a failure. */
  ready(): Promise<void>
  /** Waits for all packs and writes the rest of the index. */
  finish(): Promise<void>
  /** After a failure or a cancel: keeps what is durable already, by an index of it. */
  abandon(): Promise<void>
}

export function createPackSink(
  repo: Repository,
  options: { dryRun: boolean; signal: AbortSignal; now: () => number },
): PackSink {
  const { signal } = options
  const uploads = new Set<Promise<void>>()
  let failure: { error: unknown } | null = null
  /** Packed headers, not decoded ones: of those there may be tens of thousands. */
  let unindexed: Pick<SealedPack, 'id' | 'sizeBytes' | 'header'>[] = []
  let unindexedBlobs = 0
  let unindexedSince = 0
  let indexWrites: Promise<void> = Promise.resolve()

  function throwIfFailed(): void {
    if (failure) throw failure.error
    signal.throwIfAborted()
  }

  async function send({ id, buffer, sizeBytes, header }: SealedPack): Promise<void> {
    await repo.backend.write({ kind: 'pack', name: id }, new Uint8Array(buffer, 0, sizeBytes), signal)
    const { blobs } = contentsOf({ id, sizeBytes, header })
    repo.index.add(id, blobs)
    if (unindexed.length === 0) unindexedSince = options.now()
    unindexed.push({ id, sizeBytes, header })
    unindexedBlobs += blobs.length
    if (unindexedBlobs >= indexBlobs || options.now() - unindexedSince >= indexAgeMs) await writeIndex(signal)
  }

  /** One after the other, so that no pack is listed twice. */
  function writeIndex(signal: AbortSignal): Promise<void> {
    const packs = unindexed
    unindexed = []
    unindexedBlobs = 0
    if (packs.length === 0) return indexWrites
    const written = indexWrites.then(async () => {
      try {
        await repo.saveUnpacked('index', encodeIndex(packs.map(contentsOf)), signal)
      } catch (error) {
        unindexed = [...packs, ...unindexed] // still durable: `abandon` tries once more
        throw error
      }
    })
    indexWrites = written.catch(() => undefined) // the caller of `written` hears of it
    return written
  }

  return {
    put(pack) {
      if (options.dryRun) return Promise.resolve()
      const upload: Promise<void> = send(pack)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => uploads.delete(upload))
      uploads.add(upload)
      return upload
    },

    async ready() {
      while (uploads.size >= packsInFlight) await Promise.race(uploads)
      throwIfFailed()
    },

    async finish() {
      await Promise.all(uploads)
      throwIfFailed()
      await writeIndex(signal)
    },

    async abandon() {
      await Promise.all(uploads)
      // A fresh signal: the run's has fired, and the work it paid for is worth one small file.
      await writeIndex(new AbortController().signal)
    },
  }
}

const contentsOf = ({
  id,
  sizeBytes,
  header,
}: Pick<SealedPack, 'id' | 'sizeBytes' | 'header'>): PackContents => ({
  id,
  blobs: decodePackHeader(header, sizeBytes - header.length - sealOverhead - 4),
})
