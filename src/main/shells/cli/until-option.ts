import { InvalidArgumentError } from 'commander'

/**
 * How long a pause lasts: `1h`, `30m`, `2d`; `tomorrow`; `18:30`, the next time it is; `2026-11-21`, perhaps with
 * ` 18:30`; `resumed`. In this machine's time.
 * @throws InvalidArgumentError
 */
export function parseUntil(text: string, nowMs: number): number | 'forever' {
  const wrong = () =>
    new InvalidArgumentError(
      'It is 30m, 1h, 2d, tomorrow, a time as 18:30, a date as 2026-11-21, or resumed.',
    )
  if (text === 'resumed') return 'forever'
  const span = /^(\d{1,4})(m|h|d)$/.exec(text)
  if (span) {
    const ms = Number(span[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[span[2] as 'm' | 'h' | 'd']
    if (ms === 0) throw wrong()
    return nowMs + ms
  }
  const now = new Date(nowMs)
  const on = (day: number, hour: number, minute: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + day, hour, minute).getTime()
  if (text === 'tomorrow') return on(1, 0, 0)
  const clock = /^(\d{1,2}):(\d{2})$/.exec(text)
  if (clock && Number(clock[1]) < 24 && Number(clock[2]) < 60) {
    const today = on(0, Number(clock[1]), Number(clock[2]))
    return today > nowMs ? today : on(1, Number(clock[1]), Number(clock[2]))
  }
  const date = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d))?$/.exec(text)
  if (!date) throw wrong()
  const [year, month, day, hour = 0, minute = 0] = date.slice(1).map(part => Number(part ?? 0))
  const then = new Date(year!, month! - 1, day, hour, minute)
  if (then.getMonth() !== month! - 1 || then.getDate() !== day || hour > 23 || minute > 59) throw wrong()
  if (then.getTime() <= nowMs) throw new InvalidArgumentError('That time is past.')
  return then.getTime()
}
