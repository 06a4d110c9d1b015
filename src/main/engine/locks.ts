import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../shared/errors.ts'
import { relative } from '../../shared/wording.ts'
import { idOf, shortId, type Id } from './format/id.ts'
import { decodeLock, encodeLock, type LockFile } from './format/lock.ts'
import { formatTime, parseTime } from './format/time.ts'
import { wrapUnpacked } from './format/unpacked.ts'
import type { Repository } from './repository.ts'
import type { Run } from './run.ts'
import { isRunning } from './running.ts'

/** restic's figures, milliseconds; a parameter so that tests need not wait. */
export const lockTimes = {
  /** Between writing a lock and looking again for one written meanwhile. */
  settleMs: 200,
  refreshMs: 5 * 60_000,
  /** How often it is asked whether a refresh is due: soon after a sleep, during which no timer runs. */
  watchMs: 60_000,
  staleMs: 30 * 60_000,
  /** Without a refresh for this long, others may soon take the lock for dead: stop, or prove that it still stands. */
  lostMs: 22.5 * 60_000,
  /** How long an unreadable lock, perhaps still being written, is waited for. */
  unreadableMs: [500, 2_000],
}

type FoundLock = LockFile & { id: Id }

/**
 * Takes restic's lock, refreshes it every 5 minutes and releases it when `work` settles.
 * `work` gets a run whose signal also fires, with `lock_lost`, when the lock could not be kept; what it then returns
 * does not count.
 *
 * Locks left by processes of this host that are provably dead are cleared on the way; any other one is respected,
 * however old: only `unlock` removes those.
 * @param meanwhile what only reads, and is done while the lock settles; `work` begins after it. Whoever would disturb
 * it either saw our lock and gave way, or is seen by us, and then nothing of what was read is used. It gets the same run
 * as `work`; what it leaves running is stopped by that run's signal, too, when the lock can't be had.
 * @throws repository_locked a conflicting lock; lock_lost
 */
export async function withLock<T>(
  repo: Repository,
  kind: 'shared' | 'exclusive' | 'none',
  run: Run,
  work: (run: Run) => Promise<T>,
  times = lockTimes,
  meanwhile: (run: Run) => Promise<void> = () => Promise.resolve(),
): Promise<T> {
  if (kind === 'none') {
    await meanwhile(run)
    return work(run)
  }
  const lost = new AbortController()
  const locked = { ...run, signal: AbortSignal.any([run.signal, lost.signal]) }
  const read = () => meanwhile(locked)
  const lock = await acquire(repo, kind === 'exclusive', run, times, read).catch((error: unknown) => {
    lost.abort(error)
    throw error
  })
  const keeper = keepFresh(repo, lock, times, lost)
  let result: T
  try {
    result = await work(locked)
    await keeper.stop()
    lost.signal.throwIfAborted() // others may have worked as if we were not there
  } catch (error) {
    await keeper.stop()
    await releaseAfterFailure(repo, lock, run)
    throw lost.signal.aborted ? lost.signal.reason : error
  }
  await lock.release()
  return result
}

/** Looks, writes, waits, looks again: of two who do so at once, at least one sees the other. */
async function acquire(
  repo: Repository,
  exclusive: boolean,
  run: Run,
  times: typeof lockTimes,
  meanwhile: () => Promise<void>,
): Promise<OwnLock> {
  await refuseConflicts(repo, exclusive, () => false, run, times)
  if (!process.listeners('SIGHUP').includes(surviveProbe)) process.on('SIGHUP', surviveProbe)
  const lock = ownLock(repo, exclusive, run, times)
  try {
    await lock.write(run.signal)
    const reading = meanwhile()
    reading.catch(() => undefined) // a conflict explains more than what it did to the reading
    await pause(times.settleMs, run.signal)
    await refuseConflicts(repo, exclusive, lock.owns, run, times)
    await reading
    return lock
  } catch (error) {
    await releaseAfterFailure(repo, lock, run)
    throw error
  }
}

/**
 * restic asks whether the owner of a lock still lives by sending it a SIGHUP, which ends a process that does not
 * listen. It stays for good: the question may come a moment after the lock has gone.
 * @see restic internal/restic/lock_unix.go, `processExists`
 */
function surviveProbe(): void {}

type OwnLock = ReturnType<typeof ownLock>

/** The lock files of one holder: one, and two for the moment in which it is renewed. */
function ownLock(repo: Repository, exclusive: boolean, run: Run, times: typeof lockTimes) {
  /** All that may exist: a write whose reply was lost may well have taken effect. */
  const files = new Set<Id>()
  let held: { id: Id; time: number } | null = null

  const elapsed = () => run.now() - (held?.time ?? 0)

  async function put(signal: AbortSignal): Promise<{ id: Id; time: number }> {
    const time = run.now()
    const json = encodeLock(describe(exclusive, time))
    const bytes = repo.sealer.seal(wrapUnpacked(json, repo.version))
    const id = idOf(bytes)
    files.add(id)
    await repo.backend.write({ kind: 'lock', name: id }, bytes, signal)
    return { id, time }
  }

  async function remove(id: Id, signal: AbortSignal): Promise<void> {
    await repo.removeFile('lock', id, signal)
    files.delete(id)
  }

  async function requireHeld(signal: AbortSignal): Promise<void> {
    if (held && (await repo.backend.stat({ kind: 'lock', name: held.id }, signal))) return
    throw lockLost(repo)
  }

  return {
    owns: (id: Id): boolean => files.has(id),
    isDue: (): boolean => elapsed() >= times.refreshMs || elapsed() < 0, // < 0: the clock was set back
    isOverdue: (): boolean => elapsed() > times.lostMs,
    requireHeld,

    async write(signal: AbortSignal): Promise<void> {
      held = await put(signal)
    },

    /** The new file before the old one goes: there is no moment without a lock. @throws lock_lost it is gone */
    async refresh(signal: AbortSignal): Promise<void> {
      const overdue = elapsed() > times.lostMs
      await requireHeld(signal)
      const renewed = await put(signal)
      if (overdue) {
        // After a long sleep somebody may be clearing the old file just now, and work on without seeing the new one.
        await pause(times.settleMs, signal)
        await requireHeld(signal)
      }
      held = renewed
      for (const id of files) if (id !== renewed.id) await remove(id, signal)
    },

    async release(): Promise<void> {
      const { signal } = new AbortController() // whatever has been cancelled, the lock must go
      const results = await Promise.allSettled([...files].map(id => remove(id, signal)))
      const failed = results.find(({ status }) => status === 'rejected')
      if (failed?.status !== 'rejected') return
      const error: unknown = failed.reason
      throw new AppError(
        error instanceof AppError ? error.code : 'internal',
        `The work is done, but its lock on the repository at ${repo.backend.location} could not be removed.`,
        { hint: 'Run `holdfast unlock` when this process has ended.', cause: error },
      )
    },
  }
}

/** The first failure is the one to tell; that a lock was left behind is said beside it. */
async function releaseAfterFailure(repo: Repository, lock: OwnLock, run: Run): Promise<void> {
  await lock.release().catch(() =>
    run.warn({
      kind: 'note',
      path: repo.backend.location,
      message: 'The lock could not be removed; `holdfast unlock` does it when this process has ended.',
    }),
  )
}

/** Refreshes the lock whenever that is due. `lost` fires when it can't be proven any more that the lock stands. */
function keepFresh(
  repo: Repository,
  lock: OwnLock,
  times: typeof lockTimes,
  lost: AbortController,
): { stop: () => Promise<void> } {
  const stopping = new AbortController()
  let refreshing: Promise<void> | null = null

  async function attempt(act: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await act(signal)
    } catch (error) {
      if (error instanceof AppError && error.code === 'lock_lost') lost.abort(error)
      // Other failures may pass; the next turn tries again until the lock is too old to be trusted.
      else if (lock.isOverdue()) lost.abort(lockLost(repo, error))
    }
  }

  const timer = setInterval(() => {
    if (refreshing) {
      if (lock.isOverdue()) lost.abort(lockLost(repo)) // it hangs
    } else if (lock.isDue() && !lost.signal.aborted) {
      refreshing = attempt(lock.refresh, stopping.signal).finally(() => (refreshing = null))
    }
  }, times.watchMs)
  timer.unref()

  return {
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await refreshing
      if (lock.isOverdue()) await attempt(lock.requireHeld, new AbortController().signal)
    },
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })

const describe = (exclusive: boolean, nowMs: number): LockFile => ({
  time: formatTime(BigInt(nowMs) * 1_000_000n),
  exclusive,
  hostname: hostname(),
  username: username(),
  pid: process.pid,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
})

/** A user ID that has no name (in many containers) makes Node throw. */
function username(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}

async function refuseConflicts(
  repo: Repository,
  exclusive: boolean,
  isOwn: (id: Id) => boolean,
  run: Run,
  times: typeof lockTimes,
): Promise<void> {
  for (const lock of await readLocks(repo, isOwn, run, times)) {
    const conflicts = exclusive || lock.exclusive
    if (ownerIsDead(lock)) await clearDead(repo, lock, conflicts, run)
    else if (conflicts) throw locked(repo, lock, run, times)
  }
}

/** Also where it is not in our way: it would be in that of restic, which clears none by itself. */
async function clearDead(repo: Repository, lock: FoundLock, conflicts: boolean, run: Run): Promise<void> {
  const note = (outcome: string) =>
    run.warn({
      kind: 'note',
      path: repo.backend.location,
      message: `A lock left by a process that no longer runs (${owner(lock)}) ${outcome}.`,
    })
  try {
    await repo.removeFile('lock', lock.id, run.signal)
  } catch (error) {
    run.signal.throwIfAborted()
    if (conflicts) throw error
    return note('could not be removed')
  }
  note('was removed')
}

/** All locks but our own. Empty files are locks whose writer failed; restic ignores them too. */
async function readLocks(
  repo: Repository,
  isOwn: (id: Id) => boolean,
  run: Run,
  times: typeof lockTimes,
): Promise<FoundLock[]> {
  for (let attempt = 0; ; attempt++) {
    const locks: FoundLock[] = []
    let unreadable: { id: Id; error: AppError } | null = null
    for await (const file of repo.backend.list('lock', run.signal)) {
      if (isOwn(file.name) || file.sizeBytes === 0) continue
      try {
        locks.push({ id: file.name, ...decodeLock(await repo.loadUnpacked('lock', file.name, run.signal)) })
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        if (error.code === 'not_found') continue // released meanwhile
        if (error.code !== 'data_corrupt') throw error
        unreadable = { id: file.name, error }
      }
    }
    if (!unreadable) return locks
    const waitMs = times.unreadableMs[attempt]
    if (waitMs === undefined) {
      throw new AppError(
        'repository_locked',
        `The repository at ${repo.backend.location} has a lock that can't be read (${shortId(unreadable.id)}).`,
        {
          hint: 'If nobody else is using the repository, run `holdfast unlock --remove-all`.',
          cause: unreadable.error,
        },
      )
    }
    await pause(waitMs, run.signal)
  }
}

const ownerIsDead = (lock: LockFile): boolean =>
  lock.hostname === hostname() && lock.pid > 0 && !isRunning(lock.pid)

const owner = (lock: LockFile): string => `process ${lock.pid} of ${lock.username} on ${lock.hostname}`

const timeMs = (lock: LockFile): number => Number(parseTime(lock.time) / 1_000_000n)
const isStale = (lock: LockFile, run: Run, times: typeof lockTimes): boolean =>
  run.now() - timeMs(lock) > times.staleMs

function locked(repo: Repository, lock: FoundLock, run: Run, times: typeof lockTimes): AppError {
  return new AppError(
    'repository_locked',
    `The repository at ${repo.backend.location} is ${lock.exclusive ? 'exclusively ' : ''}locked by ${owner(lock)} ` +
      `(lock ${shortId(lock.id)}, renewed ${relative(timeMs(lock), run.now())}).`,
    {
      hint: isStale(lock, run, times)
        ? 'That lock is stale: make sure nothing runs there any more, then run `holdfast unlock`.'
        : 'Wait until that operation has ended, then try again.',
    },
  )
}

function lockLost(repo: Repository, cause?: unknown): AppError {
  return new AppError(
    'lock_lost',
    `The lock on the repository at ${repo.backend.location} could not be kept, so the work was stopped.`,
    { hint: 'Run the command again: what was stored will be reused.', cause },
  )
}

/**
 * Removes stale locks (older than 30 minutes, or of a dead process of this host); `all` removes every one, empty and
 * unreadable ones too.
 */
export async function unlock(
  repo: Repository,
  options: { all?: boolean },
  run: Run,
): Promise<{ removed: Id[]; kept: FoundLock[] }> {
  const removed: Id[] = []
  const kept: FoundLock[] = []
  for await (const { name: id, sizeBytes } of repo.backend.list('lock', run.signal)) {
    if (sizeBytes === 0 && options.all !== true) continue // locks nothing, and may be in the making
    let lock: LockFile | null = null
    try {
      lock = options.all === true ? null : decodeLock(await repo.loadUnpacked('lock', id, run.signal))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'not_found') continue
      if (error.code !== 'data_corrupt') throw error
      run.warn({
        kind: 'note',
        path: repo.backend.location,
        message: `Lock ${shortId(id)} can't be read and was left; --remove-all removes it.`,
      })
      continue
    }
    if (lock && !ownerIsDead(lock) && !isStale(lock, run, lockTimes)) kept.push({ id, ...lock })
    else {
      await repo.removeFile('lock', id, run.signal)
      removed.push(id)
    }
  }
  return { removed, kept }
}
