import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import type { Catalogue, StoredPlan } from '../../../src/main/services/catalogue/catalogue.ts'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { passwordName } from '../../../src/main/services/destinations.ts'
import type { RunsPorts } from '../../../src/main/services/runs/ports.ts'
import { createRuns, type RunRequest, type Runs } from '../../../src/main/services/runs/runs.ts'
import type { AnyEvent } from '../../../src/shared/contract.ts'
import { PlanDraft, type PlanInput } from '../../../src/shared/entities/plan.ts'
import { hasEnded, type Run, type RunState } from '../../../src/shared/entities/run.ts'
import { memoryVault } from '../../support/memory-vault.ts'
import { freshRepository, testPassword } from '../../support/repo.ts'
import { tempDir } from '../../support/tmp.ts'
import { virtualClock, type VirtualClock } from '../../support/virtual-clock.ts'

/** Runs with everything real but the clock and the keychain. */
export interface World {
  readonly folder: string
  readonly clock: VirtualClock
  readonly catalogue: Catalogue
  readonly vault: ReturnType<typeof memoryVault>
  readonly runs: Runs
  readonly ports: RunsPorts
  readonly events: AnyEvent[]
  readonly troubles: unknown[]
  /** What `unmet` says from now on. */
  hold(words: string | null): void
  /** A destination with a repository. */
  destination(name?: string): Promise<{ id: string; path: string }>
  /** A plan of one source folder with some files, unless the draft says otherwise. */
  plan(destinationId: string, more?: Partial<PlanInput>): StoredPlan
  ask(plan: StoredPlan, more?: Partial<RunRequest>): Run
  /** The run once it is in one of these states, or fulfils this. */
  when(id: string, wanted: RunState | ((run: Run) => boolean)): Promise<Run>
  /** The run once it has ended. */
  ended(id: string): Promise<Run>
  lines(id: string): string[]
  /** Calls this at the first event that fits, in the midst of what caused it. */
  at(fits: (run: Run) => boolean, act: (run: Run) => void): void
  /** Another application on the same data, as after a restart. */
  restart(): Runs
}

export async function world(more: Partial<RunsPorts> = {}): Promise<World> {
  const folder = tempDir('runs')
  const clock = virtualClock()
  const vault = memoryVault()
  const events: AnyEvent[] = []
  const troubles: unknown[] = []
  const ears = new Set<(event: AnyEvent) => void>()
  const conditionListeners = new Set<() => void>()
  let unmet: string | null = null
  const catalogue = openCatalogue(join(folder, 'data'), clock)
  const ports: RunsPorts = {
    catalogue,
    vault,
    now: clock.now,
    wait: clock.wait,
    random: () => 0.5,
    publish(event) {
      events.push(event)
      for (const ear of ears) ear(event)
    },
    environment: { PATH: process.env['PATH'] },
    hostname: 'atlas',
    username: 'ada',
    leaveOut: [],
    resources: () => ({ threads: 0 }),
    unmet: () => unmet,
    onConditionsChange(listener) {
      conditionListeners.add(listener)
      return () => void conditionListeners.delete(listener)
    },
    destinationChanged: () => undefined,
    trouble: error => void troubles.push(error),
    ...more,
  }
  const all: Runs[] = []
  const begin = () => {
    all.push(createRuns(ports))
    return all.at(-1)!
  }
  const runs = begin()
  onTestFinished(async () => {
    const stopAll = () => Promise.all(all.map(runs => runs.stop('cancel')))
    await Promise.all([stopAll(), stopAll()]) // told twice, it does not wait for hooks
    catalogue.close()
  })

  const when: World['when'] = (id, wanted) =>
    new Promise(resolve => {
      const fits = (run: Run) => (typeof wanted === 'string' ? run.state === wanted : wanted(run))
      const now = catalogue.runs.get(id)
      if (now !== null && fits(now)) return resolve(now)
      const ear = (event: AnyEvent) => {
        if (event.name !== 'run.changed' || event.value.id !== id || !fits(event.value)) return
        ears.delete(ear)
        resolve(event.value)
      }
      ears.add(ear)
    })

  return {
    folder,
    clock,
    catalogue,
    vault,
    runs,
    ports,
    events,
    troubles,
    hold(words) {
      unmet = words
      for (const listener of conditionListeners) listener()
    },
    async destination(name = 'Drive') {
      const path = join(folder, name)
      const id = randomUUID()
      const repo = await freshRepository({ backend: localBackend(path) })
      await vault.set(passwordName(id), testPassword)
      catalogue.destinations.insert({
        id,
        name,
        location: { kind: 'local', path },
        revision: catalogue.nextRevision(),
        createdAtMs: clock.now(),
        repositoryId: repo.id,
        presence: 'present',
        refreshedAtMs: null,
      })
      return { id, path }
    },
    plan(destinationId, draft = {}) {
      const name = draft.name ?? 'Documents'
      const source = join(folder, 'sources', name)
      if (draft.sources === undefined) {
        fill(source, { 'one.txt': 'one', 'below/two.txt': 'two', 'below/deeper/three.txt': 'three' })
      }
      const plan: StoredPlan = {
        ...PlanDraft.parse({
          name,
          sources: [{ kind: 'files', paths: [source] }],
          destinationIds: [destinationId],
          ...draft,
        }),
        id: randomUUID(),
        revision: catalogue.nextRevision(),
        createdAtMs: clock.now(),
        pausedUntilMs: null,
      }
      catalogue.plans.insert(plan)
      return plan
    },
    ask: (plan, more = {}) => runs.request(asked(plan, more)),
    when,
    ended: id => when(id, run => hasEnded(run.state)),
    at(fits, act) {
      const ear = (event: AnyEvent) => {
        if (event.name !== 'run.changed' || !fits(event.value)) return
        ears.delete(ear)
        act(event.value)
      }
      ears.add(ear)
    },
    lines: id => catalogue.runs.log(id, 0, 1000).map(({ text }) => text),
    restart: begin,
  }
}

export const asked = (plan: Pick<StoredPlan, 'id'>, more: Partial<RunRequest> = {}): RunRequest => ({
  planId: plan.id,
  type: 'incremental',
  dryRun: false,
  trigger: 'manual',
  scheduleId: null,
  dueAtMs: null,
  askedBy: 'test',
  ...more,
})

export function fill(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
}

/** Names in a folder of a repository. */
export const repoFiles = (path: string, kind: 'snapshots' | 'locks' | 'index'): string[] =>
  readdirSync(join(path, kind)).sort()
