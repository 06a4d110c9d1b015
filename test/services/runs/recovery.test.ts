import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { createRuns } from '../../../src/main/services/runs/runs.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import { noise } from '../../support/content.ts'
import { needs } from '../../support/needs.ts'
import { restic } from '../../support/restic.ts'
import { fill, repoFiles, world } from './world.ts'

const owner = fileURLToPath(new URL('../../support/owner-process.ts', import.meta.url))

/** The runs as a real process tells of them, until it ends; `look` may kill it. */
async function hear(data: string, look: (run: Run, kill: () => void) => void): Promise<Run[]> {
  const child = spawn(process.execPath, [owner, data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const heard: Run[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    const run = JSON.parse(line) as Run
    heard.push(run)
    look(run, () => child.kill('SIGKILL'))
  })
  await once(child, 'close')
  return heard
}

needs('restic').test(
  'killed in the midst of a run: the next start marks it, finishes it, and leaves no lock',
  async () => {
    const w = await world()
    const drive = await w.destination()
    const source = join(w.folder, 'source')
    for (let n = 0; n < 10; n++) fill(source, { [`${n}/data`]: noise(`kill ${n}`, 12_000_000) })
    const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [source] }] })
    await w.runs.stop('finish')
    w.catalogue.close()

    const data = join(w.folder, 'data')
    const first = await hear(data, (run, kill) => {
      if (run.progress?.phase === 'store') kill()
    })
    const cut = first.at(-1)!
    expect(cut.state).toBe('running')
    expect(repoFiles(drive.path, 'locks')).toHaveLength(1)

    const second = await hear(data, () => undefined)
    const catalogue = openCatalogue(data, w.clock)
    const { runs } = catalogue.runs.page({ limit: 10 })
    expect(runs.map(({ state, trigger, followsRunId }) => [state, trigger, followsRunId])).toEqual([
      ['succeeded', 'recovery', cut.id],
      ['interrupted', 'manual', null],
    ])
    expect(second[0]).toMatchObject({ id: cut.id, state: 'interrupted' })
    expect(runs[0]!.counts?.filesTotal).toBe(10)
    expect(catalogue.runs.log(cut.id, 0, 10).at(-1)?.text).toBe(
      'What it stored is kept; another run finishes it.',
    )
    expect(repoFiles(drive.path, 'locks')).toEqual([])
    expect(repoFiles(drive.path, 'snapshots')).toEqual([runs[0]!.snapshotId])
    await restic(drive.path).check(['--read-data'])
    expect(catalogue.snapshots.list({ planId: plan.id })).toMatchObject([{ indexed: true }])
    catalogue.close()
  },
)

test('what it finds at the next start: each in its way', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id)
  w.hold('Not now.')
  const began = { startedAtMs: w.clock.now() }
  const left = {
    queued: w.ask(plan),
    waiting: w.ask(plan),
    running: w.ask(plan),
    paused: w.ask(plan),
    cancelling: w.ask(plan),
    waitingForLock: w.ask(plan),
    dryRun: w.ask(plan, { dryRun: true }),
  }
  await w.when(left.dryRun.id, 'waiting')
  await w.runs.stop('finish')
  for (const state of ['running', 'paused', 'cancelling'] as const) {
    w.catalogue.runs.save({ ...left[state], ...began, state })
  }
  w.catalogue.runs.save({ ...left.waitingForLock, ...began, state: 'waiting', waitingFor: 'A lock.' })
  w.catalogue.runs.save({ ...left.dryRun, ...began, state: 'running' })

  const runs = createRuns(w.ports)
  const told: [string, boolean][] = []
  runs.onEnd((run, next) => told.push([run.id, next !== null]))
  const taken = runs.recover()
  expect(taken.map(({ id, followsRunId }) => followsRunId ?? id)).toEqual([
    left.queued.id,
    left.waiting.id,
    left.running.id,
    left.paused.id,
    left.waitingForLock.id,
  ])
  expect(runs.recover()).toEqual([])
  const state = (run: Run) => w.catalogue.runs.get(run.id)?.state
  expect(Object.values(left).slice(2).map(state)).toEqual([
    'interrupted',
    'interrupted',
    'cancelled', // as somebody had wished
    'interrupted',
    'interrupted', // nobody waits for its answer any more
  ])
  expect(told).toEqual([
    [left.running.id, true],
    [left.paused.id, true],
    [left.cancelling.id, false],
    [left.waitingForLock.id, true],
    [left.dryRun.id, false],
  ])
  for (const { id } of taken) runs.cancel(id)
  await runs.stop('cancel')
})

test('what ends the process again and again is not begun for ever', async () => {
  const w = await world()
  const plan = w.plan((await w.destination()).id)
  w.hold('Not now.')
  let run = w.ask(plan)
  await w.runs.stop('finish')
  const begun: number[] = []
  for (let start = 1; start < 10; start++) {
    w.catalogue.runs.save({ ...run, state: 'running', startedAtMs: w.clock.now() })
    const runs = createRuns(w.ports)
    const [next] = runs.recover()
    await runs.stop('finish')
    if (!next) break
    begun.push(start)
    run = next
  }
  expect(begun).toEqual([1, 2, 3, 4])
  expect(w.lines(run.id).at(-1)).toBe(
    'It is not begun again by itself, for it was cut off several times in a row.',
  )
})
