import type { When } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'
import { duration } from '../../../shared/wording.ts'
import type { StoredSchedule } from '../catalogue/catalogue.ts'
import { nextAfter, tally } from './when.ts'
import { dayMs, hourMs, minuteMs, shownIn } from './zone.ts'

/**
 * What is to be done about one schedule now. Pure.
 *
 * Laws (test/services/scheduling/reconcile.test.ts):
 * - every slot is answered exactly once: by a run, or by a record that it was missed or skipped;
 * - of several that passed, the newest within the catch-up window runs, once; the others are recorded as missed;
 * - slots within a pause are recorded as missed, and none is caught up;
 * - slots that came while the run before was still going on are recorded as skipped when it has ended;
 * - while a condition is not met the newest slot waits, and is recorded as missed when it has waited too long;
 * - a schedule whose times or zone were changed, or that was turned on, begins anew from then;
 * - a clock that was set back makes nothing run again that has just run, and makes nothing wait for longer than a day.
 */

/** What stands around the stored state. */
export interface Circumstances {
  readonly when: When
  /** The plan's; null: the machine's. */
  readonly planZone: string | null
  readonly machineZone: string
  /** Nobody has turned it off. */
  readonly on: boolean
  readonly catchUpMs: number
  /** Until then slots fall into a pause; a time that has passed still tells which ones did. */
  readonly pausedUntilMs: number | 'forever' | null
  /** Its previous run has not ended. */
  readonly going: boolean
  /** Slots up to then came while its previous run was going on. */
  readonly wentOnUntilMs: number | null
  /** The condition that is not met, in words; null when a slot that is due may start. */
  readonly heldBecause: string | null
  readonly nowMs: number
}

/**
 * Slots that no run answers. Up to `listedAtMost` of them are told one by one; more than that, such as a month of an
 * every-minute schedule, are one record that names how many and the span. Its `lastMs` stands for all before it.
 */
export interface Unanswered {
  readonly state: 'missed' | 'skipped'
  readonly firstMs: number
  /** What goes into the record as the slot it answers to. */
  readonly lastMs: number
  readonly count: number
  readonly message: string
}

export interface Start {
  readonly dueAtMs: number
  readonly trigger: 'schedule' | 'catch-up'
}

export interface Decision {
  /** In the order of their slots, all before `start`. To be recorded in this order: see scheduler.ts. */
  readonly unanswered: readonly Unanswered[]
  readonly start: Start | null
  /** A slot waits for `heldBecause`. */
  readonly waitingDueAtMs: number | null
  readonly next: StoredSchedule
  /** What somebody should be told: the clock was set back, or the time never comes. */
  readonly note: string | null
}

/** This many nights of a daily schedule are told night by night. */
export const listedAtMost = 31
/** A start is on time when it is no later than this; timers and the watch of the clock need some room. */
export const graceMs = 2 * minuteMs
/** A clock set back by more than this makes a schedule begin anew, rather than wait until it has caught up. */
const longestWaitMs = dayMs
/** In a row; then a schedule is disabled. */
export const strikesAllowed = 3

/** A schedule that has not been seen before. */
export const newSchedule = (planId: string, scheduleId: string): StoredSchedule => ({
  planId,
  scheduleId,
  fingerprint: '',
  nextDueAtMs: null,
  handledUntilMs: 0,
  consecutiveFailures: 0,
  disabledBecause: null,
})

/** What the stored times were worked out from; readable, so that slots which were due by the old times can be named. */
interface Basis {
  readonly when: When
  readonly planZone: string | null
  /** The one they were worked out in. */
  readonly zone: string
}

const fingerprintOf = ({ when, planZone, zone }: Basis): string => JSON.stringify([when, planZone, zone])

function basisOf(fingerprint: string): Basis | null {
  try {
    const [when, planZone, zone] = JSON.parse(fingerprint) as [When, string | null, string]
    return { when, planZone, zone }
  } catch {
    return null // '': it was off, or is new
  }
}

const sameSchedule = (a: Basis, b: Basis): boolean =>
  a.planZone === b.planZone && JSON.stringify(a.when) === JSON.stringify(b.when)

/** Slots in (fromMs, toMs], as records. */
function unansweredIn(
  { when, zone }: Basis,
  fromMs: number,
  toMs: number,
  state: Unanswered['state'],
  why: string,
): Unanswered[] {
  if (toMs <= fromMs) return []
  const slots = tally(when, zone, fromMs, toMs, listedAtMost)
  if (!slots) return []
  const { count, firstMs, newestMs } = slots
  if (count <= listedAtMost)
    return newestMs.map(ms => ({ state, firstMs: ms, lastMs: ms, count: 1, message: why }))
  const lastMs = newestMs.at(-1) ?? firstMs
  const message = `${String(count)} times from ${shownIn(zone, firstMs)} to ${shownIn(zone, lastMs)}: ${why}`
  return [{ state, firstMs, lastMs, count, message }]
}

export function reconcile(stored: StoredSchedule, around: Circumstances): Decision {
  const { nowMs } = around
  const basis: Basis = {
    when: around.when,
    planZone: around.planZone,
    zone: around.planZone ?? around.machineZone,
  }
  const old = basisOf(stored.fingerprint)
  const changed = !old || !sameSchedule(old, basis)

  if (!around.on) return turnedOff(stored, old, nowMs)
  if (stored.disabledBecause !== null) {
    // Failures stay until somebody turns it on again; other times may well come.
    if (stored.consecutiveFailures >= strikesAllowed || !changed)
      return quiet({ ...stored, nextDueAtMs: null })
    return begin({ ...stored, disabledBecause: null }, basis, around, [])
  }
  if (!old) return begin(stored, basis, around, [])
  if (changed) {
    const left = unansweredIn(
      old,
      stored.handledUntilMs,
      nowMs,
      'missed',
      'Its times were changed before it could start.',
    )
    return begin(stored, basis, around, left)
  }
  const back = clockSetBack(stored, basis, around)
  if (back) return back
  // A machine that was carried into another zone: what was due until now was due by the clocks of the old one.
  return answer(stored, old, basis, around)
}

const quiet = (next: StoredSchedule): Decision => ({
  unanswered: [],
  start: null,
  waitingDueAtMs: null,
  next,
  note: null,
})

/** By hand; that also forgets its failures, so turning it on again is a new start. */
function turnedOff(stored: StoredSchedule, old: Basis | null, nowMs: number): Decision {
  const next: StoredSchedule = {
    ...newSchedule(stored.planId, stored.scheduleId),
    handledUntilMs: old ? nowMs : stored.handledUntilMs,
  }
  if (!old || stored.disabledBecause !== null) return quiet(next)
  const why = 'The schedule was turned off before it could start.'
  return { ...quiet(next), unanswered: unansweredIn(old, stored.handledUntilMs, nowMs, 'missed', why) }
}

/** From now on; what passed before is nobody's concern, but for what the old times left undone. */
function begin(
  stored: StoredSchedule,
  basis: Basis,
  around: Circumstances,
  unanswered: readonly Unanswered[],
): Decision {
  const { nowMs } = around
  const next = { ...stored, fingerprint: fingerprintOf(basis), handledUntilMs: nowMs }
  return { ...quiet(next), unanswered, ...withNextDue(next, basis, around) }
}

/** The next slot after now and after all that was answered. A time that never comes disables the schedule at once. */
function withNextDue(
  state: StoredSchedule,
  { when, zone }: Basis,
  { nowMs, pausedUntilMs }: Pick<Circumstances, 'nowMs' | 'pausedUntilMs'>,
): Pick<Decision, 'next' | 'note'> {
  const disabled = (disabledBecause: string) => ({
    next: { ...state, nextDueAtMs: null, disabledBecause },
    note: disabledBecause,
  })
  let nextDueAtMs: number | null
  try {
    nextDueAtMs = nextAfter(when, zone, Math.max(nowMs, state.handledUntilMs))
  } catch (error) {
    if (error instanceof AppError && error.code === 'invalid_input')
      return disabled(`${error.message} ${error.hint ?? ''}`.trim()) // saved by an earlier version, or a zone that is gone
    throw error
  }
  if (nextDueAtMs === null)
    return disabled('Its time never comes: no day of the calendar matches. Give it other times.')
  const paused = pausedUntilMs === 'forever' || (pausedUntilMs !== null && pausedUntilMs > nowMs)
  return { next: { ...state, nextDueAtMs: paused ? null : nextDueAtMs }, note: null }
}

/**
 * Slots were answered that have not come yet: the clock was ahead, or is now behind. By a little, the schedule waits
 * until they have passed, so that none runs twice; a little is what costs it no more than one of its own intervals (an
 * hour at least, a day at most). By more than that it begins anew from now: an extra run is better than a gap.
 */
function clockSetBack(stored: StoredSchedule, basis: Basis, around: Circumstances): Decision | null {
  const { nowMs } = around
  const aheadMs = stored.handledUntilMs - nowMs
  if (aheadMs <= 0) return null
  const following = nextAfter(basis.when, basis.zone, stored.handledUntilMs)
  const intervalMs = following === null ? 0 : following - stored.handledUntilMs
  const next = { ...stored, fingerprint: fingerprintOf(basis) }
  if (aheadMs <= Math.min(longestWaitMs, Math.max(hourMs, intervalMs)))
    return { ...quiet(next), ...withNextDue(next, basis, around) }
  next.handledUntilMs = nowMs
  const note = `The clock was set back by ${duration(aheadMs)} or more: the next time was worked out anew from ${shownIn(basis.zone, nowMs)}.`
  return { ...quiet(next), ...withNextDue(next, basis, around), note }
}

function answer(stored: StoredSchedule, due: Basis, basis: Basis, around: Circumstances): Decision {
  const { nowMs, pausedUntilMs, wentOnUntilMs, heldBecause } = around
  const state = { ...stored, fingerprint: fingerprintOf(basis) }
  const paused = pausedUntilMs === 'forever' || (pausedUntilMs !== null && pausedUntilMs > nowMs)
  // Answered together when the pause or the run has ended: one record of many, not many.
  if (around.going || paused) {
    if (state.fingerprint !== stored.fingerprint) {
      // In the new zone from now on; what the old one left is settled first.
      const left = unansweredIn(
        due,
        stored.handledUntilMs,
        nowMs,
        'missed',
        'The machine changed its time zone meanwhile.',
      )
      const moved = { ...state, handledUntilMs: nowMs }
      return { ...quiet(moved), unanswered: left, ...withNextDue(moved, basis, around) }
    }
    return { ...quiet(state), ...withNextDue(state, basis, around) }
  }

  const unanswered: Unanswered[] = []
  let doneMs = stored.handledUntilMs
  const leave = (untilMs: number, what: Unanswered['state'], why: string): void => {
    unanswered.push(...unansweredIn(due, doneMs, Math.min(untilMs, nowMs), what, why))
    doneMs = Math.max(doneMs, Math.min(untilMs, nowMs))
  }
  if (typeof pausedUntilMs === 'number') leave(pausedUntilMs - 1, 'missed', 'Its plan was paused.')
  if (wentOnUntilMs !== null) leave(wentOnUntilMs, 'skipped', 'The run before it was still going on.')
  const windowMs = Math.max(around.catchUpMs, graceMs)
  const away = 'The computer was asleep or off, or Holdfast was not running'
  leave(
    nowMs - windowMs - 1,
    'missed',
    heldBecause === null
      ? `${away}, for longer than the ${duration(windowMs)} within which its plan catches up.`
      : `It could not start within the ${duration(windowMs)} that its plan allows. ${heldBecause}`,
  )
  const left = tally(due.when, due.zone, doneMs, nowMs, 1)
  const newestMs = left?.newestMs[0] ?? null
  if (heldBecause !== null) {
    const waits = { ...state, handledUntilMs: unanswered.at(-1)?.lastMs ?? stored.handledUntilMs }
    const decision = { ...quiet(waits), unanswered, waitingDueAtMs: newestMs }
    // Slots that wait are by the clocks of the old zone, and so are the next ones until these are answered.
    return { ...decision, ...withNextDue({ ...waits, fingerprint: stored.fingerprint }, due, around) }
  }
  if (newestMs !== null)
    leave(newestMs - 1, 'missed', `${away}, or it had to wait; a later one ran in its place.`)
  const start: Start | null =
    newestMs === null
      ? null
      : { dueAtMs: newestMs, trigger: nowMs - newestMs > graceMs ? 'catch-up' : 'schedule' }
  let handledUntilMs = newestMs ?? unanswered.at(-1)?.lastMs ?? stored.handledUntilMs
  // The new zone's slots count from now on only.
  if (state.fingerprint !== stored.fingerprint) handledUntilMs = nowMs
  const next = { ...state, handledUntilMs }
  return { unanswered, start, waitingDueAtMs: null, ...withNextDue(next, basis, around) }
}
