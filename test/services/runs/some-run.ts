import { randomUUID } from 'node:crypto'
import type { Run } from '../../../src/shared/entities/run.ts'

/** A run's record, as it is when asked for. */
export const someRun = (more: Partial<Run> = {}): Run => ({
  id: randomUUID(),
  revision: 1,
  planId: randomUUID(),
  planName: 'Documents',
  destinationId: randomUUID(),
  kind: 'backup',
  type: 'incremental',
  dryRun: false,
  trigger: 'schedule',
  scheduleId: 'daily',
  dueAtMs: null,
  state: 'queued',
  waitingFor: null,
  createdAtMs: 1_000_000,
  startedAtMs: null,
  endedAtMs: null,
  progress: null,
  counts: null,
  warnings: 0,
  error: null,
  snapshotId: null,
  followsRunId: null,
  attempt: 1,
  askedBy: 'schedule',
  command: 'holdfast backup',
  ...more,
})
