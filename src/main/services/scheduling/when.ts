import type { When } from '../../../shared/entities/plan.ts'
import { cronWords, parseCron } from './cron.ts'
import {
  dayMs,
  hourMs,
  minuteMs,
  offsetAt,
  requireZone,
  transitionsNear,
  whenShown,
  type Transition,
} from './zone.ts'

/**
 * When schedules are due. Pure; knows no clock. A slot is an instant at which a schedule is due.
 *
 * Where clocks are changed:
 * - a time that is skipped is due at the first instant after the gap; several that are skipped are due there once;
 * - a time that comes twice is due the first time only;
 * - what runs in every hour (`hourly`, or cron with all 24 hours) follows the hours as they pass: it is due each time
 *   the clock shows the minute, also in a repeated hour, for an hour has passed; and not at all in an hour that is
 *   skipped whole;
 * - `minutes` counts elapsed time from the midnight that began 2020 in its zone, and takes no notice of such changes.
 */

interface Pattern {
  /** The first day that matches, not before this one; days since 1970. */
  nextDay(day: number): number | null
  /** Of the day, ascending. */
  readonly minutes: readonly number[]
  readonly everyHour: boolean
}

const latestMs = Date.UTC(9999, 0, 1)
const countedFrom = Date.UTC(2020, 0, 1)
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
const allHours = Array.from({ length: 24 }, (_, hour) => hour * 60)
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7 // 1 January 1970 was a Thursday

/** In a shorter month, its last day. */
function nextDayOfMonth(day: number, wanted: number): number {
  const date = new Date(day * dayMs)
  for (let month = date.getUTCMonth(); ; month++) {
    const last = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
    const found = Date.UTC(date.getUTCFullYear(), month, Math.min(wanted, last)) / dayMs
    if (found >= day) return found
  }
}

function patternOf(when: Exclude<When, { kind: 'minutes' }>): Pattern {
  if (when.kind === 'cron') return parseCron(when.expression)
  if (when.kind === 'hourly')
    return { nextDay: day => day, minutes: allHours.map(hour => hour + when.minute), everyHour: true }
  const minutes = [minutesOf(when.time)]
  if (when.kind === 'daily') return { nextDay: day => day, minutes, everyHour: false }
  if (when.kind === 'weekly')
    return { nextDay: day => day + ((when.weekday - weekdayOf(day) + 7) % 7), minutes, everyHour: false }
  return { nextDay: day => nextDayOfMonth(day, when.day), minutes, everyHour: false }
}

function instantsFor(
  zone: string,
  civilMs: number,
  near: readonly Transition[],
  everyHour: boolean,
): readonly number[] {
  const { instants, gap } = whenShown(zone, civilMs, near)
  if (!gap) return everyHour ? instants : instants.slice(0, 1)
  const hourCivilMs = Math.floor(civilMs / hourMs) * hourMs
  const wholeHourSkipped =
    gap.atMs + gap.beforeMs <= hourCivilMs && hourCivilMs + hourMs <= gap.atMs + gap.afterMs
  return everyHour && wholeHourSkipped ? [] : [gap.atMs]
}

const inOrder = (instants: readonly number[]): number[] => [...new Set(instants)].sort((a, b) => a - b)

function slotsOfDay(pattern: Pattern, zone: string, day: number): number[] {
  const midnight = day * dayMs
  const near = transitionsNear(zone, midnight, midnight + dayMs)
  if (near.length === 0) {
    const startMs = midnight - offsetAt(zone, midnight)
    return pattern.minutes.map(minute => startMs + minute * minuteMs)
  }
  return inOrder(
    pattern.minutes.flatMap(minute =>
      instantsFor(zone, midnight + minute * minuteMs, near, pattern.everyHour),
    ),
  )
}

/** Slots after `afterMs`, ascending, in batches of about a day. */
function* batches(pattern: Pattern, zone: string, afterMs: number): Generator<number[]> {
  const civilMs = afterMs + offsetAt(zone, afterMs)
  // Near a change of the clocks an earlier day of the calendar may have slots to come.
  const back = transitionsNear(zone, civilMs, civilMs).length > 0 ? 2 : 0
  let doneMs = afterMs
  let waiting: number[] = []
  let day = pattern.nextDay(Math.floor(civilMs / dayMs) - back)
  for (; day !== null && day * dayMs < latestMs; day = pattern.nextDay(day + 1)) {
    const slots = slotsOfDay(pattern, zone, day)
    // Clocks put back over midnight: the new day begins, then the old one comes once more.
    if ((waiting.at(-1) ?? -Infinity) >= (slots[0] ?? Infinity)) {
      waiting = inOrder([...waiting, ...slots])
      continue
    }
    const fresh = waiting.filter(ms => ms > doneMs)
    if (fresh.length > 0) {
      doneMs = fresh.at(-1) ?? doneMs
      yield fresh
    }
    waiting = slots
  }
  const fresh = waiting.filter(ms => ms > doneMs)
  if (fresh.length > 0) yield fresh
}

/** The same for `minutes`: the first after `afterMs`, and how far apart they are. */
function counted(every: number, zone: string, afterMs: number): { firstMs: number; stepMs: number } {
  const stepMs = every * minuteMs
  const startMs = countedFrom - offsetAt(zone, countedFrom)
  return { firstMs: startMs + (Math.floor((afterMs - startMs) / stepMs) + 1) * stepMs, stepMs }
}

/**
 * The first slot after then, strictly; null when it never comes, such as on 30 February.
 * @throws invalid_input the cron line or the zone
 */
export function nextAfter(when: When, zone: string, afterMs: number): number | null {
  requireZone(zone)
  if (when.kind === 'minutes') return counted(when.every, zone, afterMs).firstMs
  for (const [firstMs] of batches(patternOf(when), zone, afterMs)) return firstMs ?? null
  return null
}

/** The slots in (fromMs, toMs], the earliest first, `limit` at most. @throws invalid_input */
export function slotsBetween(
  when: When,
  zone: string,
  fromMs: number,
  toMs: number,
  limit: number,
): number[] {
  const found: number[] = []
  if (when.kind === 'minutes') {
    const { firstMs, stepMs } = counted(when.every, zone, fromMs)
    for (let ms = firstMs; ms <= toMs && found.length < limit; ms += stepMs) found.push(ms)
    return found
  }
  for (const batch of batches(patternOf(when), zone, fromMs)) {
    for (const ms of batch) {
      if (ms > toMs || found.length >= limit) return found
      found.push(ms)
    }
  }
  return found
}

/** The next slots, for a preview. Fewer when there are no more. @throws invalid_input */
export const nextRuns = (when: When, zone: string, afterMs: number, count: number): number[] =>
  slotsBetween(when, zone, afterMs, latestMs, count)

export interface Tally {
  readonly count: number
  readonly firstMs: number
  /** The newest of them, `keep` at most, ascending. */
  readonly newestMs: readonly number[]
}

/** How many slots lie in (fromMs, toMs], without a list of them all; null for none. @throws invalid_input */
export function tally(when: When, zone: string, fromMs: number, toMs: number, keep: number): Tally | null {
  if (when.kind === 'minutes') {
    const { firstMs, stepMs } = counted(when.every, zone, fromMs)
    if (firstMs > toMs) return null
    const count = Math.floor((toMs - firstMs) / stepMs) + 1
    const kept = Math.min(keep, count)
    const newestMs = Array.from({ length: kept }, (_, index) => firstMs + (count - kept + index) * stepMs)
    return { count, firstMs, newestMs }
  }
  let [count, first] = [0, -1]
  let newestMs: number[] = []
  for (const batch of batches(patternOf(when), zone, fromMs)) {
    const within = (batch.at(-1) ?? 0) <= toMs ? batch : batch.filter(ms => ms <= toMs)
    if (within.length > 0) {
      if (count === 0) first = within[0] ?? -1
      count += within.length
      newestMs = within.length >= keep ? within.slice(-keep) : [...newestMs, ...within].slice(-keep)
    }
    if (within.length < batch.length) break
  }
  return count === 0 ? null : { count, firstMs: first, newestMs }
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const ordinal = (n: number): string =>
  `${n}${n % 10 === 1 && n !== 11 ? 'st' : n % 10 === 2 && n !== 12 ? 'nd' : n % 10 === 3 && n !== 13 ? 'rd' : 'th'}`

function inWords(when: When): string {
  switch (when.kind) {
    case 'minutes': {
      const [n, unit] = when.every % 60 === 0 ? [when.every / 60, 'hour'] : [when.every, 'minute']
      return n === 1 ? `every ${unit}` : `every ${n} ${unit}s`
    }
    case 'hourly':
      return `every hour at :${String(when.minute).padStart(2, '0')}`
    case 'daily':
      return `every day at ${when.time}`
    case 'weekly':
      return `every ${dayNames[when.weekday]} at ${when.time}`
    case 'monthly': {
      if (when.day === 31) return `on the last day of each month at ${when.time}`
      const shorter = when.day > 28 ? ' (in a shorter one on its last day)' : ''
      return `on the ${ordinal(when.day)} of each month${shorter} at ${when.time}`
    }
    case 'cron':
      return cronWords(when.expression)
  }
}

/**
 * "every Sunday at 03:00"; with a zone that is to be named, "…, Europe/Berlin time". null where it is the machine's own.
 * What counts minutes is the same in every zone, so it names none.
 * @throws invalid_input
 */
export function wordsFor(when: When, zone: string | null): string {
  if (zone !== null) requireZone(zone)
  return zone === null || when.kind === 'minutes' ? inWords(when) : `${inWords(when)}, ${zone} time`
}
