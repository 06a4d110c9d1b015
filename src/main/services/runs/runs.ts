import { randomUUID } from 'node:crypto'
import type { BackupType } from '../../../shared/entities/plan.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { AppError, toWireError } from '../../../shared/errors.ts'
import type { StoredPlan } from '../catalogue/catalogue.ts'
import { commandLine } from './command-line.ts'
import { prepare, type Execution } from './execution.ts'
import { passwordOf } from './open-destination.ts'
import type { RunsPorts } from './ports.ts'
import { inLine, latestStartMs, whyNot } from './queue.ts'
import { createRecord, type RunRecord } from './record.ts'
import { finishesInterrupted, longestPauseMs, retryAfterMs } from './retry.ts'
import { indexNewSnapshot } from './snapshot-index.ts'
import { hasBegun, requireState, step } from './states.ts'

export interface RunRequest {
  planId: string
  type: BackupType
  dryRun: boolean
  trigger: Run['trigger']
  scheduleId: string | null
  /** The slot it answers to. */
  dueAtMs: number | null
  /** Who asked: "schedule", "desktop", "cli root", "http". */
  askedBy: string
  /** The run that this one tries again or finishes. */
  followsRunId?: string
  /** 1 when absent. */
  attempt?: number
  /** It waits until then. */
  notBeforeMs?: number
}

/** @param followUp the run that tries it again or finishes it, if there is one: until that has ended, all is not lost */
export type RunListener = (run: Run, followUp: Run | null) => void

/** The runs of plans: one for each repository at a time, the others in a queue. */
export interface Runs {
  /** The run is recorded before it is returned, `queued`. @throws not_found no such plan; disk_full; conflict when ending */
  request(request: RunRequest): Run
  /**
   * What has not begun ends at once. What works is told to stop and ends a little later; told again, its hooks are
   * stopped too. @throws not_found; conflict it has ended
   */
  cancel(id: string): Run
  /** Between two steps of its work it stands still, and its lock is kept. @throws not_found; conflict it is not working */
  pause(id: string): Run
  /** @throws not_found; conflict */
  resume(id: string): Run
  /** A run that never ran. @param why in words; it stands in `waitingFor` and in the log */
  record(request: RunRequest, end: 'missed' | 'skipped', why: string): Run
  /**
   * Once, at start: takes up what an earlier process left open. What had not begun is queued again; what had begun is
   * marked interrupted and finished by a new run, unless that has ended the process several times in a row.
   * @returns those that will run
   */
  recover(): Run[]
  /** Those that have not ended, the oldest first. */
  active(): Run[]
  onEnd(listener: RunListener): () => void
  /** Settles when nothing is at work and nothing is about to begin: what is left waits for something. */
  idle(): Promise<void>
  /**
   * Begins nothing any more. `finish` lets what works come to its end, but not what is held or waits for a lock;
   * `cancel` cuts everything off; told again, it does not wait for hooks either.
   * What was cut off ends `interrupted` and is finished after the next start; what waits is kept for then.
   */
  stop(how: 'finish' | 'cancel'): Promise<void>
}

/** A run that has not ended. */
interface OpenRun {
  readonly record: RunRecord
  readonly nth: number
  notBeforeMs: number
  /** What came in its way when it was about to begin, in words; asked again at `untilMs` or when conditions change. */
  obstacle: { words: string; untilMs: number } | null
  /** It has the repository for itself. */
  beginning: boolean
  execution: Execution | null
}

/** Farther ahead than anything is put off: the clock was set back since. */
const isBeyond = (ms: number, nowMs: number): boolean => ms - nowMs > 2 * longestPauseMs

/** How often it is asked again whether the vault is open and the history can be written. */
const askAgainMs = 30_000

export function createRuns(ports: RunsPorts): Runs {
  const { catalogue, now } = ports
  /** Fires when the application ends, after the last run. */
  const lifetime = new AbortController()
  /** Ends what merely follows runs: the search index. It is made up for later. */
  const indexing = new AbortController()
  const open = new Map<string, OpenRun>()
  const listeners = new Set<RunListener>()
  const background = new Set<Promise<void>>()
  let arrivals = 0
  let stopping = false
  let awake = false
  let alarm = new AbortController()
  let whenIdle: (() => void)[] = []

  const forgetConditions = ports.onConditionsChange(() => {
    for (const entry of open.values()) entry.obstacle = null
    wake()
  })

  function born(request: RunRequest, plan: StoredPlan): Run {
    const destinationId = plan.destinationIds[0] ?? null
    const destination = destinationId === null ? null : catalogue.destinations.get(destinationId)
    return {
      id: randomUUID(),
      revision: catalogue.nextRevision(),
      planId: plan.id,
      planName: plan.name,
      destinationId,
      kind: 'backup',
      type: request.type,
      dryRun: request.dryRun,
      trigger: request.trigger,
      scheduleId: request.scheduleId,
      dueAtMs: request.dueAtMs,
      state: 'queued',
      waitingFor: null,
      createdAtMs: now(),
      startedAtMs: null,
      endedAtMs: null,
      progress: null,
      counts: null,
      warnings: 0,
      error: null,
      snapshotId: null,
      followsRunId: request.followsRunId ?? null,
      attempt: request.attempt ?? 1,
      askedBy: request.askedBy,
      command: commandLine(plan, destination, request),
    }
  }

  function requirePlan(id: string): StoredPlan {
    const plan = catalogue.plans.get(id)
    if (plan) return plan
    throw new AppError('not_found', 'That plan is not there (any more).', { hint: 'List the plans again.' })
  }

  function keep(run: Run, notBeforeMs = 0): void {
    const record = createRecord(run, ports, lifetime.signal)
    open.set(run.id, {
      record,
      nth: arrivals++,
      notBeforeMs,
      obstacle: null,
      beginning: false,
      execution: null,
    })
  }

  function request(request: RunRequest): Run {
    const run = born(request, requirePlan(request.planId))
    catalogue.runs.save(run)
    ports.publish({ name: 'run.changed', value: run })
    keep(run, request.notBeforeMs)
    wake()
    return run
  }

  const isPast = (ms: number): boolean => ms <= now() || isBeyond(ms, now())

  /** Looks at the queue soon: once, however often it is asked meanwhile. */
  function wake(): void {
    if (awake || lifetime.signal.aborted) return
    awake = true
    queueMicrotask(() => {
      awake = false
      try {
        if (!stopping) lookAtQueue()
      } catch (error) {
        ports.trouble(error)
        lookAgainIn(askAgainMs)
      }
      noteIdle()
    })
  }

  function lookAtQueue(): void {
    for (const entry of open.values()) {
      if (entry.obstacle !== null && isPast(entry.obstacle.untilMs)) entry.obstacle = null
      if (isPast(entry.notBeforeMs)) entry.notBeforeMs = 0
    }
    const waiting = [...open.values()]
      .filter(({ beginning }) => !beginning)
      .map(entry => ({ entry, run: entry.record.run(), nth: entry.nth, notBeforeMs: entry.notBeforeMs }))
      .sort(inLine)
    for (const place of waiting) {
      const { entry, run } = place
      const plan = run.planId === null ? null : catalogue.plans.get(run.planId)
      if (plan === null) {
        entry.record.log('info', 'Its plan was removed before it began.')
        finish(entry, step(run, 'cancelled', now()))
        continue
      }
      if (now() > latestStartMs(run, plan.conditions.catchUpMinutes)) {
        const why = run.waitingFor ?? 'It could not begin in time.'
        entry.record.log('warning', `It waited too long, and is missed. ${why}`)
        finish(entry, step(run, 'missed', now(), { waitingFor: why }))
        continue
      }
      const unmet = entry.obstacle?.words ?? ports.unmet(plan, run.trigger)
      const why = whyNot(place, { busyWith: busyWith(run), unmet }, now())
      if (why === null) void begin(entry, plan)
      else if (run.waitingFor !== why) {
        entry.record.change(step(run, 'waiting', now(), { waitingFor: why }))
      }
    }
    setAlarm()
  }

  function busyWith({ destinationId }: Run): Run | null {
    for (const { beginning, record } of open.values()) {
      if (beginning && record.run().destinationId === destinationId) return record.run()
    }
    return null
  }

  /** At the next moment at which the queue looks different by itself. */
  function setAlarm(): void {
    const moments = [...open.values()].flatMap(({ beginning, record, notBeforeMs, obstacle }) => {
      if (beginning) return []
      const run = record.run()
      const plan = run.planId === null ? null : catalogue.plans.get(run.planId)
      const latest = plan === null ? Infinity : latestStartMs(run, plan.conditions.catchUpMinutes) + 1
      return [notBeforeMs, obstacle?.untilMs ?? 0, latest].filter(ms => ms > now() && ms < Infinity)
    })
    // Not too far ahead: the clock may be set, or the computer sleep.
    if (moments.length > 0) lookAgainIn(Math.min(askAgainMs, Math.min(...moments) - now()))
    else alarm.abort()
  }

  function lookAgainIn(ms: number): void {
    alarm.abort()
    alarm = new AbortController()
    const { signal } = alarm
    void ports.wait(ms, signal).then(() => {
      if (!signal.aborted) wake()
    })
  }

  async function begin(entry: OpenRun, plan: StoredPlan): Promise<void> {
    const { record } = entry
    const { id, trigger, destinationId } = record.run()
    entry.beginning = true
    try {
      const destination = destinationId === null ? null : catalogue.destinations.get(destinationId)
      // What nobody watches waits until somebody opens the vault; whoever watches hears at once that it is locked.
      if (destination !== null && trigger !== 'manual') {
        const locked = await passwordOf(destination, ports.vault).then(
          () => null,
          (error: unknown) => (error instanceof AppError && error.code === 'vault_locked' ? error : null),
        )
        if (!open.has(id)) return // cancelled meanwhile
        if (locked) return giveWay(entry, `${locked.message} ${locked.hint ?? ''}`.trim())
        if (stopping) return giveWay(entry, 'Holdfast is being ended.')
      }
      const run = record.run()
      // Before anybody hears that it runs: they may cancel it at once.
      entry.execution = destination && prepare(plan, destination, record, ports)
      try {
        const command = commandLine(plan, destination, run)
        record.changeSurely({ ...step(run, 'running', now()), planName: plan.name, command })
      } catch (error) {
        // What can't be recorded is not begun: after a crash nobody would know of it.
        entry.execution = null
        ports.trouble(error)
        return giveWay(entry, error instanceof AppError ? error.message : 'The history can not be written.')
      }
      if (destination === null || entry.execution === null) {
        const message = 'The destination of this plan is not there any more.'
        finish(entry, step(record.run(), 'failed', now(), { error: { code: 'not_found', message } }))
        return
      }
      const { snapshot, repo } = await entry.execution.carryOut()
      finish(entry, null)
      if (repo) inBackground(indexNewSnapshot(repo, destination.id, snapshot, ports, indexing.signal))
    } catch (error) {
      ports.trouble(error)
      const run = record.run()
      const end = { state: 'failed', endedAtMs: now(), waitingFor: null, progress: null } as const
      if (open.has(id)) finish(entry, { ...run, ...end, error: toWireError(error) })
    }
  }

  function giveWay(entry: OpenRun, words: string): void {
    entry.beginning = false
    entry.obstacle = { words, untilMs: now() + askAgainMs }
    wake()
  }

  /** @param end the state to end with; null when its record says so already */
  function finish({ record }: OpenRun, end: Run | null): void {
    if (end) record.change(end)
    const run = record.run()
    open.delete(run.id)
    record.flush()
    tellEnd(run, followUp(run))
    wake()
  }

  /** What is tried again, and what has to be finished after the next start. */
  function followUp(run: Run): Run | null {
    try {
      if (run.planId === null) return null
      const plan = catalogue.plans.get(run.planId)
      if (plan === null) return null
      const same = { ...run, planId: run.planId, followsRunId: run.id }
      if (run.state === 'interrupted') {
        if (!finishesInterrupted(run, catalogue.runs.get)) return null
        return request({ ...same, trigger: 'recovery' })
      }
      const pauseMs = retryAfterMs(run, plan.retries, ports.random)
      if (pauseMs === null) return null
      return request({
        ...same,
        trigger: 'retry',
        attempt: run.attempt + 1,
        notBeforeMs: now() + pauseMs,
      })
    } catch (error) {
      ports.trouble(error)
      return null
    }
  }

  function tellEnd(run: Run, next: Run | null): void {
    for (const listener of listeners) {
      try {
        listener(run, next)
      } catch (error) {
        ports.trouble(error)
      }
    }
  }

  function inBackground(work: Promise<void>): void {
    const watched = work.catch(ports.trouble).finally(() => {
      background.delete(watched)
      noteIdle()
    })
    background.add(watched)
  }

  function noteIdle(): void {
    if (awake || background.size > 0 || [...open.values()].some(({ beginning }) => beginning)) return
    const told = whenIdle
    whenIdle = []
    for (const tell of told) tell()
  }

  const idle = () =>
    new Promise<void>(resolve => {
      whenIdle.push(resolve)
      noteIdle()
    })

  function find(id: string, wish: 'cancel' | 'pause' | 'resume'): OpenRun {
    const entry = open.get(id)
    if (entry) {
      requireState(entry.record.run(), wish)
      return entry
    }
    const ended = catalogue.runs.get(id)
    if (ended) requireState({ ...ended, state: hasEnded(ended.state) ? ended.state : 'interrupted' }, wish)
    throw new AppError('not_found', 'There is no such run.', { hint: 'List the runs again.' })
  }

  /** What had not begun, and is as it was asked for. */
  function takeUp(run: Run): Run {
    keep(run)
    return run
  }

  function markLeft(run: Run): Run | null {
    const record = createRecord(run, ports, lifetime.signal)
    const wanted = run.state === 'cancelling' // somebody wanted it to end, and it did
    record.log('warning', 'Holdfast ended in the middle of this run.')
    record.change(step(run, wanted ? 'cancelled' : 'interrupted', now()))
    const next = followUp(record.run())
    if (next) record.log('info', 'What it stored is kept; another run finishes it.')
    else if (!wanted && !run.dryRun) {
      record.log('error', 'It is not begun again by itself, for it was cut off several times in a row.')
    }
    record.flush()
    tellEnd(record.run(), next)
    return next
  }

  return {
    request(asked) {
      if (!stopping) return request(asked)
      throw new AppError('conflict', 'Holdfast is being ended; no run is begun any more.', {
        hint: 'Start it again first.',
      })
    },

    cancel(id) {
      const entry = find(id, 'cancel')
      const run = entry.record.run()
      if (entry.execution) entry.execution.cancel()
      else {
        entry.record.log('info', 'It was cancelled before it began.')
        finish(entry, step(run, 'cancelled', now()))
      }
      return entry.record.run()
    },

    pause(id) {
      const { execution, record } = find(id, 'pause')
      execution?.pause()
      return record.run()
    },

    resume(id) {
      const { execution, record } = find(id, 'resume')
      execution?.resume()
      return record.run()
    },

    record(asked, end, why) {
      const run: Run = {
        ...born(asked, requirePlan(asked.planId)),
        state: end,
        waitingFor: why,
        endedAtMs: now(),
      }
      catalogue.runs.save(run)
      ports.publish({ name: 'run.changed', value: run })
      const record = createRecord(run, ports, lifetime.signal)
      record.log('warning', why)
      record.flush()
      tellEnd(run, null)
      return run
    },

    recover() {
      const left = catalogue.runs.open().filter(({ id, kind }) => kind === 'backup' && !open.has(id))
      const taken = left.flatMap(run => (hasBegun(run) ? (markLeft(run) ?? []) : takeUp(run)))
      wake()
      return taken
    },

    active: () =>
      [...open.values()].map(({ record }) => record.run()).filter(({ state }) => !hasEnded(state)),

    onEnd(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    idle,

    async stop(how) {
      stopping = true
      forgetConditions()
      alarm.abort()
      if (how === 'cancel') indexing.abort()
      for (const { execution, record } of open.values()) {
        // what is held, or waits for another machine, would hold up the end
        if (how === 'cancel' || record.run().state !== 'running') execution?.cutOff()
      }
      await idle()
      for (const { record } of open.values()) record.flush()
      lifetime.abort()
    },
  }
}
