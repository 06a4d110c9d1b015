import { z } from 'zod'

export const Settings = z.strictObject({
  /** No schedule of any plan starts before; `forever` until resumed; null when not paused. */
  pausedUntilMs: z
    .union([z.number(), z.literal('forever')])
    .nullable()
    .default(null),
  /** null: as many as the machine has cores; half of them on battery. */
  threads: z.int().min(1).max(64).nullable().default(null),
  memoryBytes: z.int().min(150_000_000).nullable().default(null),
  runLogDays: z.int().min(1).max(36_500).default(365),
})
export type Settings = z.output<typeof Settings>

/** A change of some of them. No defaults here: what is not named stays. */
export const SettingsChange = z
  .strictObject({
    threads: Settings.shape.threads.unwrap(),
    memoryBytes: Settings.shape.memoryBytes.unwrap(),
    runLogDays: Settings.shape.runLogDays.unwrap(),
  })
  .partial()
export type SettingsChange = z.output<typeof SettingsChange>

export const VaultInfo = z.object({
  kind: z.enum(['keychain', 'sealed-file']),
  state: z.enum(['open', 'locked', 'new', 'unavailable']),
  /** Why it is this one and what it means, for people. */
  explanation: z.string(),
})
export type VaultInfo = z.output<typeof VaultInfo>

export const AppInfo = z.object({
  version: z.string(),
  dataDirectory: z.string(),
  hostname: z.string(),
  pid: z.int(),
  /** Which shell hosts the application. */
  host: z.enum(['desktop', 'server', 'cli']),
  startedAtMs: z.number(),
  nowMs: z.number(),
  vault: VaultInfo,
})
export type AppInfo = z.output<typeof AppInfo>

/** The one thing people want to know. Nothing is `protected` that has not been proven. */
export const Status = z.object({
  revision: z.int(),
  state: z.enum(['not-set-up', 'protected', 'gaps', 'working', 'waiting', 'attention']),
  sentence: z.string(),
  plans: z.array(
    z.object({
      planId: z.uuid(),
      name: z.string(),
      state: z.enum(['protected', 'gaps', 'working', 'waiting', 'attention', 'paused']),
      sentence: z.string(),
      newestSnapshotAtMs: z.number().nullable(),
      nextDueAtMs: z.number().nullable(),
      lastRunId: z.uuid().nullable(),
    }),
  ),
  runningRunIds: z.array(z.uuid()),
})
export type Status = z.output<typeof Status>

export const AuditEntry = z.object({
  seq: z.int(),
  atMs: z.number(),
  who: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string(),
  /** SHA-256 over the entry and the hash before it, hex. */
  hash: z.string(),
})
export type AuditEntry = z.output<typeof AuditEntry>
