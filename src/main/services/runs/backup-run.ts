import type { Hook } from '../../../shared/entities/plan.ts'
import type { RunCounts, RunState } from '../../../shared/entities/run.ts'
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts'
import { bytes, count, duration, plural } from '../../../shared/wording.ts'
import {
  backup,
  shortId,
  type BackupResult,
  type Repository,
  type Run as EngineRun,
  type SavedSnapshot,
} from '../../engine/index.ts'
import type { StoredDestination, StoredPlan } from '../catalogue/catalogue.ts'
import { refuseVanishedMounts } from './vanished-mount.ts'
import { hookEnvironment, runHook } from './hooks.ts'
import { openDestination, passwordOf } from './open-destination.ts'
import type { RunsPorts } from './ports.ts'
import { trackProgress } from './progress.ts'
import type { RunRecord } from './record.ts'
import { growingPauseMs } from './retry.ts'
import { pathsOf, rulesOf, sourcesOf, tagsOf } from './what.ts'

const lockPauseMs = { least: 5_000, most: 60_000 }
/** So long another machine's lock is waited for in one run. */
const mostLockWaitMs = 60 * 60_000

/** One backup, ready to begin. */
export interface BackupJob {
  readonly plan: StoredPlan
  readonly destination: StoredDestination
  readonly record: RunRecord
  readonly ports: RunsPorts
  /** Fires when it is to end: its reason says why. */
  readonly signal: AbortSignal
  /** Fires when even what has to follow (hooks after) is to end. */
  readonly hooksSignal: AbortSignal
  /** Holds the work back while it is pending. */
  readonly gate: () => Promise<void> | undefined
  /** Called around a wait for another machine's lock, with words for people. */
  readonly wait: (words: string) => void
  readonly goOn: () => void
}

export interface BackupEnd {
  readonly state: Extract<RunState, 'succeeded' | 'partial' | 'failed'>
  readonly error: WireError | null
  readonly counts: RunCounts | null
  readonly snapshot: SavedSnapshot | null
  /** Still open, with the index that knows the snapshot; whoever gets it closes it. */
  readonly repo: Repository | null
}

/**
 * Hooks before, the backup, hooks after. It never rejects. When `signal` fires the state says `failed`; what that means
 * is for the caller to say.
 *
 * Hooks after run whatever happened before them, for they may have to start again what those before have stopped.
 */
export async function runBackup(job: BackupJob): Promise<BackupEnd> {
  const { plan, record, signal } = job
  const track = trackProgress()
  let stored: Stored | null = null
  let error: WireError | null = null
  try {
    signal.throwIfAborted()
    if (plan.hooks.before.length > 0) record.progress(track.enter('hooks'))
    for (const hook of plan.hooks.before) await before(hook, job)
    record.progress(track.enter('prepare'))
    stored = await store(job, track)
  } catch (failure) {
    error = toWireError(failure)
    if (!signal.aborted) record.log('error', `${error.message}${error.hint ? ` ${error.hint}` : ''}`)
  }
  const state = stored === null ? 'failed' : stored.result.unreadable > 0 ? 'partial' : 'succeeded'
  const facts = {
    HOLDFAST_STATE: stored === null && reasonCode(signal) === 'cancelled' ? 'cancelled' : state,
    HOLDFAST_SNAPSHOT: stored?.result.snapshot?.id ?? '',
    HOLDFAST_ERROR: error?.message ?? '',
  }
  const failed = stored === null && facts.HOLDFAST_STATE === 'failed'
  const following = [...plan.hooks.after, ...(failed ? plan.hooks.onFailure : [])]
  if (following.length > 0) record.progress(track.enter('hooks'))
  // A cancel stops what is at work: a hook that follows it is none of that, but for those it finds at work.
  const until = signal.aborted ? job.hooksSignal : AbortSignal.any([signal, job.hooksSignal])
  for (const hook of following) await after(hook, job, until, facts)
  return {
    state,
    error,
    counts: stored && countsOf(stored.result),
    snapshot: stored?.result.snapshot ?? null,
    repo: stored?.repo ?? null,
  }
}

/** Why it is to end, if it is. */
export const reasonCode = (signal: AbortSignal): string | null =>
  !signal.aborted ? null : signal.reason instanceof AppError ? signal.reason.code : 'internal'

async function before(hook: Hook, job: BackupJob): Promise<void> {
  const problem = await run(hook, job, job.signal, {})
  if (problem === null) return
  throw new AppError('hook_failed', `The command before the backup ${problem}, so nothing was backed up.`, {
    hint: `Its output is in the log of the run; the command is: ${hook.command}`,
  })
}

async function after(hook: Hook, job: BackupJob, until: AbortSignal, facts: HookFacts): Promise<void> {
  const { record } = job
  const problem = await run(hook, job, until, facts).catch((error: unknown) =>
    until.aborted ? 'was stopped, as the run was cancelled' : `failed: ${toWireError(error).message}`,
  )
  if (problem === null) return
  record.countWarning()
  record.log('warning', `The command after the backup ${problem}: ${hook.command}`)
}

type HookFacts = Readonly<Record<`HOLDFAST_${string}`, string>>

async function run(
  hook: Hook,
  { plan, destination, record, ports }: BackupJob,
  signal: AbortSignal,
  facts: HookFacts,
): Promise<string | null> {
  const { id, type, dryRun } = record.run()
  record.log('info', `Runs: ${hook.command}`)
  const problem = await runHook(hook, {
    environment: hookEnvironment(ports.environment, {
      HOLDFAST_PLAN: plan.name,
      HOLDFAST_PLAN_ID: plan.id,
      HOLDFAST_DESTINATION: destination.name,
      HOLDFAST_RUN_ID: id,
      HOLDFAST_TYPE: type,
      HOLDFAST_DRY_RUN: dryRun ? '1' : '',
      ...facts,
    }),
    wait: ports.wait,
    signal,
    output: line => record.log('output', line),
  })
  record.log(problem === null ? 'info' : 'warning', `It ${problem ?? 'ended well'}.`)
  return problem
}

/** What comes of a promise that can't be cancelled, unless `signal` fires first. */
export function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', abort))
}

interface Stored {
  result: BackupResult
  repo: Repository
}

async function store(job: BackupJob, track: ReturnType<typeof trackProgress>): Promise<Stored> {
  const { plan, destination, record, ports, signal } = job
  const { type, dryRun } = record.run()
  const sources = sourcesOf(plan, type)
  if (sources.length === 0) {
    throw new AppError('invalid_input', `No source of "${plan.name}" is marked as configuration.`, {
      hint: 'Mark the sources that belong to it, or run another type of backup.',
    })
  }
  const paths = pathsOf(sources)
  const engineRun: EngineRun = {
    signal,
    now: ports.now,
    gate: job.gate,
    report: report => record.progress(track.take(report, ports.now())),
    warn(warning) {
      record.warn(warning)
      if (warning.kind === 'note') record.log('info', `${warning.path} ${warning.message}`.trim())
    },
  }
  const password = await unless(signal, passwordOf(destination, ports.vault)) // a keychain may be asking somebody
  const resources = ports.resources(plan)
  const repo = await openDestination(destination, password, signal, resources)
  try {
    record.log('info', `Opened repository ${shortId(repo.id)} at ${destination.location.path}.`)
    learn(destination, repo, ports)
    if (type !== 'full')
      await refuseVanishedMounts(repo, plan.id, destination.id, paths, ports.catalogue, signal)
    const result = await whenUnlocked(job, track, () =>
      backup(
        repo,
        {
          paths,
          rules: rulesOf(sources, ports.leaveOut),
          tags: tagsOf(plan, type),
          hostname: ports.hostname,
          username: ports.username,
          full: type === 'full',
          parent: null,
          compression: plan.compression,
          dryRun,
          skipIfUnchanged: false,
          lock: true,
          scan: true,
          lowPriority: plan.conditions.lowPriority,
          ...resources,
        },
        engineRun,
      ),
    )
    for (const line of summary(result, dryRun)) record.log('info', line)
    return { result, repo }
  } catch (error) {
    await repo.close()
    throw error
  }
}

/** What is locked by another machine is tried again, less and less often, up to a bound. */
async function whenUnlocked<T>(
  { record, ports, signal, gate, wait, goOn }: BackupJob,
  track: ReturnType<typeof trackProgress>,
  act: () => Promise<T>,
): Promise<T> {
  let waitedMs = 0
  for (let nth = 0; ; nth++) {
    try {
      return await act()
    } catch (error) {
      const locked = error instanceof AppError && error.code === 'repository_locked'
      if (!locked || signal.aborted || waitedMs >= mostLockWaitMs) throw error
      if (nth === 0) record.log('info', `${error.message} ${error.hint ?? ''}`.trim())
      track.interrupt()
      await gate() // held meanwhile, it has to be let go first
      signal.throwIfAborted()
      wait(error.message)
      const pauseMs = growingPauseMs(nth, lockPauseMs.least, lockPauseMs.most, ports.random)
      waitedMs += pauseMs
      await ports.wait(pauseMs, signal)
      signal.throwIfAborted()
      goOn()
    }
  }
}

/** The ID of a repository that is opened for the first time is kept: another one is never written to. */
function learn(
  { id, repositoryId }: StoredDestination,
  repo: Repository,
  { catalogue, destinationChanged, trouble }: RunsPorts,
): void {
  if (repositoryId !== null) return
  try {
    const stored = catalogue.destinations.get(id) // it may have been renamed meanwhile
    if (stored === null) return
    const known = { ...stored, repositoryId: repo.id, revision: catalogue.nextRevision() }
    catalogue.destinations.update(known, null)
    destinationChanged(known)
  } catch (error) {
    trouble(error) // no reason to go without a backup; the next run learns it
  }
}

const countsOf = (result: BackupResult): RunCounts => ({
  filesNew: result.filesNew,
  filesChanged: result.filesChanged,
  filesUnmodified: result.filesUnmodified,
  filesTotal: result.totalFilesProcessed,
  bytesScanned: result.totalBytesProcessed,
  bytesNew: result.dataAdded,
  bytesStored: result.dataAddedPacked,
})

function summary(result: BackupResult, dryRun: boolean): string[] {
  const { parent, snapshot, totalFilesProcessed, totalBytesProcessed, dataAdded, dataAddedPacked } = result
  return [
    parent === null
      ? 'No earlier snapshot: all files were read.'
      : `Compared with snapshot ${shortId(parent)}.`,
    `${plural(totalFilesProcessed, 'file')} (${count(result.filesNew)} new, ${count(result.filesChanged)} changed), ${bytes(totalBytesProcessed)} in ${duration(result.durationMs)}.`,
    `${dryRun ? 'Would store' : 'Stored'} ${bytes(dataAdded)} that the repository did not have, ${bytes(dataAddedPacked)} there.`,
    ...(result.unreadable > 0 ? [`${plural(result.unreadable, 'item')} could not be read.`] : []),
    snapshot === null ? 'A dry run: nothing was written.' : `Snapshot ${shortId(snapshot.id)} saved.`,
  ]
}
