import { randomUUID } from 'node:crypto'
import { PlanDraft, type PlanInput, type Schedule } from '../../../src/shared/entities/plan.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import type { StoredPlan, StoredSchedule } from '../../../src/main/services/catalogue/catalogue.ts'
import type {
  Missed,
  Notice,
  Scheduler,
  SchedulerPorts,
} from '../../../src/main/services/scheduling/ports.ts'
import { createScheduler } from '../../../src/main/services/scheduling/scheduler.ts'

/** A process was killed: nothing after this has happened. */
export class Killed extends Error {}

export interface Answer {
  scheduleId: string
  planId: string
  state: 'run' | 'missed' | 'skipped'
  trigger: string | null
  firstMs: number
  dueAtMs: number
  count: number
  atMs: number
  message: string
}

/** A plan as the wizard leaves it, with what matters here. */
export function planWith(
  schedules: Partial<Schedule>[],
  more: Partial<PlanInput> = {},
  createdAtMs = 0,
): StoredPlan {
  const draft = PlanDraft.parse({
    name: 'Photos',
    sources: [{ kind: 'files', paths: ['/home/somebody/photos'] }],
    destinationIds: [randomUUID()],
    schedules: schedules.map((schedule, n) => ({ id: `s${n}`, when: { kind: 'daily' }, ...schedule })),
    ...more,
  })
  return { ...draft, id: randomUUID(), revision: 1, createdAtMs, pausedUntilMs: null }
}

/**
 * A machine for the scheduler: its clocks, its catalogue in memory, and runs that take no more than time. The catalogue
 * outlives a process: `boot` starts another one on it.
 */
export function createWorld(startMs: number, { zone = 'UTC', watchMs = 3_600_000, runMs = 0 } = {}) {
  let nowMs = startMs
  let timers: { atMs: number; call: () => unknown }[] = []
  let watches: { nextMs: number; call: () => unknown }[] = []
  const plans: StoredPlan[] = []
  const states = new Map<string, StoredSchedule>()
  const answers: Answer[] = []
  const notices: Notice[] = []
  const failures: unknown[] = []
  const going: { planId: string; scheduleId: string; endsAtMs: number; outcome: Run['state'] }[] = []
  const world = {
    plans,
    states,
    answers,
    notices,
    failures,
    zone,
    pausedUntilMs: null as number | 'forever' | null,
    outcome: 'succeeded' as Run['state'],
    runMs,
    /** Why nothing may start. */
    unmet: null as string | null,
    /** How often that was asked. */
    asked: 0,
    conditionChanged: () => {},
    /** Called before and after every effect that outlives the process. */
    effect: (_what: string, _when: 'before' | 'after'): void => {},
    now: () => nowMs,
    scheduler: null as unknown as Scheduler,
    boot,
    advanceTo,
    /** Asleep: no timer fires; then it wakes. */
    async sleepTo(ms: number) {
      nowMs = ms
      await world.scheduler.wake()
    },
    setClock(ms: number) {
      const by = ms - nowMs
      nowMs = ms
      for (const watch of watches) watch.nextMs += by
      for (const run of going) run.endsAtMs += by
    },
    answered: (scheduleId = 's0') => answers.filter(answer => answer.scheduleId === scheduleId),
  }

  const effect = (what: string, act: () => void): void => {
    world.effect(what, 'before')
    act()
    world.effect(what, 'after')
  }

  const ports = (): SchedulerPorts => ({
    now: () => nowMs,
    machineZone: () => world.zone,
    timers: {
      at(atMs, call) {
        const timer = { atMs, call }
        timers.push(timer)
        return () => void (timers = timers.filter(one => one !== timer))
      },
      every(_ms, call) {
        const watch = { nextMs: nowMs + watchMs, call }
        watches.push(watch)
        return () => void (watches = watches.filter(one => one !== watch))
      },
    },
    catalogue: {
      plans: {
        list: () => structuredClone(plans),
        schedules: planId => structuredClone([...states.values()].filter(state => state.planId === planId)),
        saveSchedule: state =>
          effect('save', () => states.set(`${state.planId} ${state.scheduleId}`, structuredClone(state))),
        removeSchedule: (planId, scheduleId) => void states.delete(`${planId} ${scheduleId}`),
      },
      runs: {
        page: ({ planId, limit }) => {
          const of = answers.filter(answer => answer.planId === planId)
          return { runs: of.slice(-limit).reverse() as unknown as Run[], total: of.length }
        },
      },
      settings: {
        get: () => ({
          pausedUntilMs: world.pausedUntilMs,
          threads: null,
          memoryBytes: null,
          runLogDays: 365,
        }),
      },
    },
    conditions: {
      unmet: async () => {
        world.asked += 1
        return world.unmet
      },
      onChange: listener => {
        world.conditionChanged = listener
        return () => {}
      },
      notes: async () => [],
    },
    isGoing: (planId, scheduleId) =>
      going.some(run => run.planId === planId && run.scheduleId === scheduleId),
    start: ({ plan, schedule, dueAtMs, trigger }) =>
      effect('start', () => {
        const of = { planId: plan.id, scheduleId: schedule.id }
        answers.push({
          ...of,
          state: 'run',
          trigger,
          firstMs: dueAtMs,
          dueAtMs,
          count: 1,
          atMs: nowMs,
          message: '',
        })
        going.push({ ...of, endsAtMs: nowMs + world.runMs, outcome: world.outcome })
      }),
    recordMissed: ({ plan, schedule, state, firstMs, lastMs, count, message }: Missed) =>
      effect('record', () => {
        const of = { planId: plan.id, scheduleId: schedule.id }
        answers.push({ ...of, state, trigger: null, firstMs, dueAtMs: lastMs, count, atMs: nowMs, message })
      }),
    endPause: planId => {
      if (planId === null) world.pausedUntilMs = null
      for (const plan of plans) if (plan.id === planId) plan.pausedUntilMs = null
      void world.scheduler.refresh()
    },
    tell: notice => void notices.push(notice),
    changed: () => {},
    report: error => void failures.push(error),
  })

  /** A new process on the same catalogue. What ran in the old one is over. */
  async function boot(): Promise<void> {
    ;[timers, watches] = [[], []]
    going.length = 0
    world.scheduler = createScheduler(ports())
    await world.scheduler.start()
  }

  /** Awake until then: timers, the watch and the ends of runs come in their order. */
  async function advanceTo(ms: number): Promise<void> {
    for (;;) {
      const timer = timers.reduce<(typeof timers)[0] | null>((a, b) => (a && a.atMs <= b.atMs ? a : b), null)
      const watch = watches.reduce<(typeof watches)[0] | null>(
        (a, b) => (a && a.nextMs <= b.nextMs ? a : b),
        null,
      )
      const run = going.reduce<(typeof going)[0] | null>(
        (a, b) => (a && a.endsAtMs <= b.endsAtMs ? a : b),
        null,
      )
      const next = Math.min(timer?.atMs ?? Infinity, watch?.nextMs ?? Infinity, run?.endsAtMs ?? Infinity)
      if (next > ms) break
      nowMs = Math.max(nowMs, next)
      if (run && run.endsAtMs === next) {
        going.splice(going.indexOf(run), 1)
        await world.scheduler.ended({ ...run, state: run.outcome, error: null })
      } else if (timer && timer.atMs === next) {
        timers = timers.filter(one => one !== timer)
        await timer.call()
      } else if (watch) {
        watch.nextMs = nowMs + watchMs
        await watch.call()
      }
    }
    nowMs = Math.max(nowMs, ms)
  }

  return world
}

/**
 * What is wrong with the answers of a schedule to these slots: each must be in exactly one, and none may answer to
 * anything else.
 */
export function wrongAnswers(due: readonly number[], answers: readonly Answer[]): string[] {
  const wrong: string[] = []
  const at = (ms: number): string => new Date(ms).toISOString()
  const times = new Map(due.map(ms => [ms, 0]))
  for (const { firstMs, dueAtMs, count, state } of answers) {
    const covered = due.filter(ms => ms >= firstMs && ms <= dueAtMs)
    if (covered.length !== count)
      wrong.push(`${state} ${at(firstMs)}…${at(dueAtMs)} says ${count}, is ${covered.length}`)
    for (const ms of covered) times.set(ms, (times.get(ms) ?? 0) + 1)
  }
  for (const [ms, n] of times) if (n !== 1) wrong.push(`${at(ms)} was answered ${n} times`)
  return wrong
}
