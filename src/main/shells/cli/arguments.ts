import { InvalidArgumentError } from 'commander'
import type { ReadData } from '../../engine/index.ts'

/** Values of options, from text. All throw commander's InvalidArgumentError, which becomes exit code 2. */

/** For options that may be repeated. */
export const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value]

/** `a,b` is two; spaces around them are dropped, as restic does. */
export const splitTags = (text: string): string[] => text.split(',').map(tag => tag.trim())

/** `500`, `10k`, `1.5G`, `2GiB`: bytes, with 1024-based units. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|b)?$/i.exec(text.trim())
  if (!match) throw new InvalidArgumentError('A size is a number of bytes, or one with k, m, g or t: 10m.')
  const power = 'kmgt'.indexOf((match[2] ?? '').toLowerCase() || '-') + 1
  return Math.floor(Number(match[1]) * 1024 ** power)
}

export function parseCount(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a number from 1.')
  }
  return value
}

/** `2/7`: the second of seven parts. `5%`: packs picked at random. */
export function parseSubset(text: string): ReadData {
  const part = /^(\d+)\/(\d+)$/.exec(text)
  if (part) {
    const [n, of] = [Number(part[1]), Number(part[2])]
    if (n < 1 || n > of || of > 256) {
      throw new InvalidArgumentError('In n/t, n goes from 1 to t, and t is at most 256: 2/7.')
    }
    return { kind: 'part', n, of }
  }
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (share) {
    const percent = Number(share[1])
    if (percent <= 0 || percent > 100)
      throw new InvalidArgumentError('A percentage is above 0 and up to 100.')
    return { kind: 'percent', percent }
  }
  throw new InvalidArgumentError('A subset is n/t (2/7: the second of seven parts) or a percentage (5%).')
}

/**
 * `2026-11-21`, `2026-11-21 03:53`, `2026-11-21 03:53:54` in this machine's zone, or RFC 3339.
 * @returns epoch nanoseconds
 */
export function parseMoment(text: string): bigint {
  const wrong = () =>
    new InvalidArgumentError('A time is YYYY-MM-DD, perhaps with HH:MM or HH:MM:SS behind it.')
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(
      text.trim(),
    )
  if (!match) throw wrong()
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  // Date accepts the 31st of every month and makes it the 1st of the next
  const named = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  if (Number.isNaN(date.getTime()) || named.getUTCDate() !== Number(day)) throw wrong()
  return BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
