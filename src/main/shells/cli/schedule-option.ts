import { InvalidArgumentError } from 'commander'
import type { BackupType, Schedule, When } from '../../../shared/entities/plan.ts'

/** A schedule as `--schedule` takes it: `[TYPE=]WHEN`. */
export interface GivenSchedule {
  type: Schedule['type'] | null
  when: When
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const grammar =
  'A schedule is hourly, hourly@:30, daily@02:00, weekly@sun:03:00, monthly@1:04:00, every:15m or "cron:0 2 * * *".'
const types = ['incremental', 'full', 'config'] as const

/** For an option that may be repeated. @throws InvalidArgumentError it is no schedule */
export function collectSchedules(text: string, before: GivenSchedule[] | undefined): GivenSchedule[] {
  return [...(before ?? []), parseSchedule(text)]
}

export function parseSchedule(text: string): GivenSchedule {
  const typed = /^([a-z]+)=(.*)$/s.exec(text.trim())
  const type = typed === null ? null : types.find(name => name === typed[1])
  if (type === undefined) {
    throw new InvalidArgumentError(`Before = stands what is backed up: ${types.join(', ')}.`)
  }
  const when = parseWhen(typed?.[2] ?? text.trim())
  if (when === null) throw new InvalidArgumentError(grammar)
  return { type, when }
}

function parseWhen(text: string): When | null {
  const cron = /^cron:\s*(\S.*)$/s.exec(text)
  if (cron) return { kind: 'cron', expression: cron[1]!.trim() }
  const every = /^every:(\d{1,4})(m|h)$/.exec(text)
  if (every) {
    const minutes = Number(every[1]) * (every[2] === 'h' ? 60 : 1)
    return minutes >= 1 && minutes <= 1440 ? { kind: 'minutes', every: minutes } : null
  }
  const match = /^(hourly|daily|weekly|monthly)(?:@(.+))?$/.exec(text)
  if (!match) return null
  const [, kind, at] = match
  if (kind === 'hourly') {
    const minute = at === undefined ? '0' : /^:?(\d{1,2})$/.exec(at)?.[1]
    return minute !== undefined && Number(minute) < 60 ? { kind, minute: Number(minute) } : null
  }
  if (kind === 'daily') {
    const time = at === undefined ? '02:00' : timeOf(at)
    return time === null ? null : { kind, time }
  }
  const [, day, clock] = at === undefined ? [] : (/^([a-z]+|\d{1,2})(?::(.+))?$/i.exec(at) ?? [at, ''])
  if (kind === 'weekly') {
    const weekday = day === undefined ? 0 : days.indexOf(day.toLowerCase().slice(0, 3))
    const time = clock === undefined ? '03:00' : timeOf(clock)
    return weekday >= 0 && time !== null ? { kind, weekday, time } : null
  }
  const number = day === undefined ? 1 : /^\d+$/.test(day) ? Number(day) : 0
  const time = clock === undefined ? '04:00' : timeOf(clock)
  return number >= 1 && number <= 31 && time !== null ? { kind: 'monthly', day: number, time } : null
}

function timeOf(text: string): string | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text)
  if (!match || Number(match[1]) > 23 || Number(match[2]) > 59) return null
  return `${match[1]!.padStart(2, '0')}:${match[2]}`
}

/**
 * Schedules of a plan, out of those that were given. One that is as before keeps its ID, and with it where it stands.
 */
export function schedulesFrom(
  given: readonly GivenSchedule[],
  type: Exclude<BackupType, 'emergency'>,
  before: readonly Schedule[],
): Schedule[] {
  const left = [...before]
  const wanted = given.map(schedule => ({ type: schedule.type ?? type, when: schedule.when }))
  const same = wanted.map(({ type, when }) => {
    const at = left.findIndex(old => old.type === type && JSON.stringify(old.when) === JSON.stringify(when))
    return at === -1 ? null : left.splice(at, 1)[0]!
  })
  const taken = new Set(same.flatMap(old => (old === null ? [] : [old.id])))
  return wanted.map(({ type, when }, at) => {
    const old = same[at]
    if (old) return old
    const base = when.kind === 'minutes' ? 'every' : when.kind
    const id = [base, ...Array.from({ length: 20 }, (_, i) => `${base}-${i + 2}`)].find(id => !taken.has(id))!
    taken.add(id)
    return { id, type, when, enabled: true }
  })
}
