/** Figures in words, for window and terminal alike. Pure. */

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** As restic shows sizes: `512 B`, `1.500 KiB`, `2.863 MiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${Math.round(count)} B`
  let value = count
  let unit = -1
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${halfToEven(value)} ${units[unit]}`
}

/** Three digits behind the point; a tie goes to the even one, as in Go, and so in what restic prints. */
function halfToEven(value: number): string {
  const thousandths = value * 1000 // exact enough: what is divided by 1024 ends in few binary places
  const below = Math.floor(thousandths)
  if (thousandths - below !== 0.5) return value.toFixed(3)
  return ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3)
}

/** Three significant digits at most, where space is short: `512 B`, `1.5 KiB`, `286 MiB`. */
export function shortBytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`
  let value = count
  let unit = -1
  do {
    value /= 1024
    unit += 1
  } while (value >= 999.5 && unit < units.length - 1)
  const digits = value < 9.95 ? 1 : 0
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** Bytes per second: `86 MiB/s`. */
export const rate = (bytesPerSecond: number): string => `${shortBytes(bytesPerSecond)}/s`

/** With separators: `1,234,567`. */
export const count = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 file`, `2,000 files`. */
export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`

/** `37.4 %`; 100 % only when it is all, 0 % only when it is nothing. */
export function percent(part: number, whole: number): string {
  if (whole <= 0 || part >= whole) return '100 %'
  if (part <= 0) return '0 %'
  const value = Math.min(99.9, Math.max(0.1, (part / whole) * 100))
  return `${value.toFixed(1)} %`
}

/** A stop-watch's face: `0:07`, `12:30`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

/** How long something took: `240 ms`, `3.2 s`, `2 min 5 s`, `1 h 4 min`, `3 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const pair = (big: number, bigName: string, small: number, smallName: string) =>
    small === 0 ? `${big} ${bigName}` : `${big} ${bigName} ${small} ${smallName}`
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

const spans: [name: string, ms: number][] = [
  ['year', 365.25 * 86_400_000],
  ['month', 30.44 * 86_400_000],
  ['week', 7 * 86_400_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]

/** `just now`, `3 minutes ago`, `in 2 days`. */
export function relative(thenMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - thenMs)
  const span = spans.find(([, ms]) => distance >= ms)
  if (!span) return 'just now'
  const words = plural(Math.floor(distance / span[1]), span[0])
  return thenMs <= nowMs ? `${words} ago` : `in ${words}`
}

/** This machine's time, as restic prints it: `2026-11-21 03:53:54`. */
export function localTime(epochMs: number): string {
  const date = new Date(epochMs)
  if (Number.isNaN(date.getTime())) return '(no time)'
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

// Control characters, and what turns the direction of text around: a file's name must not steer the terminal it is
// shown on, nor look like another name.
// oxlint-disable-next-line no-control-regex
const unprintable = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const spelled: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A name from disk or repository as it may be shown: control characters spelled out, `\x1b`. */
export const visible = (text: string): string =>
  text.replace(unprintable, char => {
    const code = char.charCodeAt(0)
    return (
      spelled[char] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`)
    )
  })
