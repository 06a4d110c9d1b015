import Database from 'better-sqlite3'
import fc from 'fast-check'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { Settings } from '../../../src/shared/entities/application.ts'
import { AppError } from '../../../src/shared/errors.ts'
import { tempDir } from '../../support/tmp.ts'
import { opened } from './opened.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, someTime, treesOf } from './samples.ts'

const plans = Array.from({ length: 12 }, (_, nth) =>
  aPlan({
    id: idOf(`plan ${nth}`),
    name: `Plan ${nth}`,
    revision: nth,
    destinationIds: [idOf('some destination')],
  }),
)
const destination = aDestination({ id: idOf('some destination'), refreshedAtMs: 5 })
const runs = Array.from({ length: 60 }, (_, nth) =>
  aRun({
    id: idOf(`run ${nth}`),
    createdAtMs: someTime + nth,
    planId: plans[nth % 12]!.id,
    destinationId: destination.id,
  }),
)
const settings = Settings.parse({ threads: 3 })
let lastRevision = 0

/** A small catalogue with something of everything, closed. */
function filled(): string {
  const directory = tempDir('damage')
  const catalogue = opened(directory)
  catalogue.destinations.insert(destination)
  for (const plan of plans) catalogue.plans.insert(plan)
  for (const run of runs) {
    catalogue.runs.save(run)
    catalogue.runs.appendLog(run.id, [{ atMs: 1, level: 'info', text: 'a line' }])
    catalogue.audit.append({ atMs: 1, who: 'a', action: 'b', subject: run.id, detail: 'd'.repeat(200) })
  }
  catalogue.settings.save(settings)
  const { id, trees } = treesOf({ home: { bob: { 'tax.ods': 'v1', docs: { 'a.txt': 'a' } } } })
  const snapshot = aSnapshot(id)
  catalogue.snapshots.add(snapshot)
  catalogue.snapshots.addTrees(destination.id, trees)
  catalogue.snapshots.markIndexed(destination.id, snapshot.id)
  for (let nth = 0; nth < 100; nth++) lastRevision = catalogue.nextRevision()
  catalogue.close()
  return directory
}

const path = (directory: string) => join(directory, 'catalogue.db')
const asideIn = (directory: string) => readdirSync(directory).filter(name => name.includes('.damaged-'))

/** Where the pages of a table or index begin. */
function pagesOf(directory: string, name: string): { offset: number; bytes: number }[] {
  const db = new Database(path(directory), { readonly: true })
  try {
    return db
      .prepare<[string], { offset: number; bytes: number }>(
        'SELECT pgoffset AS offset, pgsize AS bytes FROM dbstat WHERE name = ?',
      )
      .all(name)
  } finally {
    db.close()
  }
}
function overwrite(file: string, offset: number, bytes: number): void {
  const content = readFileSync(file)
  content.fill(0xa5, offset, offset + bytes)
  writeFileSync(file, content)
}

test('a broken page of the history: all else is rescued, and it is told', () => {
  const directory = filled()
  const pages = pagesOf(directory, 'run')
  const middle = pages[Math.floor(pages.length / 2)]!
  overwrite(path(directory), middle.offset, middle.bytes)
  const before = readFileSync(path(directory))

  const catalogue = opened(directory)
  const [aside] = asideIn(directory)
  expect(aside).toBe('catalogue.damaged-2026-11-21T12-00-00.000Z.db')
  expect(readFileSync(join(directory, aside!)).equals(before)).toBe(true)
  expect(catalogue.notices()).toEqual([
    expect.stringMatching(
      /damaged.*set aside as .*catalogue\.damaged-.*Rescued: 1 destination, 12 plans, .*\d+ records? of a run.*Could not be read: .*run/s,
    ),
  ])
  expect(catalogue.plans.list()).toEqual(plans)
  expect(catalogue.destinations.list()).toEqual([{ ...destination, refreshedAtMs: null }])
  expect(catalogue.settings.get()).toEqual(settings)
  expect(catalogue.audit.verify()).toEqual({ entries: 60, brokenAtSeq: null })
  expect(catalogue.nextRevision()).toBeGreaterThan(lastRevision)
  const rescued = catalogue.runs.page({ limit: 1000 }).runs
  expect(rescued.length).toBeGreaterThan(30)
  expect(rescued.length).toBeLessThan(60)
  for (const run of rescued) expect(run).toEqual(runs.find(({ id }) => id === run.id))
  expect(catalogue.runs.log(rescued[0]!.id, 0, 10)).toHaveLength(1)
  catalogue.close()

  const again = opened(directory)
  expect(again.notices()).toEqual([]) // once
  expect(again.plans.list()).toEqual(plans)
})

test('a log that lost entries in the rescue goes on to say so', () => {
  const directory = filled()
  const pages = pagesOf(directory, 'audit')
  const last = pages.at(-1)!
  overwrite(path(directory), last.offset, last.bytes)
  const { audit } = opened(directory)
  const { entries, brokenAtSeq } = audit.verify()
  expect(entries).toBeLessThan(60)
  expect(brokenAtSeq).not.toBeNull()
  expect(audit.append({ atMs: 1, who: 'a', action: 'b', subject: 'c', detail: 'd' }).seq).toBe(61)
  expect(audit.verify().brokenAtSeq).toBe(brokenAtSeq)
})

test('what is no database at all, and one cut in half', () => {
  const garbage = filled()
  writeFileSync(path(garbage), 'no database, but some text that goes on for a while. '.repeat(100))
  const first = opened(garbage)
  expect(first.notices()[0]).toContain('Nothing could be rescued')
  expect(first.plans.list()).toEqual([])
  expect(first.nextRevision()).toBeGreaterThan(lastRevision)

  const half = filled()
  truncateSync(path(half), 4096 * 20)
  const second = opened(half)
  expect(second.notices()[0]).toContain('Rescued')
  expect(asideIn(half)).toHaveLength(1)

  const empty = filled()
  truncateSync(path(empty), 0)
  expect(opened(empty).notices()).toEqual([expect.stringContaining('gone or empty')])
})

test('a rescue that was interrupted between its steps is finished at the next start', () => {
  const directory = filled()
  copyFileSync(path(directory), `${path(directory)}.rescued`)
  rmSync(path(directory)) // it was set aside, and the rescued one not put in its place yet
  const catalogue = opened(directory)
  expect(catalogue.plans.list()).toEqual(plans)
  expect(existsSync(`${path(directory)}.rescued`)).toBe(false)
  catalogue.close()

  writeFileSync(`${path(directory)}.rescued`, 'half of one')
  expect(opened(directory).plans.list()).toEqual(plans)
})

test('a damaged index of snapshots is dropped, and asked for again', () => {
  const directory = filled()
  const file = join(directory, 'snapshots.db')
  const content = readFileSync(file)
  overwrite(file, 4096, content.length - 4096)
  writeFileSync(`${file}.suspect`, '')
  const catalogue = opened(directory)
  expect(catalogue.notices()).toEqual([expect.stringContaining('index of snapshots was damaged')])
  expect(catalogue.snapshots.list({})).toEqual([])
  expect(catalogue.destinations.get(destination.id)?.refreshedAtMs).toBeNull()
  expect(catalogue.plans.list()).toEqual(plans)
})

test.each([1, 2, 3, 4])(
  '50 random flips and cuts (%d of 4): each opens with what can be read, or says what it is',
  seed => {
    const directory = filled()
    const originals = ['catalogue.db', 'snapshots.db'].map(
      name => [name, readFileSync(join(directory, name))] as const,
    )
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const tally = { opened: 0, rescued: 0, refused: 0, told: 0 }
    for (let round = 0; round < 50; round++) {
      const place = join(directory, `${round}`)
      mkdirSync(place)
      const [damaged] = originals[round % 4 === 3 ? 1 : 0]!
      for (const [name, bytes] of originals) {
        const content = Buffer.from(bytes)
        const cut = name === damaged && round % 5 === 0 ? random(content.length) : content.length
        if (name === damaged && round % 5 !== 0)
          for (let flips = 1 + random(20); flips > 0; flips--) {
            // Every third time into the first page, with the head and the schema.
            const at = random(round % 3 === 0 ? 4096 : content.length)
            content[at] = content[at]! ^ (1 << random(8))
          }
        writeFileSync(join(place, name), content.subarray(0, cut))
      }
      use(place, tally)
      rmSync(place, { recursive: true })
    }
    expect(tally.opened).toBeGreaterThan(35)
    expect(tally.rescued).toBeGreaterThan(12)
    expect(tally.told).toBeGreaterThanOrEqual(tally.rescued)
    expect(tally.opened + tally.refused).toBe(50)

    function use(place: string, tally: Record<'opened' | 'rescued' | 'refused' | 'told', number>) {
      try {
        const catalogue = openCatalogue(place, { now: () => someTime })
        tally.opened++
        const set = asideIn(place).length
        if (set > 0) tally.rescued++
        if (catalogue.notices().length > 0) tally.told++
        try {
          expect(catalogue.plans.list().length).toBeLessThanOrEqual(12)
          catalogue.runs.page({ limit: 100 })
          catalogue.runs.log(runs[3]!.id, 0, 10)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
        }
        for (const ask of [
          () => catalogue.snapshots.search({ query: 'a', limit: 10 }),
          () => catalogue.snapshots.sweep(),
          () => catalogue.audit.verify(),
          () => catalogue.plans.insert(aPlan({ name: 'New' })),
        ]) {
          try {
            ask()
          } catch (error) {
            expect(error).toBeInstanceOf(AppError)
          }
        }
        catalogue.close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'catalogue_unusable' })
        tally.refused++
      }
    }
  },
  240_000,
)

test('rows that hold any JSON, or none, are left out and told; reading never fails', () => {
  const directory = filled()
  const samples = fc.sample(
    fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc.string(),
      // What was stored, with one value replaced.
      fc
        .tuple(
          fc.constantFrom(...Object.keys(runs[0]!), ...Object.keys(plans[0]!)),
          fc.jsonValue({ maxDepth: 1 }),
        )
        .map(([key, value]) => JSON.stringify({ ...plans[0], ...runs[0], ...destination, [key]: value })),
    ),
    { numRuns: 300, seed: 3 },
  )
  const raw = new Database(path(directory))
  let nth = 0
  for (const table of ['plan', 'run', 'destination', 'settings', 'schedule']) {
    for (const rowid of raw.prepare<[], number>(`SELECT rowid FROM ${table}`).pluck().all())
      raw.prepare(`UPDATE ${table} SET data = ? WHERE rowid = ?`).run(samples[nth++ % samples.length], rowid)
  }
  raw.prepare(`UPDATE meta SET value = 'x' WHERE key LIKE 'audit%'`).run()
  raw.close()
  const index = new Database(join(directory, 'snapshots.db'))
  index.exec(`UPDATE snapshot SET data = '[1]'`)
  index.close()

  const catalogue = opened(directory)
  const read = [
    ...catalogue.plans.list(),
    ...catalogue.runs.page({ limit: 1000 }).runs,
    ...catalogue.destinations.list(),
    ...catalogue.snapshots.list({}),
  ]
  expect(catalogue.settings.get()).toMatchObject({ runLogDays: expect.any(Number) })
  expect(catalogue.notices().length).toBeGreaterThanOrEqual(74 - read.length)
  expect(catalogue.snapshots.search({ query: 'tax', limit: 5 })).toMatchObject({ more: false })
  expect(catalogue.audit.verify().brokenAtSeq).not.toBeNull()
})
