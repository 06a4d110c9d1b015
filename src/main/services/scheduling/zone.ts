import { AppError } from '../../../shared/errors.ts'

/**
 * What a zone's clocks show, and when. Pure: the rules come from the time zone data of the JavaScript engine.
 *
 * A civil time is what a clock on the wall shows, written as the epoch milliseconds that it would be in UTC; an instant
 * is real epoch milliseconds. When clocks are put forward some civil times never come (a gap), when they are put back
 * some come twice (an overlap).
 */

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** Clocks are put forward or back. Offsets are civil time minus instant. */
export interface Transition {
  readonly atMs: number
  readonly beforeMs: number
  readonly afterMs: number
}

interface YearOfZone {
  readonly startOffsetMs: number
  readonly transitions: readonly Transition[]
}

interface Zone {
  readonly shown: Intl.DateTimeFormat
  readonly years: Map<number, YearOfZone>
}

const zones = new Map<string, Zone>()
/** The farthest that a civil time is from the same number taken as an instant, a day that was skipped whole included. */
const reachMs = 40 * hourMs

/** @throws invalid_input there is no such zone */
function zoneNamed(name: string): Zone {
  const known = zones.get(name)
  if (known) return known
  if (!/^[A-Za-z]/.test(name)) throw unknownZone(name) // "+02:00" knows nothing of summer time
  try {
    const shown = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      year: 'numeric',
      timeZoneName: 'longOffset',
    })
    const zone = { shown, years: new Map() }
    zones.set(name, zone)
    return zone
  } catch {
    throw unknownZone(name)
  }
}

const unknownZone = (name: string): AppError =>
  new AppError('invalid_input', `There is no time zone ${JSON.stringify(name)}.`, {
    hint: 'Give its IANA name, such as Europe/Berlin or America/New_York.',
  })

/** @throws invalid_input there is no such zone */
export const requireZone = (name: string): void => void zoneNamed(name)

function askedOffset(zone: Zone, ms: number): number {
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(zone.shown.format(ms))
  if (!found) throw new Error(`not an offset: ${zone.shown.format(ms)}`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = found
  const size = Number(hours) * hourMs + Number(minutes) * minuteMs + Number(seconds) * 1000
  return sign === '-' ? -size : size
}

/** Looks once a day: nowhere have clocks been changed and changed back within one (test/soak/schedule.ts asks all). */
function lookUpYear(zone: Zone, year: number): YearOfZone {
  const known = zone.years.get(year)
  if (known) return known
  const [startMs, endMs] = [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1)]
  const transitions: Transition[] = []
  const startOffsetMs = askedOffset(zone, startMs)
  let beforeMs = startOffsetMs
  for (let ms = startMs; ms < endMs; ms += dayMs) {
    const afterMs = askedOffset(zone, ms + dayMs)
    if (afterMs === beforeMs) continue
    let [low, high] = [ms / 1000, (ms + dayMs) / 1000]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (askedOffset(zone, middle * 1000) === beforeMs) low = middle
      else high = middle
    }
    transitions.push({ atMs: high * 1000, beforeMs, afterMs })
    beforeMs = afterMs
  }
  const found = { startOffsetMs, transitions }
  zone.years.set(year, found)
  return found
}

/** Of instants in (fromMs, toMs], ascending. @throws invalid_input there is no such zone */
export function transitionsBetween(name: string, fromMs: number, toMs: number): Transition[] {
  const zone = zoneNamed(name)
  const last = new Date(toMs).getUTCFullYear()
  const found: Transition[] = []
  for (let year = new Date(fromMs).getUTCFullYear(); year <= last; year++) {
    for (const transition of lookUpYear(zone, year).transitions)
      if (transition.atMs > fromMs && transition.atMs <= toMs) found.push(transition)
  }
  return found
}

/** Civil time minus instant, then. @throws invalid_input there is no such zone */
export function offsetAt(name: string, ms: number): number {
  const { startOffsetMs, transitions } = lookUpYear(zoneNamed(name), new Date(ms).getUTCFullYear())
  return transitions.findLast(({ atMs }) => atMs <= ms)?.afterMs ?? startOffsetMs
}

/** Those that may matter to civil times in [fromCivilMs, toCivilMs]. */
export const transitionsNear = (name: string, fromCivilMs: number, toCivilMs: number): Transition[] =>
  transitionsBetween(name, fromCivilMs - reachMs, toCivilMs + reachMs)

/** When a clock shows this: once, twice, or never; then `gap` is the change that skipped it. */
export interface Shown {
  readonly instants: readonly number[]
  readonly gap: Transition | null
}

/** @param near of `transitionsNear` */
export function whenShown(name: string, civilMs: number, near: readonly Transition[]): Shown {
  const first = near[0]
  if (!first) return { instants: [civilMs - offsetAt(name, civilMs)], gap: null }
  const instants: number[] = []
  let fromMs = -Infinity
  let offsetMs = first.beforeMs
  for (const change of [...near, null]) {
    const ms = civilMs - offsetMs
    if (ms >= fromMs && ms < (change?.atMs ?? Infinity)) instants.push(ms)
    if (change) [fromMs, offsetMs] = [change.atMs, change.afterMs]
  }
  if (instants.length > 0) return { instants, gap: null }
  const gap = near.find(at => at.atMs + at.beforeMs <= civilMs && civilMs < at.atMs + at.afterMs)
  if (!gap) throw new Error(`no instant and no gap for ${civilMs} in ${name}`)
  return { instants, gap }
}

/** `2026-03-29 02:00`, as clocks there show it. */
export const shownIn = (name: string, ms: number): string =>
  new Date(ms + offsetAt(name, ms)).toISOString().slice(0, 16).replace('T', ' ')
