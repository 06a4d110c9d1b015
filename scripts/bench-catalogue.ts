/**
 * The figures of the catalogue that tests can't assert: pages out of 50,000 runs, search over 20 snapshots of a tree of
 * 80,000 files, the size of the index, what a durable write costs, how long opening takes. `node scripts/bench-catalogue.ts [folder]`
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Catalogue, IndexedTree } from '../src/main/services/catalogue/catalogue.ts'
import { openCatalogue } from '../src/main/services/catalogue/open.ts'
import { aDestination, aPlan, aRun, aSnapshot, someTime } from '../test/services/catalogue/samples.ts'

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'holdfast-catalogue-'))
const say = (line: string) => void process.stdout.write(`${line}\n`)
const ports = { now: () => someTime }

/** Median and worst of some rounds, and the processor's time for one: on a busy machine the better measure. */
function timed(what: string, call: () => unknown, rounds = 9): void {
  const { user, system } = process.cpuUsage()
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    call()
    return performance.now() - start
  }).sort((a, b) => a - b)
  const spent = process.cpuUsage({ user, system })
  const cpu = (spent.user + spent.system) / 1000 / rounds
  say(
    `${what.padEnd(56)} ${times[rounds >> 1]!.toFixed(1)} ms, worst ${times.at(-1)!.toFixed(1)} ms, CPU ${cpu.toFixed(1)} ms`,
  )
}
const size = (name: string) => {
  const sum = readdirSync(folder)
    .filter(file => file.startsWith(name))
    .reduce((all, file) => all + statSync(join(folder, file)).size, 0)
  return `${(sum / 1e6).toFixed(1)} MB`
}

// A generator that gives the same numbers every time.
let seed = 1
const random = (below: number) => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const id = (text: string) => createHash('sha256').update(text).digest('hex')

interface File {
  name: string
  version: number
}
interface Place {
  name: string
  folders: Place[]
  files: File[]
  treeId: string
}

const endings = ['.c', '.h', '.ts', '.md', '.jpg', '.json', '.txt', '.o']
const words = [
  'net',
  'core',
  'driver',
  'page',
  'index',
  'user',
  'cache',
  'test',
  'main',
  'table',
  'read',
  'write',
]
const word = () => words[random(words.length)]!

/** 5,000 folders, about five deep; 16 files in each, some with names that are everywhere. */
function makeTree(): { root: Place; all: Place[] } {
  const make = (name: string): Place => ({ name, folders: [], files: [], treeId: '' })
  const root = make('')
  const all = [root]
  let level = [root]
  while (all.length < 5_000) {
    const next: Place[] = []
    for (const place of level) {
      for (let nth = 0; nth < (level.length < 10 ? 6 : 3) && all.length < 5_000; nth++) {
        const below = make(`${word()}-${word()}${nth}`)
        place.folders.push(below)
        next.push(below)
        all.push(below)
      }
    }
    level = next
  }
  for (const place of all) {
    place.files.push(
      { name: 'Makefile', version: 0 },
      { name: 'README.md', version: 0 },
      { name: 'Kconfig', version: 0 },
    )
    for (let nth = 3; nth < 16; nth++)
      place.files.push({ name: `${word()}_${word()}_${random(4_000)}${endings[nth % 8]}`, version: 0 })
  }
  return { root, all }
}

/** The trees of a place that are not known yet, and its ID. */
function listing(place: Place, path: string, known: Set<string>, out: IndexedTree[]): string {
  const entries = place.files.map(({ name, version }) => ({
    name,
    type: 'file',
    sizeBytes: 1_000 + ((name.length * 7_919 + version * 31) % 90_000),
    modifiedAtMs: someTime - 1e10 + path.length * 86_400_000 + version * 1_000_003,
    contentKey: id(`${path}/${name} ${version}`),
    subtreeId: null as string | null,
  }))
  for (const below of place.folders) {
    const subtreeId = listing(below, `${path}/${below.name}`, known, out)
    entries.push({
      name: below.name,
      type: 'dir',
      sizeBytes: 0,
      modifiedAtMs: someTime - 1e9,
      contentKey: '',
      subtreeId,
    })
  }
  place.treeId = id(JSON.stringify(entries))
  if (!known.has(place.treeId)) {
    known.add(place.treeId)
    out.push({ treeId: place.treeId, entries })
  }
  return place.treeId
}

function benchRuns(catalogue: Catalogue): void {
  const plans = Array.from({ length: 5 }, (_, nth) => aPlan({ name: `Plan ${nth}` }))
  for (const plan of plans) catalogue.plans.insert(plan)
  const start = performance.now()
  const ids: string[] = []
  for (let nth = 0; nth < 50_000; nth++) {
    const run = aRun({
      id: randomUUID(),
      planId: plans[nth % 5]!.id,
      state: nth % 50 === 0 ? 'failed' : nth % 5_000 === 1 ? 'interrupted' : 'succeeded',
      createdAtMs: someTime + nth * 60_000,
    })
    ids.push(run.id)
    catalogue.runs.save(run)
  }
  say(`50,000 ended runs saved, each durably: ${((performance.now() - start) / 50_000).toFixed(3)} ms each`)
  const planId = plans[2]!.id
  timed('page of 100, the first', () => catalogue.runs.page({ limit: 100 }))
  timed('page of 100, from the middle', () => catalogue.runs.page({ limit: 100, after: ids[25_000]! }))
  timed('page of 100 of a plan', () => catalogue.runs.page({ planId, limit: 100 }))
  timed('page of 100 in two states', () =>
    catalogue.runs.page({ states: ['failed', 'cancelled'], limit: 100 }),
  )
  timed('page of 100 in a rare state', () => catalogue.runs.page({ states: ['interrupted'], limit: 100 }))
  timed('page of 100 of a plan, in a state', () =>
    catalogue.runs.page({ planId, states: ['succeeded'], limit: 100 }),
  )
  timed('page of 100 of a plan, in a state it never had', () =>
    catalogue.runs.page({ planId, states: ['missed'], limit: 100 }),
  )
  timed('newest of a plan in a state it never had', () => catalogue.runs.newest(planId, ['missed']))
  timed('open runs', () => catalogue.runs.open())
  timed('a progress saved (not durably)', () => catalogue.runs.save(aRun({ state: 'running' })), 99)
  timed('a plan saved (durably)', () => catalogue.plans.update(plans[0]!, null), 99)
  timed(
    'an audit entry (durably)',
    () => catalogue.audit.append({ atMs: 1, who: 'cli', action: 'a', subject: 'b', detail: 'c' }),
    99,
  )
}

function benchIndex(catalogue: Catalogue): void {
  const destination = aDestination({ id: randomUUID() })
  catalogue.destinations.insert(destination)
  const { root, all } = makeTree()
  const top: Place = {
    name: '',
    folders: [{ name: 'home', folders: [root], files: [], treeId: '' }],
    files: [],
    treeId: '',
  }
  root.name = 'bob'
  const known = new Set<string>()
  let slowest = 0
  const started = performance.now()
  for (let nth = 0; nth < 20; nth++) {
    if (nth > 0)
      for (let change = 0; change < 800; change++) {
        const { files } = all[random(all.length)]!
        files[random(files.length)]!.version++
      }
    const trees: IndexedTree[] = []
    const treeId = listing(top, '', known, trees)
    const snapshot = aSnapshot(treeId, { destinationId: destination.id, timeMs: someTime + nth * 86_400_000 })
    catalogue.snapshots.add(snapshot)
    for (let from = 0; from < trees.length; from += 20) {
      const start = performance.now()
      catalogue.snapshots.addTrees(destination.id, trees.slice(from, from + 20))
      slowest = Math.max(slowest, performance.now() - start)
    }
    catalogue.snapshots.markIndexed(destination.id, snapshot.id)
    if (nth === 0)
      say(`first snapshot: ${trees.length} trees, ${((performance.now() - started) / 1000).toFixed(1)} s`)
    if (nth === 0 || nth === 1 || nth === 19)
      say(`after ${nth + 1} (${trees.length} new trees): ${size('snapshots.db')} with its log`)
  }
  say(
    `20 snapshots: ${known.size} trees in ${((performance.now() - started) / 1000).toFixed(1)} s; the slowest slice of 20 took ${slowest.toFixed(0)} ms`,
  )
}

/** What takes how much of the index. */
function sizes(): void {
  const db = new Database(join(folder, 'snapshots.db'), { readonly: true })
  const rows = db
    .prepare<[], { name: string; bytes: number }>(
      'SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 9',
    )
    .all()
  say(rows.map(({ name, bytes }) => `${name} ${(bytes / 1e6).toFixed(1)}`).join(', '))
  db.close()
}

const queries = [
  'Makefile',
  '.c',
  'readme',
  'README.md',
  'core_page',
  'zzz',
  'e',
  '*.c',
  '*_1?.md',
  'bob/',
  'net-core0/Makefile',
  'core/*.c',
  '/home/bob/*.c',
  'nowhere/Makefile',
]

try {
  let catalogue = openCatalogue(folder, ports)
  if (process.argv[3] !== 'index') benchRuns(catalogue)
  benchIndex(catalogue)
  for (const query of queries) {
    const { found, more } = catalogue.snapshots.search({ query, limit: 100 })
    timed(`search ${query} (${found.length}${more ? '+' : ''})`, () =>
      catalogue.snapshots.search({ query, limit: 100 }),
    )
  }
  timed('search Makefile, limit 1000', () => catalogue.snapshots.search({ query: 'Makefile', limit: 1000 }))
  catalogue.close()
  sizes()
  say(`closed: catalogue ${size('catalogue.db')}, snapshots and index ${size('snapshots.db')}`)
  timed('open and close, after a clean end', () => openCatalogue(folder, ports).close(), 5)

  catalogue = openCatalogue(folder, ports)
  const [destination] = catalogue.destinations.list()
  const kept = catalogue.snapshots.list({}).slice(0, 5)
  catalogue.snapshots.replaceAll(destination!.id, kept)
  const times: number[] = []
  for (let more = true; more;) {
    const start = performance.now()
    more = catalogue.snapshots.sweep()
    times.push(performance.now() - start)
  }
  say(
    `sweep after 15 of 20 snapshots went: ${times.length} slices, ${times.reduce((a, b) => a + b, 0).toFixed(0)} ms, the slowest ${Math.max(...times).toFixed(1)} ms`,
  )
  catalogue.close()
  say(`snapshots and index: ${size('snapshots.db')}`)
} finally {
  rmSync(folder, { recursive: true })
}
