/** Times as this screen shows them, in the machine's zone. Pure. */

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (n: number): string => String(n).padStart(2, '0')

export const monthName = (ms: number): string => months[new Date(ms).getMonth()] ?? ''

export const yearOf = (ms: number): number => new Date(ms).getFullYear()

export const dayOfMonth = (ms: number): number => new Date(ms).getDate()

/** `02:04`. */
export const timeOfDay = (ms: number): string => {
  const date = new Date(ms)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `Thu 19 Nov`, and the year where it is another one. */
export function day(ms: number, nowMs: number): string {
  return `${weekdays[new Date(ms).getDay()]} ${shortDay(ms, nowMs)}`
}

/** `19 Nov`, `19 Nov 2025`. */
export function shortDay(ms: number, nowMs: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return 'no date'
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`
  return `${date.getDate()} ${months[date.getMonth()]}${year}`
}

/** `Thu 19 Nov 02:04`. */
export const dayAndTime = (ms: number, nowMs: number): string => `${day(ms, nowMs)} ${timeOfDay(ms)}`

/** As a list shows it, where space is short: `today 08:31`, `18 Nov 17:02`, `7 Jan 2025`. */
export function modified(ms: number, nowMs: number): string {
  const date = new Date(ms)
  const now = new Date(nowMs)
  if (date.toDateString() === now.toDateString()) return `today ${timeOfDay(ms)}`
  if (date.getFullYear() !== now.getFullYear()) return shortDay(ms, nowMs)
  return `${shortDay(ms, nowMs)} ${timeOfDay(ms)}`
}

/** Names a day for grouping: the same for two times of one day. */
export const dayKey = (ms: number): string => {
  const date = new Date(ms)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

export const monthKey = (ms: number): string => dayKey(ms).slice(0, 7)
