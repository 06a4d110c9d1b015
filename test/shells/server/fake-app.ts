import { AppError } from '../../../src/shared/errors.ts'
import { methods, type AnyEvent, type Method } from '../../../src/shared/contract.ts'
import type { AuditEntry, Status, VaultInfo } from '../../../src/shared/entities/application.ts'
import type { SnapshotInfo } from '../../../src/shared/entities/destination.ts'
import { PlanDraft, type Plan } from '../../../src/shared/entities/plan.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import type { Api, Caller } from '../../../src/main/services/dispatch.ts'
import type { ServerOptions } from '../../../src/main/shells/server/http.ts'
import { sampleOutput } from '../../support/sample.ts'

export const id = '3f2b8c1e-6a54-4a53-9d0e-0b8f3f9a7c21'
export const otherId = '9b1d7e52-1c0f-4f0e-8a6b-5d3c2b1a0f9e'

export const plan: Plan = {
  ...PlanDraft.parse({
    name: 'Photos',
    sources: [{ kind: 'files', paths: ['/home/photos'] }],
    destinationIds: [id],
  }),
  id,
  revision: 1,
  createdAtMs: 0,
  pausedUntilMs: null,
  schedule: [],
}

export const run: Run = {
  id,
  revision: 1,
  planId: id,
  planName: 'Photos',
  destinationId: id,
  kind: 'backup',
  type: 'incremental',
  dryRun: false,
  trigger: 'manual',
  scheduleId: null,
  dueAtMs: null,
  state: 'queued',
  waitingFor: null,
  createdAtMs: 0,
  startedAtMs: null,
  endedAtMs: null,
  progress: null,
  counts: null,
  warnings: 0,
  error: null,
  snapshotId: null,
  followsRunId: null,
  attempt: 1,
  askedBy: 'http',
  command: 'holdfast plan run Photos',
}

export const snapshot: SnapshotInfo = {
  id: 'ab12',
  destinationId: id,
  planId: id,
  timeMs: 0,
  hostname: 'box',
  username: 'ann',
  paths: ['/home/photos'],
  tags: [],
  treeId: 'cd34',
  parentId: null,
  files: 1,
  bytes: 2,
  indexed: true,
}

export const status: Status = {
  revision: 1,
  state: 'gaps',
  sentence: 'Photos: not proven yet.',
  plans: [
    {
      planId: id,
      name: 'Photos',
      state: 'gaps',
      sentence: 'Not proven yet.',
      newestSnapshotAtMs: 0,
      nextDueAtMs: null,
      lastRunId: null,
    },
  ],
  runningRunIds: [],
}

export const vault: VaultInfo = { kind: 'keychain', state: 'open', explanation: "The system's keychain." }

/** What tests look at; all else is the least that fits the contract. */
const answers: Partial<Record<Method, unknown>> = {
  'app.status': status,
  'vault.info': vault,
  'plan.list': [plan],
  'plan.get': plan,
  'run.list': { runs: [run], total: 1 },
  'run.start': run,
  'snapshot.list': [snapshot],
}

export interface FakeApp {
  app: ServerOptions['app']
  /** What reached the application, in order. */
  calls: { name: Method; input: unknown; who: string }[]
  audited: Omit<AuditEntry, 'seq' | 'hash'>[]
  emit(event: AnyEvent): void
  listeners(): number
}

/** An application that answers every method with something that fits the contract, and remembers what it was asked. */
export function fakeApp(own: { [M in Method]?: (input: never, caller: Caller) => unknown } = {}): FakeApp {
  const calls: FakeApp['calls'] = []
  const audited: FakeApp['audited'] = []
  const listeners = new Set<(event: AnyEvent) => void>()
  const api = Object.fromEntries(
    (Object.keys(methods) as Method[]).map(name => [
      name,
      (input: unknown, caller: Caller) => {
        calls.push({ name, input, who: caller.who })
        const answer = own[name]
        return answer ? answer(input as never, caller) : (answers[name] ?? sampleOutput(name))
      },
    ]),
  ) as unknown as Api
  return {
    app: {
      api,
      audit: {
        append(entry) {
          audited.push(entry)
          return { ...entry, seq: audited.length, hash: '' }
        },
        page: () => [],
        verify: () => ({ entries: audited.length, brokenAtSeq: null }),
      },
      download: () => Promise.reject(new AppError('not_found', 'There is no such file.')),
      subscribe(listener) {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    },
    calls,
    audited,
    emit: event => listeners.forEach(listener => listener(event)),
    listeners: () => listeners.size,
  }
}
