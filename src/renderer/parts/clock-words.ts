/** Days and times as people name them near to now. Pure; in this machine's zone. */

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')

/** Local midnights between two times. */
function daysBetween(fromMs: number, toMs: number): number {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0)
  return Math.round((midnight(toMs) - midnight(fromMs)) / 86_400_000)
}

export const clockTime = (ms: number): string => {
  const date = new Date(ms)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `Today 02:04`, `Tonight 02:00` (before the next morning), `Tomorrow 12:00`, `Sun 8 Nov 03:00`, `8 Nov 2025`. */
export function dayAndTime(ms: number, nowMs: number): string {
  const distance = daysBetween(nowMs, ms)
  const date = new Date(ms)
  if (distance === 0) return `Today ${clockTime(ms)}`
  if (distance === -1) return `Yesterday ${clockTime(ms)}`
  if (distance === 1) return `${date.getHours() < 6 ? 'Tonight' : 'Tomorrow'} ${clockTime(ms)}`
  const day = `${date.getDate()} ${months[date.getMonth()]}`
  if (date.getFullYear() !== new Date(nowMs).getFullYear()) return `${day} ${date.getFullYear()}`
  return `${days[date.getDay()]} ${day} ${clockTime(ms)}`
}
