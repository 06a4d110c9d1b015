import { blobsIn, columnsOfHeader, encodeColumns, type IndexColumns } from '../format/index-columns.ts'
import { breathe } from '../parallel.ts'
import type { Repository } from '../repository.ts'
import type { SealedPack } from '../workers/pack-builder.ts'

/**
 * What a kill costs is what no index file names yet. So one is written when this many blobs wait for one, when the
 * oldest has waited this long, or when what waits comes to this share of all that is named, and at least two packs or
 * three: for a terabyte these are a few hundred files.
 */
const indexBlobs = 50_000
const indexAgeMs = 30_000
const indexShare = 1 / 40
const indexLeastBytes = 32 * 1024 * 1024

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
  options: {
    dryRun: boolean
    /** On their way to the backend at once. */
    packsInFlight: number
    /** Nothing is written before it is fulfilled. */
    permission: Promise<void>
    signal: AbortSignal
    now: () => number
  },
): PackSink {
  const { signal } = options
  const uploads = new Set<Promise<void>>()
  let failure: { error: unknown } | null = null
  /** In columns: there may be tens of thousands of blobs. */
  let unindexed: IndexColumns[] = []
  let unindexedBlobs = 0
  let unindexedSince = 0
  let unindexedBytes = 0
  let indexedBytes = 0
  let indexWrites: Promise<void> = Promise.resolve()

  function throwIfFailed(): void {
    if (failure) throw failure.error
    signal.throwIfAborted()
  }

  async function send({ id, buffer, sizeBytes, header }: SealedPack): Promise<void> {
    await options.permission
    await repo.backend.write({ kind: 'pack', name: id }, new Uint8Array(buffer, 0, sizeBytes), signal)
    const pack = columnsOfHeader(id, header)
    repo.index.addColumns(pack)
    if (unindexed.length === 0) unindexedSince = options.now()
    unindexed.push(pack)
    unindexedBlobs += blobsIn(pack)
    unindexedBytes += sizeBytes
    if (isIndexDue()) await writeIndex(signal)
  }

  const isIndexDue = (): boolean =>
    unindexedBlobs >= indexBlobs ||
    unindexedBytes >= Math.max(indexLeastBytes, indexedBytes * indexShare) ||
    options.now() - unindexedSince >= indexAgeMs

  /** One after the other, so that no pack is listed twice. */
  function writeIndex(signal: AbortSignal): Promise<void> {
    const packs = unindexed
    unindexed = []
    unindexedBlobs = 0
    indexedBytes += unindexedBytes
    unindexedBytes = 0
    if (packs.length === 0) return indexWrites
    const written = indexWrites.then(async () => {
      try {
        await repo.saveUnpacked('index', await indexFile(packs), signal)
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
      while (uploads.size >= options.packsInFlight) await Promise.race(uploads)
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

/** The JSON of an index file, made pack by pack between which others have their turn. */
async function indexFile(packs: readonly IndexColumns[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (const piece of encodeColumns(packs)) {
    pieces.push(piece)
    await breathe()
  }
  return Buffer.concat(pieces)
}
