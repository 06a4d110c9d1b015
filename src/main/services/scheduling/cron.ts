import { CronExpressionParser } from 'cron-parser'
import cronstrue from 'cronstrue'
import { AppError } from '../../../shared/errors.ts'
import { dayMs } from './zone.ts'

/**
 * A line of cron, five fields. Fields are checked here, so that a mistake is named; which days match is worked out by
 * cron-parser, in UTC: it is asked for days of the calendar only, and when.ts makes instants of them.
 *
 * As with cron everywhere, a line that restricts both the day of the month and the day of the week means either.
 * Beyond the usual there are `L` (last day of the month), `5L` (last Friday) and `1#2` (second Monday).
 */
export interface Cron {
  /** Of the day, ascending. */
  readonly minutes: readonly number[]
  /** All 24 hours are named, so that it follows the hours as they pass, not as clocks name them. */
  readonly everyHour: boolean
  /** The first day that matches, not before this one; in days since 1970. null: none ever does. */
  nextDay(day: number): number | null
}

interface Field {
  readonly name: string
  readonly lowest: number
  readonly highest: number
  readonly right: string
  readonly names?: readonly string[]
  /** What else may stand for the whole field. */
  readonly special?: RegExp
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const fields: readonly [Field, Field, Field, Field, Field] = [
  { name: 'minute', lowest: 0, highest: 59, right: '0 to 59, as in 30, 0,30 or */15' },
  { name: 'hour', lowest: 0, highest: 23, right: '0 to 23, as in 2, 9-17 or */6' },
  {
    name: 'day of the month',
    lowest: 1,
    highest: 31,
    right: '1 to 31, L for the last one, or *',
    special: /^L$/i,
  },
  { name: 'month', lowest: 1, highest: 12, right: '1 to 12, JAN to DEC, or *', names: months },
  {
    name: 'day of the week',
    lowest: 0,
    highest: 7,
    right: '0 to 7 (0 and 7 are Sunday), SUN to SAT, 1#2 for the second Monday, 5L for the last Friday, or *',
    names: weekdays,
    special: /^([0-7]L|[0-7]#[1-5])$/i,
  },
]
const longestMonths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const example =
  'Write five fields: minute, hour, day of the month, month, day of the week; "0 2 * * 1-5" is 02:00 from Monday to Friday.'

function values(field: Field, text: string, line: string): number[] {
  const wrong = (what: string) =>
    new AppError('invalid_input', `The ${field.name} in the cron line "${line}" is not right: ${what}.`, {
      hint: `Use ${field.right}.`,
    })
  const numberOf = (word: string): number => {
    const named = field.names?.indexOf(word.toLowerCase()) ?? -1
    const value =
      named >= 0 ? named + (field.names === months ? 1 : 0) : /^\d{1,4}$/.test(word) ? Number(word) : NaN
    if (Number.isNaN(value)) throw wrong(`"${word}" is not a ${field.name}`)
    if (value < field.lowest || value > field.highest)
      throw wrong(`${word} is not from ${field.lowest} to ${field.highest}`)
    return value
  }
  const found = new Set<number>()
  for (const item of text.split(',')) {
    const [, range = '', step] = /^([^/]*)(?:\/(.*))?$/.exec(item) ?? []
    if (range === '')
      throw wrong(item === '' ? 'there is a comma too many' : `"${item}" lacks what "/" divides`)
    const every = step === undefined ? 1 : /^\d{1,4}$/.test(step) ? Number(step) : 0
    if (every === 0) throw wrong(`"/${step}" is not a step; one is 1 or more`)
    let [from, to] = [field.lowest, field.highest]
    if (range !== '*' && range !== '?') {
      const words = range.split('-')
      if (words.length > 2) throw wrong(`"${item}" is not a range`)
      from = numberOf(words[0] ?? '')
      to = words[1] !== undefined ? numberOf(words[1]) : step === undefined ? from : field.highest
      if (field.names === weekdays && to === 0 && from > 0) to = 7 // FRI-SUN
      if (from > to) throw wrong(`"${range}" runs backwards; write it as two ranges, with a comma between`)
    }
    for (let value = from; value <= to; value += every)
      found.add(field.names === weekdays ? value % 7 : value)
  }
  return [...found].sort((a, b) => a - b)
}

/** `*` where the field holds nothing back, what it is where it is special, else the numbers. */
function plain(field: Field, text: string, line: string): string {
  if (field.special?.test(text)) return text.toUpperCase().replace(/^7/, '0')
  const list = values(field, text, line)
  return /^[*?](\/1)?$/.test(text) ? '*' : list.join(',')
}

const parsed = new Map<string, Cron>()

/** @throws invalid_input, naming the field */
export function parseCron(expression: string): Cron {
  const line = expression.trim().replace(/\s+/g, ' ')
  const known = parsed.get(line)
  if (known) return known
  const texts = line.split(' ')
  if (texts.length !== 5) {
    const why = line.startsWith('@')
      ? 'is a short name'
      : `has ${texts.length} ${texts.length === 1 ? 'field' : 'fields'}`
    throw new AppError('invalid_input', `The cron line "${line}" ${why}, not five fields.`, { hint: example })
  }
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = ''] = texts
  const minutesOfHour = values(fields[0], minuteText, line)
  const hours = values(fields[1], hourText, line)
  const days = plain(fields[2], dayText, line)
  const monthList = plain(fields[3], monthText, line)
  const weekdayList = plain(fields[4], weekdayText, line)
  const cron: Cron = {
    minutes: hours.flatMap(hour => minutesOfHour.map(minute => hour * 60 + minute)),
    everyHour: hours.length === 24,
    nextDay: never(days, monthList, weekdayList)
      ? () => null
      : dayFinder(`0 0 ${days} ${monthList} ${weekdayList}`),
  }
  if (parsed.size >= 500) parsed.clear() // lines that people try out while they type
  parsed.set(line, cron)
  return cron
}

/** The 30th of February; cron-parser refuses it, but the line is a right one. */
function never(days: string, monthList: string, weekdayList: string): boolean {
  if (weekdayList !== '*' || days === '*' || days === 'L' || monthList === '*') return false
  const earliest = Number(days.split(',')[0])
  return monthList.split(',').every(month => earliest > (longestMonths[Number(month) - 1] ?? 0))
}

function dayFinder(line: string): Cron['nextDay'] {
  const expression = CronExpressionParser.parse(line, { tz: 'UTC', currentDate: 0 })
  let [from, found] = [0, -1]
  return day => {
    if (day >= from && day <= found) return found // nothing lies between them
    expression.reset(new Date(day * dayMs - 1000))
    try {
      ;[from, found] = [day, expression.next().getTime() / dayMs]
    } catch {
      return null // it gave up after decades
    }
    return found
  }
}

/** `at 02:30, Monday through Friday (cron 30 2 * * 1-5)`. @throws invalid_input */
export function cronWords(expression: string): string {
  parseCron(expression)
  const line = expression.trim().replace(/\s+/g, ' ')
  let words: string
  try {
    words = cronstrue.toString(line.toUpperCase(), { use24HourTimeFormat: true })
  } catch {
    return `by cron ${line}` // one that it has no words for is none the worse for it
  }
  const [, , days = '*', , weekday = '*'] = line.split(' ')
  if (!/^[*?]/.test(days) && !/^[*?]/.test(weekday)) words = words.replace(', and ', ', or ')
  return `${words.charAt(0).toLowerCase()}${words.slice(1)} (cron ${line})`
}
