import { corrupt } from './corrupt.ts'

const billion = 1_000_000_000n
const cycleSeconds = 146_097n * 86_400n // 400 years, after which the calendar repeats
const dateSeconds = 8_640_000_000_000n // as far from 1970 as a Date reaches

/** What Go writes for a time that nobody set. */
export const zeroTime = '0001-01-01T00:00:00Z'

/** Whole days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
function daysFromDate(year: number, month: number, day: number): number {
  // Counting years from March puts the leap day at a year's end.
  const fromMarch = month > 2 ? month - 3 : month + 9
  const y = month > 2 ? year : year - 1
  const yearDays = 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400)
  return yearDays + Math.floor((153 * fromMarch + 2) / 5) + day - 1 - 719_468
}

/** For instants that no Date can name: one of the same place in the 400 years, outside 0–9999 on the same side. */
function nearerSeconds(seconds: bigint): bigint {
  if (seconds > dateSeconds) return (seconds % cycleSeconds) + 25n * cycleSeconds
  if (seconds < -dateSeconds) return (seconds % cycleSeconds) - 25n * cycleSeconds
  return seconds
}

const twoDigits = (value: number): string => (value < 10 ? `0${value}` : String(value))

/**
 * RFC 3339 as Go writes it: nanoseconds with trailing zeros trimmed, the zone's offset at that instant, `Z` for 0.
 * Years are clamped to 0–9999.
 * @param offsetMinutes east of UTC; by default what this machine's zone says for that instant
 */
export function formatTime(epochNs: bigint, offsetMinutes?: number): string {
  let wholeSeconds = epochNs / billion
  let ns = Number(epochNs - wholeSeconds * billion)
  if (ns < 0) {
    ns += 1_000_000_000
    wholeSeconds -= 1n
  }
  const { text, zone } =
    offsetMinutes === undefined ? localSecond(wholeSeconds) : secondText(wholeSeconds, offsetMinutes)
  if (ns === 0) return text + zone
  let end = 9
  const digits = String(ns).padStart(9, '0')
  while (digits.charCodeAt(end - 1) === 0x30) end--
  return `${text}.${digits.slice(0, end)}${zone}`
}

interface SecondText {
  readonly text: string
  readonly zone: string
}

interface KnownSecond {
  readonly seconds: bigint
  readonly found: SecondText
}
let last: KnownSecond | null = null
let lastButOne: KnownSecond | null = null

/**
 * The times of a folder's files are often of the same second, those of their inodes of another, and a second's text
 * takes most of the work.
 */
function localSecond(seconds: bigint): SecondText {
  if (last?.seconds !== seconds) {
    const known = lastButOne?.seconds === seconds ? lastButOne : null
    lastButOne = last
    last = known ?? { seconds, found: secondText(seconds, null) }
  }
  return last.found
}

/** @param offsetMinutes null: what this machine's zone says for that instant */
function secondText(seconds: bigint, offsetMinutes: number | null): SecondText {
  const epochMs = Number(nearerSeconds(seconds)) * 1000
  // Offsets of a zone's early days may hold seconds. Go cuts them off too, and so names another instant; we don't.
  const offset = offsetMinutes ?? -Math.trunc(new Date(epochMs).getTimezoneOffset())

  // At the very ends of Date's range the offset may lead out of it; both ends are clamped to the same text anyway.
  const localMs = Math.min(8.64e15, Math.max(-8.64e15, epochMs + offset * 60_000))
  let text = new Date(localMs).toISOString()
  if (text.length === 24) text = text.slice(0, 19)
  else {
    const past = text.startsWith('-')
    text = (past ? '0000' : '9999') + text.slice(7, 22)
    if (text.startsWith('9999-02-29')) text = `9999-03-01${text.slice(10)}`
  }
  if (offset === 0) return { text, zone: 'Z' }
  const minutes = Math.abs(offset)
  return {
    text,
    zone: `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`,
  }
}

const shape =
  /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,](\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/

function isDate(text: string): boolean {
  const day = Number(text.slice(8, 10))
  if (day <= 28) return true
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  const next = month === 12 ? daysFromDate(year + 1, 1, 1) : daysFromDate(year, month + 1, 1)
  return day <= next - daysFromDate(year, month, 1)
}

/** The same up to the 28th, which needs no calendar, and without capturing: four times as fast. */
const usual =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** Whether `parseTime` takes this text. */
export const isTime = (text: string): boolean => usual.test(text) || (shape.test(text) && isDate(text))

/** An instant in two numbers: whole seconds since 1970, rounded down, and 0 to 999,999,999 nanoseconds more. */
export interface Instant {
  readonly seconds: number
  readonly ns: number
}

/** Without BigInt, for many files. @throws {AppError} data_corrupt not RFC 3339 */
export function parseInstant(text: string): Instant {
  const match = shape.exec(text)
  if (match === null || !isDate(text)) {
    throw corrupt(
      `A time must look like 2024-02-29T12:34:56.5Z, but one is ${JSON.stringify(text.slice(0, 40))}.`,
    )
  }
  const [, year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute] = match
  const days = daysFromDate(Number(year), Number(month), Number(day))
  let seconds = days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  if (sign !== undefined) {
    const offset = Number(zoneHour) * 3600 + Number(zoneMinute) * 60
    seconds += sign === '+' ? -offset : offset
  }
  return { seconds, ns: fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0')) }
}

/** Nanoseconds since 1970. @throws {AppError} data_corrupt not RFC 3339 */
export function parseTime(text: string): bigint {
  const { seconds, ns } = parseInstant(text)
  return BigInt(seconds) * billion + BigInt(ns)
}

/** Whether two texts name one instant, whatever their zones. */
export const sameInstant = (a: string, b: string): boolean => a === b || parseTime(a) === parseTime(b)
