import { z } from 'zod'
import { failures, type FailureCode } from '../errors.ts'
import { RestoreCounts, RestoreRequest } from './browse.ts'
import { BackupType } from './plan.ts'

/**
 * A run's life: queued → waiting ⇄ running ⇄ paused → cancelling → one of the ends. `missed` and `skipped` never ran.
 */
export const RunState = z.enum([
  'queued',
  /** Something has to happen first; `waitingFor` says what. */
  'waiting',
  'running',
  'paused',
  'cancelling',
  'succeeded',
  /** A snapshot was made, but some files could not be read. */
  'partial',
  'failed',
  'cancelled',
  /** The process ended in the middle of it; what was stored is reused by the run that finishes it. */
  'interrupted',
  /** Due, but the machine was asleep or off, or the wait was too long. */
  'missed',
  /** Due while an earlier run of the same schedule was still going on. */
  'skipped',
])
export type RunState = z.output<typeof RunState>

export const endStates = [
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'interrupted',
  'missed',
  'skipped',
] as const
export const hasEnded = (state: RunState): boolean => (endStates as readonly string[]).includes(state)

export const WireErrorShape = z.object({
  code: z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]]),
  message: z.string(),
  hint: z.string().optional(),
})

export const RunCounts = z.object({
  filesNew: z.number(),
  filesChanged: z.number(),
  filesUnmodified: z.number(),
  /** All files looked at. */
  filesTotal: z.number(),
  bytesScanned: z.number(),
  /** Plain bytes that the repository did not have. */
  bytesNew: z.number(),
  /** What they take there. */
  bytesStored: z.number(),
})
export type RunCounts = z.output<typeof RunCounts>

export const RunProgress = z.object({
  phase: z.enum(['prepare', 'scan', 'store', 'commit', 'hooks', 'restore']),
  doneFiles: z.number(),
  doneBytes: z.number(),
  /** null until all has been counted. */
  totalFiles: z.number().nullable(),
  totalBytes: z.number().nullable(),
  bytesPerSecond: z.number().nullable(),
  msLeft: z.number().nullable(),
  path: z.string(),
})
export type RunProgress = z.output<typeof RunProgress>

export const Run = z.object({
  id: z.uuid(),
  revision: z.int(),
  /** null when the plan has been removed since. */
  planId: z.uuid().nullable(),
  planName: z.string(),
  destinationId: z.uuid().nullable(),
  kind: z.enum(['backup', 'restore']),
  type: BackupType,
  dryRun: z.boolean(),
  trigger: z.enum(['schedule', 'catch-up', 'manual', 'retry', 'recovery']),
  scheduleId: z.string().nullable(),
  /** The slot it answers to. */
  dueAtMs: z.number().nullable(),
  state: RunState,
  /** In words, while it waits: "The drive with Photos is not connected." */
  waitingFor: z.string().nullable(),
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  progress: RunProgress.nullable(),
  /** null until there is a result. */
  counts: RunCounts.nullable(),
  /** Of a restore: what was asked for, and what came of it so far. */
  restore: RestoreRequest.optional(),
  restoreCounts: RestoreCounts.optional(),
  warnings: z.int(),
  error: WireErrorShape.nullable(),
  snapshotId: z.string().nullable(),
  /** The run that this one tries again or finishes. */
  followsRunId: z.uuid().nullable(),
  attempt: z.int(),
  /** Who asked: "schedule", "desktop", "cli root", "http". */
  askedBy: z.string(),
  /** What does the same on the command line; holds no secret. */
  command: z.string(),
})
export type Run = z.output<typeof Run>

export const LogLine = z.object({
  seq: z.int(),
  atMs: z.number(),
  level: z.enum(['info', 'warning', 'error', 'output']),
  text: z.string(),
})
export type LogLine = z.output<typeof LogLine>

export const RunWarning = z.object({
  seq: z.int(),
  kind: z.enum(['unreadable', 'metadata', 'note']),
  path: z.string(),
  message: z.string(),
})
export type RunWarning = z.output<typeof RunWarning>
