import Database from 'better-sqlite3'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Settings } from '../../../src/shared/entities/application.ts'
import { hasEnded, RunState } from '../../../src/shared/entities/run.ts'
import { tempDir } from '../../support/tmp.ts'
import { opened } from './opened.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, sha256, someTime } from './samples.ts'

/** The same questions to a catalogue and to one that was closed and opened in between. */
const twice = (directory: string, ask: (catalogue: ReturnType<typeof opened>) => void) => {
  const first = opened(directory)
  ask(first)
  first.close()
  ask(opened(directory))
}

describe('plans', () => {
  test('come back as they were saved, in the order they were made', () => {
    const directory = tempDir()
    const plans = [
      aPlan({ name: 'Zebra' }),
      aPlan({ name: 'Ärzte 🩺', tags: ['a'] }),
      aPlan({ name: 'alpha' }),
    ]
    const catalogue = opened(directory)
    for (const plan of plans) catalogue.plans.insert(plan)
    catalogue.close()
    twice(directory, ({ plans: stored }) => {
      expect(stored.list()).toEqual(plans)
      expect(stored.get(plans[1]!.id)).toEqual(plans[1])
      expect(stored.get(idOf('nobody'))).toBeNull()
    })
  })

  test('a name that is taken is refused, whatever its case', () => {
    const { plans } = opened()
    const [first, second] = [aPlan({ name: 'Straße' }), aPlan({ name: 'Photos' })]
    plans.insert(first)
    plans.insert(second)
    expect(() => plans.insert(aPlan({ name: 'PHOTOS' }))).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    )
    expect(() => plans.update({ ...first, name: 'photos' }, 1)).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    )
    plans.update({ ...second, name: 'photos' }, 1)
    expect(plans.list()).toEqual([first, { ...second, name: 'photos' }])
  })

  test('who has heard newer news of its schedules may save all the same', () => {
    const { plans } = opened()
    const plan = aPlan()
    plans.insert(plan)
    plans.update({ ...plan, retries: 5, revision: 9 }, 8)
    expect(plans.get(plan.id)).toMatchObject({ retries: 5, revision: 9 })
  })

  test('of two who change the same one, the second is told; nothing of what it said is saved', () => {
    const { plans } = opened()
    const plan = aPlan()
    plans.insert(plan)
    const first = { ...plan, retries: 5, revision: 2 }
    plans.update(first, 1)
    expect(() => plans.update({ ...plan, retries: 7, revision: 3 }, 1)).toThrow(
      expect.objectContaining({ code: 'conflict', message: expect.stringContaining('meanwhile') }),
    )
    expect(plans.get(plan.id)).toEqual(first)
    plans.update({ ...first, revision: 4 }, null)
    expect(plans.get(plan.id)?.revision).toBe(4)
    expect(() => plans.update(aPlan({ name: 'Other' }), null)).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    )
  })

  test('what could not be read again is not stored', () => {
    const { plans } = opened()
    expect(() => plans.insert({ ...aPlan(), retries: -1 })).toThrow()
    expect(plans.list()).toEqual([])
  })

  test('schedules stand beside their plan and go with it', () => {
    const { plans } = opened()
    const plan = aPlan()
    plans.insert(plan)
    const state = {
      planId: plan.id,
      scheduleId: 'daily',
      fingerprint: 'f',
      nextDueAtMs: someTime,
      handledUntilMs: 7,
      consecutiveFailures: 2,
      disabledBecause: null,
    }
    plans.saveSchedule({ ...state, scheduleId: 'weekly' })
    plans.saveSchedule(state)
    plans.saveSchedule({ ...state, consecutiveFailures: 3, disabledBecause: 'three failures' })
    expect(plans.schedules(plan.id)).toEqual([
      { ...state, consecutiveFailures: 3, disabledBecause: 'three failures' },
      { ...state, scheduleId: 'weekly' },
    ])
    plans.removeSchedule(plan.id, 'weekly')
    expect(plans.schedules(plan.id)).toHaveLength(1)
    plans.remove(plan.id)
    expect([plans.list(), plans.schedules(plan.id)]).toEqual([[], []])
    expect(() => plans.saveSchedule(state)).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

describe('destinations', () => {
  test('round trip, names and places that are taken', () => {
    const directory = tempDir()
    const destination = aDestination({ repositoryId: 'r', refreshedAtMs: 5, presence: 'present' })
    const catalogue = opened(directory)
    catalogue.destinations.insert(destination)
    const conflict = expect.objectContaining({ code: 'conflict' })
    const elsewhere = { kind: 'local', path: '/mnt/other' } as const
    expect(() => catalogue.destinations.insert(aDestination({ location: elsewhere }))).toThrow(conflict)
    const samePlace = { kind: 'local', path: '/mnt/x/../photos/' } as const
    expect(() => catalogue.destinations.insert(aDestination({ name: 'New', location: samePlace }))).toThrow(
      conflict,
    )
    const renamed = { ...destination, name: 'Renamed', revision: 9 }
    catalogue.destinations.update(renamed, 1)
    expect(() => catalogue.destinations.update(destination, 1)).toThrow(conflict)
    catalogue.close()
    twice(directory, ({ destinations }) => expect(destinations.list()).toEqual([renamed]))
  })

  test('one that a plan uses stays; a removed one takes its snapshots along and leaves its history', () => {
    const { destinations, plans, snapshots, runs } = opened()
    const [one, other] = [
      aDestination(),
      aDestination({ name: 'B', location: { kind: 'local', path: '/b' } }),
    ]
    const plan = aPlan({ destinationIds: [one.id] })
    const run = aRun({ destinationId: one.id, planId: plan.id })
    for (const destination of [one, other]) destinations.insert(destination)
    plans.insert(plan)
    runs.save(run)
    const there = aSnapshot(sha256('tree'), { destinationId: other.id })
    snapshots.add(aSnapshot(sha256('tree'), { destinationId: one.id }))
    snapshots.add(there)
    expect(() => destinations.remove(one.id)).toThrow(
      expect.objectContaining({ code: 'conflict', message: expect.stringContaining('Documents') }),
    )
    expect(snapshots.list({})).toHaveLength(2)

    plans.remove(plan.id)
    destinations.remove(one.id)
    expect(destinations.list()).toEqual([other])
    expect(snapshots.list({})).toEqual([{ ...there, indexed: false }])
    expect(runs.get(run.id)).toEqual({ ...run, planId: null, destinationId: null })
  })
})

describe('runs', () => {
  test('are replaced by ID and listed by page, the newest first', () => {
    const directory = tempDir()
    const catalogue = opened(directory)
    const plan = aPlan()
    catalogue.plans.insert(plan)
    const states = RunState.options
    const runs = Array.from({ length: 60 }, (_, nth) =>
      aRun({
        id: idOf(`run ${nth}`),
        createdAtMs: someTime + Math.floor(nth / 3) * 1000, // some at the same moment
        planId: nth % 2 === 0 ? plan.id : null,
        state: states[nth % states.length]!,
      }),
    )
    for (const run of runs) catalogue.runs.save({ ...run, warnings: 99 })
    for (const run of runs) catalogue.runs.save(run)
    catalogue.close()
    twice(directory, ({ runs: stored }) => {
      for (const query of [{}, { planId: plan.id }, { states: ['failed', 'queued'] as const }]) {
        const expected = runs
          .filter(({ planId, state }) => {
            const wanted: readonly string[] = query.states ?? states
            return (query.planId === undefined || planId === query.planId) && wanted.includes(state)
          })
          .toReversed()
        const pages = []
        let after: string | undefined
        for (;;) {
          const page = stored.page({ ...query, limit: 7, ...(after === undefined ? {} : { after }) })
          expect(page.total).toBe(expected.length)
          if (page.runs.length === 0) break
          pages.push(...page.runs)
          after = page.runs.at(-1)!.id
        }
        expect(pages).toEqual(expected)
      }
      expect(stored.open()).toEqual(runs.filter(({ state }) => !hasEnded(state)))
      const ended = runs.filter(({ planId, state }) => planId !== null && hasEnded(state))
      expect(stored.newest(plan.id)).toEqual(ended.at(-1))
      const failed = ended.filter(({ state }) => state === 'failed' || state === 'missed')
      expect(stored.newest(plan.id, ['failed', 'missed'])).toEqual(failed.at(-1))
      expect(stored.newest(idOf('nobody'))).toBeNull()
      expect(stored.page({ after: idOf('nobody'), limit: 5 }).runs).toEqual([])
      expect(stored.page({ states: [], limit: 5 })).toEqual({ runs: [], total: 0 })
    })
  })

  test('logs and warnings are numbered, read on from anywhere, and forgotten by age', () => {
    const { runs } = opened()
    const [old, fresh, going] = [
      aRun({ endedAtMs: 1_000 }),
      aRun({ endedAtMs: 2_000 }),
      aRun({ state: 'running', createdAtMs: 1 }),
    ]
    for (const run of [old, fresh, going]) {
      runs.save(run)
      runs.appendLog(run.id, [{ atMs: 1, level: 'info', text: 'one' }])
      runs.appendLog(run.id, [
        { atMs: 2, level: 'output', text: 'two' },
        { atMs: 3, level: 'error', text: 'three' },
      ])
      runs.appendWarnings(run.id, [{ kind: 'unreadable', path: '/a', message: 'no' }])
      runs.appendWarnings(run.id, [{ kind: 'note', path: '', message: 'so' }])
      runs.save({ ...run, warnings: 2 }) // replacing the record keeps what belongs to it
    }
    expect(runs.log(old.id, 1, 1)).toEqual([{ seq: 2, atMs: 2, level: 'output', text: 'two' }])
    expect(runs.warnings(old.id, 0, 100).map(({ seq, path }) => [seq, path])).toEqual([
      [1, '/a'],
      [2, ''],
    ])
    runs.forgetLogsBefore(2_000)
    expect([old, fresh, going].map(({ id }) => runs.log(id, 0, 100).length)).toEqual([0, 3, 3])
    expect([old, fresh, going].map(({ id }) => runs.warnings(id, 0, 100).length)).toEqual([0, 2, 2])
    expect(runs.get(old.id)).toEqual({ ...old, warnings: 2 })
    expect(() => runs.appendLog(idOf('nobody'), [])).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

test('settings: the defaults first, then what was saved', () => {
  const directory = tempDir()
  const catalogue = opened(directory)
  expect(catalogue.settings.get()).toEqual(Settings.parse({}))
  const changed = Settings.parse({ pausedUntilMs: 'forever', threads: 3 })
  catalogue.settings.save(changed)
  catalogue.close()
  twice(directory, ({ settings }) => expect(settings.get()).toEqual(changed))
})

test('snapshots: a list is replaced as a whole, and what was indexed stays so', () => {
  const { snapshots } = opened()
  const [a, b, c] = ['a', 'b', 'c'].map((name, nth) =>
    aSnapshot(sha256(name), { timeMs: someTime + nth, planId: nth === 1 ? idOf('plan') : null }),
  ) as [ReturnType<typeof aSnapshot>, ReturnType<typeof aSnapshot>, ReturnType<typeof aSnapshot>]
  const { destinationId } = a
  snapshots.add(a)
  snapshots.add(b)
  snapshots.addTrees(destinationId, [{ treeId: b.treeId, entries: [] }])
  expect(() => snapshots.markIndexed(destinationId, a.id)).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  )
  snapshots.markIndexed(destinationId, b.id)
  snapshots.replaceAll(destinationId, [c, { ...b, tags: ['kept'] }])
  expect(snapshots.list({ destinationId })).toEqual([
    { ...c, indexed: false },
    { ...b, tags: ['kept'], indexed: true },
  ])
  expect(snapshots.list({ planId: idOf('plan') })).toHaveLength(1)
  expect(snapshots.list({ destinationId: idOf('another') })).toEqual([])
})

test('revisions grow through restarts, and a block of them costs one write', () => {
  const directory = tempDir()
  let last = 0
  for (let start = 0; start < 3; start++) {
    const catalogue = opened(directory)
    for (let nth = 0; nth < 12_000; nth++) {
      const next = catalogue.nextRevision()
      if (next <= last) throw new Error(`${next} after ${last}`)
      last = next
    }
    catalogue.close()
  }
  expect(last).toBeLessThan(70_000)
})

test('a row that is no valid entity is told of and left out', () => {
  const directory = tempDir()
  const catalogue = opened(directory)
  const [plan, other] = [aPlan(), aPlan({ name: 'Other' })]
  const run = aRun()
  catalogue.plans.insert(plan)
  catalogue.plans.insert(other)
  catalogue.runs.save(run)
  catalogue.close()
  const raw = new Database(join(directory, 'catalogue.db'))
  raw.prepare(`UPDATE plan SET data = replace(data, '"retries":3', '"retries":-3') WHERE id = ?`).run(plan.id)
  raw.prepare(`UPDATE run SET data = '{'`).run()
  raw.close()

  const again = opened(directory)
  expect(again.notices()).toEqual([])
  expect(again.plans.list()).toEqual([other])
  expect(again.plans.get(plan.id)).toBeNull()
  expect(again.runs.page({ limit: 10 })).toEqual({ runs: [], total: 1 })
  expect(again.notices()).toEqual([
    expect.stringContaining(`Plan ${plan.id}`),
    expect.stringContaining(`run ${run.id}`),
  ])
})
