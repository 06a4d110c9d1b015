import type { Status } from '../../../shared/entities/application.ts'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Hook, Plan, RetentionPolicy, Rules } from '../../../shared/entities/plan.ts'
import type { Run, RunState } from '../../../shared/entities/run.ts'
import { count, duration, localTime, plural, relative, shortBytes, visible } from '../../../shared/wording.ts'
import { columnsOf, padEnd } from './table.ts'

/** What the application knows, in words. Pure. */

export const shortOf = (id: string): string => id.slice(0, 8)

/** `3 minutes ago`; with `-v` the time itself stands before it. */
export function moment(ms: number | null, nowMs: number, verbose: number, none = '-'): string {
  if (ms === null) return none
  return verbose > 0 ? `${localTime(ms)} (${relative(ms, nowMs)})` : relative(ms, nowMs)
}

export const stateWords: Record<Status['state'] | Status['plans'][number]['state'], string> = {
  'not-set-up': 'Not set up',
  protected: 'Protected',
  gaps: 'Protected, with gaps',
  working: 'Working',
  waiting: 'Waiting',
  attention: 'Needs attention',
  paused: 'Paused',
}

/** A plan's state in a table; without a snapshot nothing is protected. */
export function planState(status: Status['plans'][number] | undefined): string {
  if (status === undefined) return '-'
  if (status.state === 'gaps' && status.newestSnapshotAtMs === null) return 'No snapshot yet'
  return stateWords[status.state]
}

/** State and sentence, without saying the same twice. */
export function planSentence(status: Status['plans'][number] | undefined): string {
  if (status === undefined) return ''
  const state = planState(status)
  const repeats = status.newestSnapshotAtMs === null || status.sentence.startsWith(`${state}.`)
  return visible(repeats ? status.sentence : `${state}. ${status.sentence}`)
}

export const runWords: Record<RunState, string> = {
  queued: 'Queued',
  waiting: 'Waiting',
  running: 'Running',
  paused: 'Held',
  cancelling: 'Cancelling',
  succeeded: 'Done',
  partial: 'Done, with gaps',
  failed: 'Failed',
  cancelled: 'Cancelled',
  interrupted: 'Interrupted',
  missed: 'Missed',
  skipped: 'Skipped',
}

export const presenceWords: Record<Destination['presence'], string> = {
  present: 'There',
  absent: 'Not there',
  unknown: 'Unknown',
}

/** Names before texts, as wide as the widest name; a text of several lines stays behind its name. */
export function facts(
  pairs: readonly (readonly [name: string, text: string | readonly string[]])[],
): string[] {
  const shown = pairs.filter(([, text]) => text.length > 0)
  const width = Math.max(0, ...shown.map(([name]) => columnsOf(name)))
  return shown.flatMap(([name, text]) =>
    (typeof text === 'string' ? [text] : text).map((line, at) =>
      `${padEnd(at === 0 ? name : '', width)}  ${line}`.trimEnd(),
    ),
  )
}

export function rulesWords({
  excludes,
  iexcludes,
  excludeCaches,
  excludeIfPresent,
  excludeLargerThanBytes,
  oneFileSystem,
}: Rules): string[] {
  return [
    ...excludes.map(visible),
    ...iexcludes.map(pattern => `${visible(pattern)} (in any case)`),
    ...(excludeCaches ? ['caches (CACHEDIR.TAG)'] : []),
    ...excludeIfPresent.map(name => `folders that hold ${visible(name)}`),
    ...(excludeLargerThanBytes === null ? [] : [`files larger than ${shortBytes(excludeLargerThanBytes)}`]),
    ...(oneFileSystem ? ['other file systems'] : []),
  ]
}

/** `7 days, 4 weeks, 3 months, 47 GiB at most`. */
export function keepWords(policy: RetentionPolicy): string {
  const parts = [
    policy.last > 0 && `the last ${count(policy.last)}`,
    policy.hourly > 0 && plural(policy.hourly, 'hour'),
    policy.daily > 0 && plural(policy.daily, 'day'),
    policy.weekly > 0 && plural(policy.weekly, 'week'),
    policy.monthly > 0 && plural(policy.monthly, 'month'),
    policy.yearly > 0 && plural(policy.yearly, 'year'),
    policy.within !== null && `all of the last ${policy.within}`,
    policy.tags.length > 0 && `tagged ${policy.tags.map(visible).join(', ')}`,
    policy.maxSizeBytes !== null && `${shortBytes(policy.maxSizeBytes)} at most`,
  ]
  return parts.filter(part => part !== false).join(', ') || `the newest ${count(policy.minimum)}`
}

export const hookWords = (hooks: readonly Hook[]): string[] =>
  hooks.map(
    ({ command, timeoutSeconds }) => `${visible(command)} (${plural(timeoutSeconds, 'second')} at most)`,
  )

export function pausedWords(until: Plan['pausedUntilMs'], nowMs: number, verbose: number): string {
  if (until === null || (until !== 'forever' && until <= nowMs)) return ''
  return until === 'forever'
    ? 'until resumed'
    : `until ${verbose > 0 ? localTime(until) : localTime(until).slice(0, 16)}`
}

/** Why a run is as it is: what it waits for, what it failed at, what it could not read. */
export function runRemark({ state, waitingFor, error, warnings, dryRun }: Run): string {
  if (waitingFor !== null) return visible(waitingFor)
  if (error !== null) return visible(error.message)
  const notes = [
    dryRun && 'dry run',
    warnings > 0 && plural(warnings, 'warning'),
    state === 'interrupted' && 'the next run goes on from there',
  ]
  return notes.filter(note => note !== false).join(', ')
}

export const tookWords = ({ startedAtMs, endedAtMs }: Run): string =>
  startedAtMs === null || endedAtMs === null ? '-' : duration(endedAtMs - startedAtMs)
