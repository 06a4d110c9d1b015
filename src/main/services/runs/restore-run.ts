import { statfs } from 'node:fs/promises'
import nodePath from 'node:path'
import type { RestoreCounts, RestoreRequest } from '../../../shared/entities/browse.ts'
import type { RunState } from '../../../shared/entities/run.ts'
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts'
import { bytes, count, plural } from '../../../shared/wording.ts'
import {
  anySnapshot,
  findSnapshot,
  parseTime,
  restore,
  shortId,
  type Overwrite,
  type Progress,
  type Repository,
  type SavedSnapshot,
} from '../../engine/index.ts'
import type { StoredDestination } from '../catalogue/catalogue.ts'
import { unless } from './backup-run.ts'
import { openDestination, passwordOf } from './open-destination.ts'
import { trackProgress } from './progress.ts'
import type { RunRecord } from './record.ts'
import { restoredItems, mostItems, type RestoredItems } from './restored-items.ts'
import type { RestoresPorts } from './restores.ts'
import type { Placement } from './restore-where.ts'

/** One restore, ready to begin. */
export interface RestoreJob {
  readonly request: RestoreRequest
  readonly placements: readonly Placement[]
  readonly destination: StoredDestination
  readonly record: RunRecord
  readonly ports: RestoresPorts
  readonly signal: AbortSignal
  /** Holds the work back while it is pending. */
  readonly gate: () => Promise<void> | undefined
}

export interface RestoreEnd {
  readonly state: Extract<RunState, 'succeeded' | 'partial' | 'failed'>
  readonly error: WireError | null
  readonly restoreCounts: RestoreCounts
}

const overwrites: Record<RestoreRequest['conflicts'], Overwrite> = {
  overwrite: 'if-changed',
  'if-newer': 'if-newer',
  skip: 'never',
  mirror: 'if-changed',
  'keep-both': 'keep-both',
}

/** Never rejects. When `signal` fires the state says `failed`; what that means is for the caller to say. */
export async function runRestore(job: RestoreJob): Promise<RestoreEnd> {
  const { record, ports, placements, signal } = job
  const { id, dryRun } = record.run()
  const freeBytes = await freeAt(placements[0]!.target)
  const items = restoredItems({ runId: id, dryRun, freeBytes }, ports)
  let error: WireError | null = null
  try {
    await carryOut(job, items)
  } catch (failure) {
    error = toWireError(worded(failure))
    if (!signal.aborted) record.log('error', `${error.message}${error.hint ? ` ${error.hint}` : ''}`)
  }
  items.flush()
  const restoreCounts = items.counts()
  for (const line of summary(restoreCounts, dryRun, error === null)) record.log('info', line)
  if (items.leftOut() > 0)
    record.log(
      'info',
      `The first ${count(mostItems)} items are listed; ${count(items.leftOut())} more are not.`,
    )
  const state = error !== null ? 'failed' : restoreCounts.failed > 0 ? 'partial' : 'succeeded'
  return { state, error, restoreCounts }
}

async function carryOut(job: RestoreJob, items: RestoredItems): Promise<void> {
  const { request, placements, destination, record, ports, signal } = job
  const track = trackProgress()
  signal.throwIfAborted()
  record.progress(track.enter('prepare'), { restoreCounts: items.counts() })
  const password = await unless(signal, passwordOf(destination, ports.vault))
  const repo = await openDestination(destination, password, signal)
  try {
    const { snapshot } = await findSnapshot(repo, request.snapshotId, anySnapshot, signal)
    record.log('info', `Restores from snapshot ${shortId(snapshot.id)} at ${destination.location.path}.`)
    /** Of the placements that are done. */
    const before = { files: 0, bytes: 0 }
    for (const [nth, placement] of placements.entries()) {
      const isLast = nth === placements.length - 1
      tellOfLeftOut(placement, job)
      const result = await place(repo, snapshot, placement, job, items, progress => {
        const together = added(progress, before, isLast)
        record.progress(track.take(together, ports.now()), { restoreCounts: items.counts() })
      })
      before.files += result.totalFiles
      before.bytes += result.totalBytes
      items.verified(result.filesVerified)
    }
  } finally {
    await repo.close()
  }
}

function place(
  repo: Repository,
  snapshot: SavedSnapshot,
  { target, subpath, items: chosen }: Placement,
  { request, record, ports, signal, gate }: RestoreJob,
  items: RestoredItems,
  report: (progress: Progress) => void,
) {
  const { dryRun } = record.run()
  const shown = (path: string) => (path === target ? path : shownPath(target, path, ports.platform))
  return restore(
    repo,
    {
      snapshot,
      subpath,
      ...(chosen && { items: chosen }),
      target,
      includes: [],
      iincludes: [],
      excludes: [],
      iexcludes: [],
      overwrite: overwrites[request.conflicts],
      besideLabel: `restored ${stampOf(snapshot.time, ports.machineZone())}`,
      delete: request.conflicts === 'mirror',
      leaveOut: ports.leaveOut,
      dryRun,
      verify: !dryRun,
      lock: true,
      ...ports.resources(),
      onItem: item => items.took(item, shown(item.path)),
      onFailed: ({ path, why }) => items.failed(shown(path), why),
    },
    {
      signal,
      now: ports.now,
      gate,
      report,
      warn(warning) {
        record.warn({ ...warning, path: shown(warning.path) })
        if (warning.kind === 'note') record.log('info', `${shown(warning.path)} ${warning.message}`.trim())
      },
    },
  )
}

/** A path of the engine, which is absolute in its target, as it is on the disk. */
function shownPath(target: string, path: string, platform: NodeJS.Platform): string {
  const joined = `${target.replace(/[/\\]$/, '')}${path === '/' ? '' : path}` || '/'
  return platform === 'win32' ? joined.replaceAll('/', '\\') : joined
}

/** With what came before it; the totals are known only during the last. */
function added(progress: Progress, before: { files: number; bytes: number }, isLast: boolean): Progress {
  if (progress.phase !== 'restore') return progress
  const { doneFiles, doneBytes, totalFiles, totalBytes } = progress
  return {
    ...progress,
    doneFiles: before.files + doneFiles,
    doneBytes: before.bytes + doneBytes,
    totalFiles: isLast && totalFiles !== null ? before.files + totalFiles : null,
    totalBytes: isLast && totalBytes !== null ? before.bytes + totalBytes : null,
  }
}

/** The application at work is not restored over; that is said where it would have been. */
function tellOfLeftOut({ target, subpath, items }: Placement, { record, ports }: RestoreJob): void {
  const { sep } = ports.platform === 'win32' ? nodePath.win32 : nodePath.posix
  const places =
    items === null
      ? [target]
      : items.paths.map(path => {
          const below =
            items.placedBy === 'name' ? path.slice(path.lastIndexOf('/')) : path.slice(subpath.length)
          return shownPath(target, below, ports.platform)
        })
  for (const own of ports.leaveOut) {
    if (places.some(place => own === place || own.startsWith(place.endsWith(sep) ? place : place + sep)))
      record.log('info', `${own} is in use by Holdfast itself and is left as it is.`)
  }
}

/** Free bytes where a target is or will be; null where nobody can say. */
async function freeAt(target: string): Promise<number | null> {
  for (let at = target; ; at = nodePath.dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at)
      return bavail * bsize
    } catch {
      if (nodePath.dirname(at) === at) return null
    }
  }
}

/** What the engine advises is said of its command line. */
function worded(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  const hint = hints[error.code]
  return hint === undefined ? error : new AppError(error.code, error.message, { hint, cause: error })
}

const hints: Partial<Record<AppError['code'], string>> = {
  target_refused: 'Choose another folder, one that you may write to.',
  disk_full: 'Free some space there, or choose another folder; what is restored already can stay.',
  snapshot_missing: 'Refresh the destination and choose another snapshot.',
  not_found: 'Look at what is in the snapshot, and choose again.',
}

function summary(counts: RestoreCounts, dryRun: boolean, isWhole: boolean): string[] {
  const { create, overwrite, keepBoth, unchanged, skip, failed, filesVerified, bytesToWrite } = counts
  const removed = counts.delete
  const parts = [
    [create, 'created'],
    [overwrite, 'overwritten'],
    [keepBoth, 'put beside what is there'],
    [unchanged, 'unchanged'],
    [skip, 'left as they were'],
    [removed, 'removed'],
    [failed, 'failed'],
  ] as const
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`)
  if (said.length === 0) return isWhole ? ['There was nothing to restore.'] : []
  return [
    `${dryRun ? 'Would be: ' : ''}${said.join(', ')}; ${bytes(bytesToWrite)}.`,
    ...(dryRun ? ['A dry run: nothing was written.'] : []),
    ...(filesVerified > 0 ? [`${plural(filesVerified, 'file')} read again from the disk, and right.`] : []),
  ]
}

/** `2026-11-19 02-04`: what a file name can hold on any system. */
function stampOf(time: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(Number(parseTime(time) / 1_000_000n))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.find(part => part.type === type)?.value ?? ''
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}-${of('minute')}`
}
