import type { Plan, Schedule } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'
import type { StoredPlan, StoredSchedule } from '../catalogue/catalogue.ts'
import type { Scheduler, SchedulerPorts } from './ports.ts'
import { newSchedule, reconcile, strikesAllowed, type Circumstances, type Decision } from './reconcile.ts'
import { wordsFor } from './when.ts'
import { dayMs, minuteMs } from './zone.ts'

/**
 * Starts runs when they are due. It holds the only timer; what is due is worked out from the wall clock at every tick
 * (reconcile.ts), so a tick that comes late, twice or not at all does no harm.
 *
 * Order of effects: the records of what was missed, oldest first; then the run; then where the schedule stands. The
 * process may end between any two of them. What was recorded carries its slot (`dueAtMs`) and its schedule, and at the
 * start of a process that is looked up, so no slot is answered twice; and none is lost, because where the schedule
 * stands is saved last.
 */

/** How often it looks at the wall clock, which sleep and people change, and asks again for what a run waits for. */
export const watchMs = 30_000
/** Records at the start of a process that may not be in the saved state yet: one tick of one schedule writes fewer. */
const recentRuns = 100

type Pause = Plan['pausedUntilMs']

/** One schedule of one plan. */
interface Line {
  plan: StoredPlan
  schedule: Schedule
  state: StoredSchedule
  saved: StoredSchedule | null
  pause: Pause
  wentOnUntilMs: number | null
  waiting: { dueAtMs: number; because: string } | null
  checking: Promise<void> | null
  /** In between the clock can't find anything to do, while the machine stays in that zone. */
  quiet: { fromMs: number; toMs: number; zone: string } | null
  shown: string
  failure: string
}

const keyOf = (planId: string, scheduleId: string): string => `${planId} ${scheduleId}`
const same = (a: object | null, b: object): boolean => JSON.stringify(a) === JSON.stringify(b)

export function createScheduler(ports: SchedulerPorts): Scheduler {
  const { now, machineZone, timers, catalogue, conditions } = ports
  const lines = new Map<string, Line>()
  let globalPause: Pause = null
  let plans: StoredPlan[] = []
  let armed: { atMs: number; cancel: () => void } | null = null
  let ends: (() => void)[] = []
  let running = false
  let lastTickMs = -Infinity
  const endedPauses = new Set<string>()

  const isActive = (pause: Pause): boolean => pause === 'forever' || (pause !== null && pause > now())
  const longer = (a: Pause, b: Pause): Pause =>
    a === 'forever' || b === 'forever' ? 'forever' : a === null ? b : b === null ? a : Math.max(a, b)

  function load(plan: StoredPlan, schedule: Schedule, stored: StoredSchedule | undefined): Line {
    const state = stored ?? newSchedule(plan.id, schedule.id)
    const line: Line = {
      plan,
      schedule,
      state,
      saved: stored ?? null,
      pause: null,
      wentOnUntilMs: null,
      waiting: null,
      checking: null,
      quiet: null,
      shown: '',
      failure: '',
    }
    if (!stored) return line
    // Recorded, but the process ended before the state was saved. One far ahead is from before a clock was set back.
    const answered = catalogue.runs
      .page({ planId: plan.id, limit: recentRuns })
      .runs.filter(run => run.scheduleId === schedule.id)
      .map(run => run.dueAtMs ?? 0)
      .filter(ms => ms <= now() + dayMs)
    line.state = { ...state, handledUntilMs: Math.max(state.handledUntilMs, ...answered) }
    return line
  }

  function reload(): void {
    globalPause = catalogue.settings.get().pausedUntilMs
    plans = catalogue.plans.list()
    const gone = new Set(lines.keys())
    for (const plan of plans) {
      const stored = catalogue.plans.schedules(plan.id)
      const pause = longer(plan.pausedUntilMs, globalPause)
      for (const schedule of plan.schedules) {
        const key = keyOf(plan.id, schedule.id)
        const line =
          lines.get(key) ??
          load(
            plan,
            schedule,
            stored.find(one => one.scheduleId === schedule.id),
          )
        ;[line.plan, line.schedule, line.quiet] = [plan, schedule, null]
        // When somebody resumes, what came until now still fell into the pause.
        if (isActive(pause)) line.pause = pause
        else if (isActive(line.pause)) line.pause = now()
        else line.pause = longer(line.pause, pause)
        lines.set(key, line)
        gone.delete(key)
      }
      for (const { scheduleId } of stored)
        if (!plan.schedules.some(({ id }) => id === scheduleId))
          catalogue.plans.removeSchedule(plan.id, scheduleId)
    }
    for (const key of gone) lines.delete(key)
  }

  const circumstances = (line: Line, heldBecause: string | null): Circumstances => ({
    when: line.schedule.when,
    planZone: line.plan.zone,
    machineZone: machineZone(),
    on: line.schedule.enabled,
    catchUpMs: line.plan.conditions.catchUpMinutes * minuteMs,
    pausedUntilMs: line.pause,
    going: ports.isGoing(line.plan.id, line.schedule.id),
    wentOnUntilMs: line.wentOnUntilMs,
    heldBecause,
    nowMs: now(),
  })

  /** Anything that goes wrong leaves the slot due; it is said once, not at every tick. */
  function guarded(line: Line, act: () => void): void {
    try {
      act()
    } catch (error) {
      const failure = String(error)
      if (failure !== line.failure) ports.report(error)
      line.failure = failure
    }
  }

  function persist(line: Line): void {
    if (same(line.saved, line.state)) return
    catalogue.plans.saveSchedule(line.state)
    line.saved = line.state
  }

  function show(line: Line): void {
    const { nextDueAtMs, consecutiveFailures, disabledBecause } = line.state
    const shown = JSON.stringify([nextDueAtMs, consecutiveFailures, disabledBecause, line.waiting])
    if (shown === line.shown) return
    line.shown = shown
    ports.changed(line.plan.id)
  }

  function carryOut(line: Line, decision: Decision, because: string | null, going: boolean): void {
    const { plan, schedule } = line
    const wasDisabled = line.state.disabledBecause !== null
    line.quiet = null
    guarded(line, () => {
      try {
        for (const slots of decision.unanswered) {
          ports.recordMissed({ ...slots, plan, schedule })
          line.state = { ...line.state, handledUntilMs: slots.lastMs }
        }
        if (decision.start) ports.start({ ...decision.start, plan, schedule })
        line.state = decision.next
        if (!going) {
          line.wentOnUntilMs = null
          if (!isActive(line.pause)) line.pause = null // its slots are recorded
        }
        const dueAtMs = decision.waitingDueAtMs
        line.waiting = dueAtMs === null || because === null ? null : { dueAtMs, because }
      } finally {
        persist(line)
      }
      line.failure = ''
      if (going || line.waiting || line.pause !== null) return
      const { nextDueAtMs, disabledBecause } = line.state
      const never = disabledBecause !== null || !schedule.enabled
      line.quiet = { fromMs: now(), toMs: never ? Infinity : (nextDueAtMs ?? 0), zone: machineZone() }
    })
    if (decision.note !== null && line.state === decision.next) {
      const disabled = line.state.disabledBecause !== null && !wasDisabled
      ports.tell({
        kind: disabled ? 'schedule-disabled' : 'clock-set-back',
        plan,
        schedule,
        message: decision.note,
      })
    }
    show(line)
  }

  /** What is due now. Only a slot that would start asks for the conditions, once at a time. */
  function advance(line: Line): Promise<void> | null {
    if (line.checking) return line.checking
    const { quiet } = line
    if (quiet && now() >= quiet.fromMs && now() < quiet.toMs && machineZone() === quiet.zone) return null
    const around = circumstances(line, null)
    if (around.going) line.wentOnUntilMs = around.nowMs
    else if (line.wentOnUntilMs !== null && line.wentOnUntilMs > around.nowMs)
      line.wentOnUntilMs = around.nowMs
    const current = { ...around, wentOnUntilMs: line.wentOnUntilMs }
    if (!reconcile(line.state, current).start) {
      // What has waited too long is recorded with what it waited for.
      const because = line.waiting?.because ?? null
      carryOut(line, reconcile(line.state, { ...current, heldBecause: because }), because, around.going)
      return null
    }
    line.checking = conditions
      .unmet(line.plan)
      .catch((error: unknown) => {
        ports.report(error) // the run itself will meet with it, and say so in its record
        return null
      })
      .then(because => {
        line.checking = null
        if (!running || lines.get(keyOf(line.plan.id, line.schedule.id)) !== line) return
        const then = circumstances(line, because)
        carryOut(line, reconcile(line.state, then), because, then.going)
      })
    return line.checking
  }

  async function tick(): Promise<void> {
    if (!running) return
    try {
      noticeClock()
      const checks = [...lines.values()].map(line => {
        let checking: Promise<void> | null = null
        guarded(line, () => void (checking = advance(line)))
        return checking
      })
      arm()
      await Promise.all(checks)
      if (!running) return
      finishPauses()
      arm()
    } catch (error) {
      ports.report(error)
    }
  }

  /** A pause of an hour must not become one of a year when the clock is set back: it ends, rather. */
  function noticeClock(): void {
    const wentBack = now() < lastTickMs - dayMs
    lastTickMs = now()
    if (!wentBack) return
    for (const line of lines.values()) if (typeof line.pause === 'number') line.pause = null
    finishPauses(true)
  }

  /** A pause that is over is taken away, so that it does not come back when the clock is set back. */
  function finishPauses(allTimed = false): void {
    const over = (pause: Pause): boolean => typeof pause === 'number' && (allTimed || pause <= now())
    const all = [{ id: null, pausedUntilMs: globalPause }, ...plans]
    for (const { id, pausedUntilMs } of all) {
      const once = `${id} ${pausedUntilMs}`
      if (!over(pausedUntilMs) || endedPauses.has(once)) continue
      endedPauses.add(once)
      ports.endPause(id)
    }
  }

  /** The timer is set to what comes first: a slot, or the end of a pause. */
  function arm(): void {
    const times = [...lines.values()].flatMap(({ state, pause }) => [state.nextDueAtMs, pause])
    const next = Math.min(...times.filter(ms => typeof ms === 'number').filter(ms => ms > now()))
    if (armed?.atMs === next) return
    armed?.cancel()
    armed = null
    if (next === Infinity) return
    const timer = { atMs: next, cancel: () => {} }
    armed = timer
    timer.cancel = timers.at(next, () => {
      if (armed === timer) armed = null
      return tick()
    })
  }

  async function refresh(): Promise<void> {
    if (!running) return
    reload()
    await tick()
  }

  return {
    async start() {
      running = true
      ends = [timers.every(watchMs, tick), conditions.onChange(() => void tick())]
      await refresh()
    },
    refresh,
    wake: tick,

    async ended({ planId, scheduleId, state, error }) {
      const line = planId === null || scheduleId === null ? undefined : lines.get(keyOf(planId, scheduleId))
      if (!line || !running) return
      line.wentOnUntilMs = now()
      const failed = state === 'failed' || error?.code === 'timed_out'
      if (state === 'succeeded' || state === 'partial') line.state = { ...line.state, consecutiveFailures: 0 }
      else if (failed && line.state.disabledBecause === null) {
        line.state = { ...line.state, consecutiveFailures: line.state.consecutiveFailures + 1 }
        if (line.state.consecutiveFailures >= strikesAllowed) disable(line, error?.message ?? '')
      }
      guarded(line, () => persist(line))
      show(line)
      await tick()
    },

    async enable(planId, scheduleId) {
      const line = lines.get(keyOf(planId, scheduleId))
      if (!line) throw new AppError('not_found', `The plan has no schedule "${scheduleId}".`)
      line.state = newSchedule(planId, scheduleId)
      line.quiet = null
      persist(line)
      await tick()
    },

    states: plan =>
      plan.schedules.map(({ id, when }) => {
        const state = lines.get(keyOf(plan.id, id))?.state
        return {
          id,
          nextDueAtMs: state?.nextDueAtMs ?? null,
          words: wordsFor(when, plan.zone === machineZone() ? null : plan.zone),
          consecutiveFailures: state?.consecutiveFailures ?? 0,
          disabledBecause: state?.disabledBecause ?? null,
        }
      }),

    waiting: () =>
      [...lines.values()].flatMap(({ plan, schedule, waiting }) =>
        waiting ? [{ planId: plan.id, scheduleId: schedule.id, ...waiting }] : [],
      ),

    stop() {
      running = false
      for (const end of ends) end()
      armed?.cancel()
      armed = null
    },
  }

  function disable(line: Line, lastError: string): void {
    // What came while the last run went on is skipped, as after any run.
    const around = { ...circumstances(line, null), going: false, wentOnUntilMs: now() }
    carryOut(line, reconcile(line.state, around), null, false)
    const message = `It failed ${line.state.consecutiveFailures} times in a row. ${lastError}`.trim()
    line.state = { ...line.state, nextDueAtMs: null, disabledBecause: message }
    line.waiting = null
    ports.tell({ kind: 'schedule-disabled', plan: line.plan, schedule: line.schedule, message })
  }
}
