import type { RetentionPolicy } from '../../shared/entities/plan.ts'
import { plural } from '../../shared/wording.ts'

/** Retention as people say it. Pure. */

export const keepRules = [
  ['last', 'the last', 'snapshot'],
  ['hourly', 'one per hour, for', 'hour'],
  ['daily', 'one per day, for', 'day'],
  ['weekly', 'one per week, for', 'week'],
  ['monthly', 'one per month, for', 'month'],
  ['yearly', 'one per year, for', 'year'],
] as const

export type KeepRule = (typeof keepRules)[number][0]

/** `7 days, 4 weeks, 3 months`; what nothing keeps is kept by nothing, so then it is `the newest only`. */
export function keepWords(policy: RetentionPolicy): string {
  const parts = keepRules
    .filter(([rule]) => policy[rule] > 0)
    .map(([rule, , unit]) => (rule === 'last' ? `the last ${policy.last}` : plural(policy[rule], unit)))
  if (policy.within !== null) parts.push(`all of the last ${withinWords(policy.within)}`)
  return parts.length === 0 ? 'the newest only' : parts.join(', ')
}

const spans: Record<string, string> = { y: 'year', m: 'month', d: 'day', h: 'hour' }

/** `1y6m` → `1 year 6 months`. */
export function withinWords(within: string): string {
  return [...within.matchAll(/(\d+)([ymdh])/g)]
    .map(([, n = '0', unit = 'd']) => plural(Number(n), spans[unit] ?? unit))
    .join(' ')
}

export const gigabyte = 1_000_000_000

/** As it is typed: `50 GB`. */
export const gigabytes = (bytes: number): string => `${Number((bytes / gigabyte).toFixed(3))} GB`
