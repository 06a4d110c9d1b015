import type { Schedule, ScheduleState } from '../../../shared/entities/plan.ts'
import type { Run } from '../../../shared/entities/run.ts'
import type { Catalogue, StoredPlan } from '../catalogue/catalogue.ts'
import type { ConditionWatch } from './conditions.ts'
import type { Start, Unanswered } from './reconcile.ts'
import type { Timers } from './timers.ts'

/** What the scheduler is given, and what it is to others. */

/** The part of the catalogue that it uses. */
export type SchedulerCatalogue = {
  plans: Pick<Catalogue['plans'], 'list' | 'schedules' | 'saveSchedule' | 'removeSchedule'>
  runs: Pick<Catalogue['runs'], 'page'>
  settings: Pick<Catalogue['settings'], 'get'>
}

export interface Due extends Start {
  readonly plan: StoredPlan
  readonly schedule: Schedule
}

export interface Missed extends Unanswered {
  readonly plan: StoredPlan
  readonly schedule: Schedule
}

export interface Notice {
  readonly kind: 'schedule-disabled' | 'clock-set-back'
  readonly plan: StoredPlan
  readonly schedule: Schedule
  readonly message: string
}

export interface SchedulerPorts {
  /** Epoch milliseconds of the wall clock. */
  readonly now: () => number
  /** IANA name; for plans that name no zone. */
  readonly machineZone: () => string
  readonly timers: Timers
  readonly catalogue: SchedulerCatalogue
  readonly conditions: ConditionWatch
  /** A run of this schedule has not ended: it is queued, goes on, or waits for its next attempt. */
  readonly isGoing: (planId: string, scheduleId: string) => boolean
  /**
   * Queues a run. When it returns, the run is in the catalogue with `scheduleId` and `dueAtMs`; when it throws it is
   * not, and the slot is tried again at the next tick.
   */
  readonly start: (due: Due) => void
  /** Writes one ended run, `missed` or `skipped`, with `scheduleId` and `lastMs` as its `dueAtMs`. */
  readonly recordMissed: (missed: Missed) => void
  /** A pause until some time is over (null: of all plans): its `pausedUntilMs` becomes null. */
  readonly endPause: (planId: string | null) => void
  readonly tell: (notice: Notice) => void
  /** `states(planId)` or `waiting()` answers otherwise than before. */
  readonly changed: (planId: string) => void
  /** Something failed in a tick, and will be tried again. */
  readonly report: (error: unknown) => void
}

export interface Waiting {
  readonly planId: string
  readonly scheduleId: string
  readonly dueAtMs: number
  /** In words: "Waiting until the computer is on AC power." */
  readonly because: string
}

export interface Scheduler {
  /** Reconciles what passed while the process was not there, and goes on. Resolves when all that was due is answered. */
  start(): Promise<void>
  /** Plans or settings were saved; to be called at once, before anything is awaited. */
  refresh(): Promise<void>
  /** The machine woke up. */
  wake(): Promise<void>
  /** A run has come to its final end: no further attempt follows. */
  ended(run: Pick<Run, 'planId' | 'scheduleId' | 'state' | 'error'>): Promise<void>
  /** Turns a disabled schedule on again, from now. @throws not_found */
  enable(planId: string, scheduleId: string): Promise<void>
  states(plan: StoredPlan): ScheduleState[]
  waiting(): Waiting[]
  stop(): void
}
