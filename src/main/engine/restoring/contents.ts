import { AppError } from '../../../shared/errors.ts'
import type { TreeNode } from '../format/tree.ts'
import { inParallel } from '../parallel.ts'
import type { Repository } from '../repository.ts'
import type { Run, Warning } from '../run.ts'
import { listBlobs } from '../workers/blob-list.ts'
import type { FilePart, RestoreJob, RestoreReply } from '../workers/read-messages.ts'
import type { Readers } from '../workers/readers.ts'
import { isItemFailure, wordsOf } from './failure.ts'
import { piecesOf, planPacks, type FileJob, type PackRange, type WantedBlob } from './packs.ts'
import type { Placer } from './place.ts'
import type { Names } from './target.ts'
import { createUnfinished } from './unfinished.ts'
import { listWholeFiles, type AttributeTable, type PlannedFile } from './whole-files.ts'

/** What happens to each file; every one ends with `done` or with `failed`. */
export interface ContentEvents {
  written: (file: FileJob, bytes: number) => void
  done: (file: FileJob) => void
  /**
   * @param why the end of a sentence
   * @param missingBytes its size less what had been written
   */
  failed: (file: FileJob, why: string, missingBytes: number) => void
  warn: (warning: Warning) => void
}

/** What one job holds at most: a thread is soon free again. A larger blob is a job of its own. */
const jobBytes = 2 * 1024 * 1024
const jobBlobs = 256
/** What one request to a storage asks for, and how many are under way. Nearby packs are read by the jobs themselves. */
const requestBytes = 16 * 1024 * 1024
const requests = 2

/** A part of a pack with the files it is for, by their numbers in the order of the job's lists. */
interface Planned {
  readonly piece: PackRange
  readonly job: Omit<RestoreJob, 'source'>
  readonly wholes: readonly { number: number; blob: number }[]
  readonly parts: readonly number[]
}

/**
 * Writes the files, each pack read once and from front to back. A blob that no pack holds whole fails the files that
 * need it, and those only. Whatever is thrown, no temporary file stays.
 */
export async function restoreContents(
  { repo, readers, target, placer }: { repo: Repository; readers: Readers; target: Names; placer: Placer },
  { files, attributes }: { files: readonly FileJob[]; attributes: AttributeTable },
  events: ContentEvents,
  signal: AbortSignal,
  gate?: Run['gate'],
): Promise<void> {
  const unfinished = createUnfinished(target)
  const { places } = repo.index
  /** Blobs still to come; -1 once the file has failed. */
  const left = Int32Array.from(files, file => file.places.length)
  const missingBytes = Float64Array.from(files, file => file.sizeBytes)

  function fail(number: number, why: string): void {
    if (left[number] === -1) return
    left[number] = -1
    const file = files[number]!
    try {
      unfinished.discard(file)
    } catch (error) {
      if (!isItemFailure(error)) throw error // the first reason is the one to tell
    }
    events.failed(file, why, missingBytes[number]!)
  }

  function attempt(number: number, act: (file: FileJob) => void): void {
    try {
      act(files[number]!)
    } catch (error) {
      if (!isItemFailure(error)) throw error
      fail(number, wordsOf(error))
    }
  }

  /** Gives a file its place, and before that the attributes that no thread has given it. */
  function complete(number: number): void {
    attempt(number, file => {
      unfinished.complete(file, temporary => {
        const { location, attributes } = file
        if (file.places.length > 1)
          placer.setAttributes(temporary, { location, node: attributes as TreeNode })
        placer.settle(temporary, file)
      })
      events.done(file)
    })
  }

  /** What a job is told: files of one blob are made by it, parts of others written to where they lie. */
  function plan(piece: PackRange): Planned {
    const made: PlannedFile[] = []
    const wholes: { number: number; blob: number }[] = []
    const written: FilePart[] = []
    const parts: number[] = []
    for (let blob = 0; blob < piece.blobs.length; blob++) {
      const { uses } = piece.blobs[blob]!
      for (let at = 0; at < uses.length; at += 2) {
        const number = uses[at]!
        if (left[number] === -1) continue
        if (files[number]!.places.length === 1) {
          wholes.push({ number, blob })
          made.push(plannedFile(files[number]!, blob))
          continue
        }
        attempt(number, file => {
          const temporary = unfinished.temporary(file)
          parts.push(number)
          written.push({ blob, temporary, sizeBytes: file.sizeBytes, at: uses[at + 1]! })
        })
      }
    }
    const wanted = piece.blobs.map(({ place }) => place)
    return {
      piece,
      job: {
        kind: 'restore',
        blobs: listBlobs(places, wanted, piece.start),
        wholes: listWholeFiles(made, attributes),
        parts: written,
      },
      wholes,
      parts,
    }
  }

  /** false: the source could not be read, and nothing was done. */
  async function perform(planned: Planned, source: RestoreJob['source']): Promise<boolean> {
    const given = source !== null && source.kind !== 'file' ? [source.bytes.buffer as ArrayBuffer] : []
    const reply = await readers.perform<RestoreJob>({ ...planned.job, source }, given)
    if (reply === null) return false
    take(planned, reply)
    for (const blob of reply.damaged) await useAnotherCopy(planned.piece.blobs[blob]!)
    return true
  }

  function take({ piece, job, wholes, parts }: Planned, reply: RestoreReply): void {
    reply.warnings.forEach(events.warn)
    const damaged = new Set(reply.damaged)
    const failed = new Map(reply.failed.map(({ file, why }) => [file, why]))
    const waiting = new Set(reply.waiting.map(({ file }) => file))
    for (const { file, temporary } of reply.waiting) unfinished.adopt(files[wholes[file]!.number]!, temporary)
    for (const [nth, { number, blob }] of wholes.entries()) {
      if (damaged.has(blob)) continue
      const why = failed.get(nth)
      if (why !== undefined) {
        fail(number, why)
        continue
      }
      left[number] = 0
      const file = files[number]!
      missingBytes[number] = 0
      if (file.sizeBytes > 0) events.written(file, file.sizeBytes)
      if (waiting.has(nth)) complete(number)
      else events.done(file)
    }
    const failedParts = new Map(reply.failedParts.map(({ part, why }) => [part, why]))
    for (const [nth, number] of parts.entries()) {
      const { blob } = job.parts[nth]!
      if (damaged.has(blob) || left[number] === -1) continue
      const why = failedParts.get(nth)
      if (why !== undefined) {
        fail(number, why)
        continue
      }
      const bytes = places.plainLength(piece.blobs[blob]!.place)
      missingBytes[number]! -= bytes
      events.written(files[number]!, bytes)
      if (--left[number]! === 0) complete(number)
    }
  }

  async function restorePiece(piece: PackRange, bytes: Uint8Array | null): Promise<void> {
    const held = gate?.()
    if (held) await held
    signal.throwIfAborted()
    if (piece.blobs.every(blob => !isWanted(blob))) return
    const planned = plan(piece)
    if (bytes !== null) {
      await perform(planned, { kind: 'bytes', bytes: new Uint8Array(bytes) })
      return
    }
    const path = repo.backend.localPath?.({ kind: 'pack', name: piece.packId })
    if (path !== undefined) {
      const { start, end } = piece
      if (await perform(planned, { kind: 'file', path, start, end })) return
      const read = await readRange(repo, piece, signal)
      if (read !== null) {
        await perform(planned, { kind: 'bytes', bytes: new Uint8Array(read) })
        return
      }
    }
    for (const blob of piece.blobs) await useAnotherCopy(blob)
  }

  const isWanted = ({ uses }: WantedBlob): boolean =>
    uses.some((number, at) => at % 2 === 0 && left[number] !== -1)

  async function restoreRange(range: PackRange): Promise<void> {
    const bytes = await readRange(repo, range, signal)
    await inParallel(piecesOf(range, jobBytes, jobBlobs), readers.atOnce, signal, piece =>
      restorePiece(piece, bytes && bytes.subarray(piece.start - range.start, piece.end - range.start)),
    )
  }

  /** By itself, from whichever pack has it whole. */
  async function useAnotherCopy(blob: WantedBlob): Promise<void> {
    if (!isWanted(blob)) return
    signal.throwIfAborted()
    let plain: Uint8Array
    try {
      plain = await repo.loadBlob('data', places.id(blob.place), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof AppError)) throw error
      // Whatever the storage said: as it answers otherwise, this blob is what is lost.
      for (let at = 0; at < blob.uses.length; at += 2) fail(blob.uses[at]!, wordsOf(error))
      return
    }
    const { place, offset, length } = blob
    const planned = plan({
      packId: places.packId(place),
      start: offset,
      end: offset + length,
      blobs: [blob],
    })
    await perform(planned, { kind: 'plain', bytes: new Uint8Array(plain) })
  }

  async function makeEmptyFiles(numbers: readonly number[]): Promise<void> {
    const wholes = listWholeFiles(
      numbers.map(number => plannedFile(files[number]!, -1)),
      attributes,
    )
    const piece = { packId: '', start: 0, end: 0, blobs: [] }
    const blobs = listBlobs(places, [], 0)
    const job = { kind: 'restore', blobs, wholes, parts: [] } as const
    await perform({ piece, job, wholes: numbers.map(number => ({ number, blob: -1 })), parts: [] }, null)
  }

  try {
    const empty = [...files.keys()].filter(number => files[number]!.places.length === 0)
    await inParallel(slices(empty, jobBlobs), readers.atOnce, signal, makeEmptyFiles)
    const ranges = planPacks(files, places, requestBytes)
    if (repo.backend.localPath === undefined) await inParallel(ranges, requests, signal, restoreRange)
    else {
      const pieces = ranges.flatMap(range => piecesOf(range, jobBytes, jobBlobs))
      await inParallel(pieces, readers.atOnce, signal, piece => restorePiece(piece, null))
    }
  } finally {
    unfinished.abandon()
  }
}

const plannedFile = ({ location, attributes, action }: FileJob, blob: number): PlannedFile => ({
  location,
  attributes,
  blob,
  replaces: action === 'overwrite',
})

function* slices<T>(items: readonly T[], length: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += length) yield items.slice(at, at + length)
}

/** null when the pack can't be read so: each blob is then asked for by itself. */
async function readRange(
  repo: Repository,
  { packId, start, end }: PackRange,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  try {
    return await repo.backend.read({ kind: 'pack', name: packId }, { start, end }, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    // One bad place on a disk looks like a lost disk: where the config still answers, it was only this pack.
    if (error.code !== 'backend_unreachable') return null
    if ((await repo.backend.stat({ kind: 'config', name: '' }, signal)) === null) throw error
    return null
  }
}
