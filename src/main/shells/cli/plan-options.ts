import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { PlanDraft, PlanInput } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'
import { parseSize } from './arguments.ts'
import { findNamed } from './find-named.ts'
import { collectSchedules, schedulesFrom, type GivenSchedule } from './schedule-option.ts'

export interface PlanOptions {
  name?: string
  path?: string[]
  exclude?: string[] | false
  iexclude?: string[] | false
  excludeLargerThan?: number
  excludeIfPresent?: string[]
  oneFileSystem?: boolean
  component?: string
  config?: boolean
  destination?: string
  schedule?: GivenSchedule[] | false
  type?: 'incremental' | 'full' | 'config'
  zone?: string
  acPower?: boolean
  unmetered?: boolean
  lowPriority?: boolean
  keepLast?: number
  keepHourly?: number
  keepDaily?: number
  keepWeekly?: number
  keepMonthly?: number
  keepYearly?: number
  keepWithin?: string
  maxSize?: number
  before?: string[] | false
  after?: string[] | false
  onFailure?: string[] | false
  tag?: string[] | false
  compression?: PlanDraft['compression']
  maxMinutes?: number
  retries?: number
}

const several = (value: string, before: string[] | false | undefined): string[] => [...(before || []), value]
const schedules = (value: string, before: GivenSchedule[] | false | undefined): GivenSchedule[] =>
  collectSchedules(value, before || undefined)
const whole = (text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

/** @param edits the options say what is to be different: lists replace those that are there, and can be emptied */
export function addPlanOptions(command: Command, edits: boolean): Command {
  const lists = edits ? ' (replaces those that are there)' : ''
  const group = (heading: string, options: Option[]) => {
    for (const option of options) command.addOption(option.helpGroup(heading))
  }
  const none = (flag: string, what: string) => (edits ? [new Option(`--no-${flag}`, what)] : [])
  group('What:', [
    new Option('--name <name>', edits ? 'a new name' : 'what the plan is called'),
    new Option('--path <path>', `back this up; may be repeated${lists}`).argParser(several),
    new Option('--exclude <pattern>', `leave out what matches, as restic does${lists}`).argParser(several),
    new Option('--iexclude <pattern>', `the same in any case${lists}`).argParser(several),
    ...none('exclude', 'leave out nothing by patterns'),
    ...none('iexclude', 'leave out nothing by patterns in any case'),
    new Option('--exclude-larger-than <size>', 'leave out larger files').argParser(parseSize),
    new Option('--exclude-if-present <name>', 'leave out folders that hold such a file').argParser(several),
    new Option('--one-file-system', 'stay on the file systems of the paths'),
    new Option('--component <name>', 'what it is, to be restored alone: database, config, logs …'),
    new Option('--config', 'it is configuration: part of backups of the type config'),
    new Option('--tag <tag>', `on every snapshot; may be repeated${lists}`).argParser(several),
    ...none('tag', 'no tags'),
  ])
  group('When:', [
    new Option(
      '--schedule <when>',
      `hourly, daily@02:00, weekly@sun:03:00, monthly@1:04:00, every:15m or "cron:0 2 * * *"; may be repeated,\n` +
        `each perhaps with its type before it: full=weekly@sun:03:00${lists}`,
    ).argParser(schedules),
    ...none('schedule', 'only by hand'),
    new Option('--type <type>', 'what the schedules do (default: incremental)').choices([
      'incremental',
      'full',
      'config',
    ]),
    new Option('--zone <zone>', 'time zone of the schedules: Europe/Vienna (default: of the machine)'),
    new Option('--ac-power', 'wait until the computer is on AC power'),
    new Option('--unmetered', 'wait while the network is metered'),
    new Option('--low-priority', 'let other programs go first'),
    new Option('--max-minutes <n>', 'cancel a run that takes longer (default: 120)').argParser(whole),
    new Option('--retries <n>', 'after a failure that may pass (default: 3)').argParser(whole),
  ])
  group('Where, and how long (kept for a later version: this one removes no snapshot):', [
    new Option('--destination <name>', 'where to; may be left out when there is only one'),
    new Option('--compression <how>').choices(['off', 'fast', 'default', 'max']),
    new Option('--keep-last <n>', 'the newest').argParser(whole),
    new Option('--keep-hourly <n>').argParser(whole),
    new Option('--keep-daily <n>', 'one a day, of so many days (default: 7)').argParser(whole),
    new Option('--keep-weekly <n>', '(default: 4)').argParser(whole),
    new Option('--keep-monthly <n>', '(default: 3)').argParser(whole),
    new Option('--keep-yearly <n>').argParser(whole),
    new Option('--keep-within <duration>', 'all of that time: 1y5m7d2h'),
    new Option('--max-size <size>', 'in all, at most (default: 50 GB)').argParser(parseSize),
  ])
  group('Commands (a line for the shell; may be repeated):', [
    new Option('--before <command>', `before anything is read; if it fails, nothing is${lists}`).argParser(
      several,
    ),
    new Option('--after <command>', `afterwards, also when the backup failed${lists}`).argParser(several),
    new Option('--on-failure <command>', `only when it failed${lists}`).argParser(several),
    ...none('before', 'none before'),
    ...none('after', 'none after'),
    ...none('on-failure', 'none on failure'),
  ])
  return command
}

/**
 * A plan as the options say; what they don't say is as `base` has it.
 * @throws invalid_input, not_found (the destination)
 */
export function draftFrom(
  options: PlanOptions,
  base: PlanDraft | null,
  destinations: readonly Destination[],
): PlanInput {
  const name = options.name ?? base?.name
  if (name === undefined) throw missing('a name', '--name NAME')
  const schedules =
    options.schedule === false
      ? []
      : options.schedule === undefined
        ? (base?.schedules ?? []).map(old => ({ ...old, type: options.type ?? old.type }))
        : schedulesFrom(options.schedule, options.type ?? 'incremental', base?.schedules ?? [])
  const hooks = (given: string[] | false | undefined, before: PlanDraft['hooks']['before'] | undefined) =>
    given === undefined ? (before ?? []) : (given || []).map(command => ({ command }))
  return {
    ...base,
    name,
    sources: sourcesFrom(options, base),
    destinationIds:
      options.destination === undefined && base !== null
        ? base.destinationIds
        : [destinationFrom(options.destination, destinations)],
    schedules,
    ...(options.zone !== undefined && { zone: options.zone }),
    conditions: {
      ...base?.conditions,
      ...(options.acPower === true && { acPower: true }),
      ...(options.unmetered === true && { unmeteredNetwork: true }),
      ...(options.lowPriority === true && { lowPriority: true }),
    },
    retention: { ...base?.retention, standard: { ...base?.retention.standard, ...keepFrom(options) } },
    hooks: {
      before: hooks(options.before, base?.hooks.before),
      after: hooks(options.after, base?.hooks.after),
      onFailure: hooks(options.onFailure, base?.hooks.onFailure),
    },
    ...(options.tag !== undefined && { tags: options.tag || [] }),
    ...(options.compression !== undefined && { compression: options.compression }),
    ...(options.maxMinutes !== undefined && { maxRunMinutes: options.maxMinutes }),
    ...(options.retries !== undefined && { retries: options.retries }),
  }
}

function sourcesFrom(options: PlanOptions, base: PlanDraft | null): PlanInput['sources'] {
  const old = base?.sources[0]
  const rules = {
    ...(options.exclude !== undefined && { excludes: options.exclude || [] }),
    ...(options.iexclude !== undefined && { iexcludes: options.iexclude || [] }),
    ...(options.excludeLargerThan !== undefined && { excludeLargerThanBytes: options.excludeLargerThan }),
    ...(options.excludeIfPresent !== undefined && { excludeIfPresent: options.excludeIfPresent }),
    ...(options.oneFileSystem === true && { oneFileSystem: true }),
  }
  const changes = {
    ...(options.path !== undefined && { paths: options.path.map(path => resolve(path)) }),
    ...(options.component !== undefined && { component: options.component }),
    ...(options.config === true && { isConfig: true }),
  }
  const nothing = Object.keys(rules).length + Object.keys(changes).length === 0
  if (base !== null && nothing) return base.sources
  if (base !== null && base.sources.length > 1) {
    throw new AppError(
      'invalid_input',
      `"${base.name}" has several sources: which one is meant is not clear.`,
      {
        hint: 'Change it with `holdfast plan edit --editor`.',
      },
    )
  }
  if (old === undefined && options.path === undefined) throw missing('anything to back up', '--path PATH')
  return [{ kind: 'files', paths: [], ...old, ...changes, rules: { ...old?.rules, ...rules } }]
}

function destinationFrom(name: string | undefined, destinations: readonly Destination[]): string {
  if (name !== undefined) return findNamed('destination', destinations, name).id
  if (destinations.length === 1) return destinations[0]!.id
  throw destinations.length === 0
    ? new AppError('not_found', 'There is no destination yet.', {
        hint: 'Make one first: holdfast destination add NAME PLACE --create',
      })
    : missing('a destination', '--destination NAME')
}

const keepFrom = (options: PlanOptions) => ({
  ...(options.keepLast !== undefined && { last: options.keepLast }),
  ...(options.keepHourly !== undefined && { hourly: options.keepHourly }),
  ...(options.keepDaily !== undefined && { daily: options.keepDaily }),
  ...(options.keepWeekly !== undefined && { weekly: options.keepWeekly }),
  ...(options.keepMonthly !== undefined && { monthly: options.keepMonthly }),
  ...(options.keepYearly !== undefined && { yearly: options.keepYearly }),
  ...(options.keepWithin !== undefined && { within: options.keepWithin }),
  ...(options.maxSize !== undefined && { maxSizeBytes: options.maxSize }),
})

const missing = (what: string, option: string) =>
  new AppError('invalid_input', `The plan lacks ${what}.`, { hint: `Give ${option}.` })
