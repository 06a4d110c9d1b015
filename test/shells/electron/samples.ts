import { Settings, type Status } from '../../../src/shared/entities/application.ts'
import { Plan } from '../../../src/shared/entities/plan.ts'
import type { Run } from '../../../src/shared/entities/run.ts'

const planId = '0b7e3c2a-1d4f-4c6b-9a58-7e2f1c3d5b6a'
const destinationId = '5a0f9a4e-7f0b-4d52-8a55-0e9d3f6a1b22'

export const settings: Settings = Settings.parse({})

export const status = (state: Status['state'], newestSnapshotAtMs: number | null): Status => ({
  revision: 1,
  state,
  sentence: '',
  plans: [
    {
      planId,
      name: 'Documents',
      state: state === 'not-set-up' ? 'gaps' : state,
      sentence: '',
      newestSnapshotAtMs,
      nextDueAtMs: null,
      lastRunId: null,
    },
  ],
  runningRunIds: [],
})

let nth = 0
export const run = (more: Partial<Run> = {}): Run => ({
  id: `00000000-0000-4000-8000-${String(++nth).padStart(12, '0')}`,
  revision: nth,
  planId,
  planName: 'Documents',
  destinationId,
  kind: 'backup',
  type: 'incremental',
  dryRun: false,
  trigger: 'schedule',
  scheduleId: 'nightly',
  dueAtMs: null,
  state: 'succeeded',
  waitingFor: null,
  createdAtMs: 0,
  startedAtMs: 0,
  endedAtMs: 0,
  progress: null,
  counts: null,
  warnings: 0,
  error: null,
  snapshotId: null,
  followsRunId: null,
  attempt: 1,
  askedBy: 'schedule',
  command: '',
  ...more,
})

export const plan = (disabledBecause: string | null = null): Plan =>
  Plan.parse({
    id: planId,
    revision: ++nth,
    createdAtMs: 0,
    pausedUntilMs: null,
    name: 'Documents',
    sources: [{ kind: 'files', paths: ['/home/ada'] }],
    destinationIds: [destinationId],
    schedule: [
      { id: 'nightly', nextDueAtMs: null, words: 'every day', consecutiveFailures: 3, disabledBecause },
    ],
  })
