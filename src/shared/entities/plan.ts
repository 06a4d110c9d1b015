import { z } from 'zod'

/** What a plan says: what is protected, when, where to, and how long it is kept. */

const text = (most: number) => z.string().trim().min(1).max(most)
const times = z.int().min(0).max(10_000)
/** Names that go into tags and folder names: lower case, digits, dashes. */
const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes, 40 at most')

/** Local time of day, 24 hours. */
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time as 02:00')

/** restic's exclude rules. Patterns are restic's; a relative one is looked for everywhere below the source. */
export const Rules = z.strictObject({
  excludes: z.array(text(4096)).default([]),
  /** As `excludes`, in any case. */
  iexcludes: z.array(text(4096)).default([]),
  /** Folders that say themselves that they are a cache (CACHEDIR.TAG). */
  excludeCaches: z.boolean().default(true),
  /** Folders that hold a file of this name (`NAME[:HEADER]`). */
  excludeIfPresent: z.array(text(255)).default([]),
  excludeLargerThanBytes: z.int().positive().nullable().default(null),
  oneFileSystem: z.boolean().default(false),
})
export type Rules = z.output<typeof Rules>

export const FilesSource = z.strictObject({
  kind: z.literal('files'),
  /** Absolute. */
  paths: z.array(text(4096)).min(1).max(1000),
  /** What it is, so that it can be restored alone: database, models, config, logs … */
  component: slug.default('files'),
  /** Part of the backup type *config*. */
  isConfig: z.boolean().default(false),
  rules: Rules.prefault({}),
})

/** One thing a plan protects. Databases and volumes follow. */
export const Source = z.discriminatedUnion('kind', [FilesSource])
export type Source = z.output<typeof Source>

/** SPEC 2. `emergency` is never scheduled. */
export const BackupType = z.enum(['incremental', 'full', 'config', 'emergency'])
export type BackupType = z.output<typeof BackupType>

/** When a schedule is due, in the plan's time zone. */
export const When = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('minutes'), every: z.int().min(1).max(1440) }),
  z.strictObject({ kind: z.literal('hourly'), minute: z.int().min(0).max(59).default(0) }),
  z.strictObject({ kind: z.literal('daily'), time: timeOfDay.default('02:00') }),
  z.strictObject({
    kind: z.literal('weekly'),
    /** 0 is Sunday. */
    weekday: z.int().min(0).max(6).default(0),
    time: timeOfDay.default('03:00'),
  }),
  z.strictObject({
    kind: z.literal('monthly'),
    /** In a shorter month, its last day. */
    day: z.int().min(1).max(31).default(1),
    time: timeOfDay.default('04:00'),
  }),
  /** Five fields. */
  z.strictObject({ kind: z.literal('cron'), expression: text(200) }),
])
export type When = z.output<typeof When>

export const Schedule = z.strictObject({
  id: slug,
  type: BackupType.exclude(['emergency']).default('incremental'),
  when: When,
  enabled: z.boolean().default(true),
})
export type Schedule = z.output<typeof Schedule>

/** What holds a due run back; while one is not met the run waits and says why. */
export const Conditions = z.strictObject({
  acPower: z.boolean().default(false),
  unmeteredNetwork: z.boolean().default(false),
  /** Low CPU and I/O priority while it runs. */
  lowPriority: z.boolean().default(false),
  /** A due run that could not start (asleep, off, waiting) for longer than this is recorded as missed instead. */
  catchUpMinutes: z
    .int()
    .min(0)
    .max(60 * 24 * 366)
    .default(7 * 24 * 60),
})
export type Conditions = z.output<typeof Conditions>

/** Which snapshots stay; a snapshot stays when any of these keeps it. 0 keeps none by that rule. */
export const RetentionPolicy = z.strictObject({
  last: times.default(0),
  hourly: times.default(0),
  daily: times.default(7),
  weekly: times.default(4),
  monthly: times.default(3),
  yearly: times.default(0),
  /** As restic writes it: 1y5m7d2h; null for none. */
  within: z
    .string()
    .regex(/^(\d+[ymdh])+$/, 'a duration as 1y5m7d2h')
    .nullable()
    .default(null),
  tags: z.array(text(100)).default([]),
  minimum: times.default(1),
  maxSizeBytes: z.int().positive().nullable().default(50_000_000_000),
})
export type RetentionPolicy = z.output<typeof RetentionPolicy>

const keepOnly = (last: number) => ({ last, daily: 0, weekly: 0, monthly: 0, maxSizeBytes: null })

/** By backup type; what has no policy of its own follows `standard`. */
export const Retention = z.strictObject({
  standard: RetentionPolicy.prefault({}),
  full: RetentionPolicy.optional(),
  config: RetentionPolicy.prefault(keepOnly(90)),
  emergency: RetentionPolicy.prefault(keepOnly(10)),
})
export type Retention = z.output<typeof Retention>

/** A command that the system's shell runs; its output goes into the log of the run. */
export const Hook = z.strictObject({
  command: text(10_000),
  timeoutSeconds: z.int().min(1).max(86_400).default(60),
})
export type Hook = z.output<typeof Hook>

export const Hooks = z.strictObject({
  /** One that fails ends the run before anything is read. */
  before: z.array(Hook).default([]),
  /** Also when the backup failed. One that fails is a warning. */
  after: z.array(Hook).default([]),
  onFailure: z.array(Hook).default([]),
})
export type Hooks = z.output<typeof Hooks>

/** What a person decides about a plan. */
export const PlanDraft = z.strictObject({
  name: text(80),
  sources: z.array(Source).min(1).max(100),
  /** The first is backed up to; copies to others follow with a later version. */
  destinationIds: z
    .array(z.uuid())
    .min(1)
    .max(1, 'copies to further destinations are not there yet: name one'),
  /** IANA; null is the machine's own. */
  zone: text(64).nullable().default(null),
  schedules: z
    .array(Schedule)
    .max(20)
    .refine(all => new Set(all.map(({ id }) => id)).size === all.length, 'two schedules have the same id')
    .default([]),
  conditions: Conditions.prefault({}),
  retention: Retention.prefault({}),
  hooks: Hooks.prefault({}),
  compression: z.enum(['off', 'fast', 'default', 'max']).default('default'),
  tags: z.array(z.string().regex(/^[^,]{1,100}$/, 'no commas')).default([]),
  /** Then it is cancelled, and the next run goes on from there. */
  maxRunMinutes: z
    .int()
    .min(1)
    .max(60 * 24 * 14)
    .default(120),
  /** After a failure that may pass (RELIABILITY: `failures[…].retry`), with growing pauses; 0 for none. */
  retries: z.int().min(0).max(20).default(3),
})
export type PlanDraft = z.output<typeof PlanDraft>
export type PlanInput = z.input<typeof PlanDraft>

/** Where a schedule stands. */
export const ScheduleState = z.object({
  id: z.string(),
  /** Kept through restarts and sleep; null when it never comes, is off, or the plan is paused. */
  nextDueAtMs: z.number().nullable(),
  /** "every day at 02:00". */
  words: z.string(),
  consecutiveFailures: z.int(),
  /** Set when three failures in a row, or a time that never comes, turned it off. */
  disabledBecause: z.string().nullable(),
})
export type ScheduleState = z.output<typeof ScheduleState>

export const Plan = PlanDraft.extend({
  id: z.uuid(),
  revision: z.int(),
  createdAtMs: z.number(),
  /** No schedule starts before: null when not paused; `forever` until somebody resumes it. */
  pausedUntilMs: z.union([z.number(), z.literal('forever')]).nullable(),
  schedule: z.array(ScheduleState),
})
export type Plan = z.output<typeof Plan>
