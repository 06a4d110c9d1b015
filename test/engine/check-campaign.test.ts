import { join } from 'node:path'
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { check, type CheckResult } from '../../src/main/engine/check.ts'
import { encodeLock } from '../../src/main/engine/format/lock.ts'
import { concatRaw, type Raw } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import { formatTime } from '../../src/main/engine/format/time.ts'
import { addKey } from '../../src/main/engine/keys.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { anySnapshot, listSnapshots } from '../../src/main/engine/snapshots.ts'
import { random } from '../support/content.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { memoryCopy } from '../support/memory-copy.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, quickCost } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { buildTree, nextDay } from '../support/seeded-tree.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'

/** Damages done, and the seed of the first: a soak sets both, and a failure names the seed that repeats it. */
const damages = Number(process.env['HOLDFAST_DAMAGES'] ?? 300)
const firstSeed = Number(process.env['HOLDFAST_SEED'] ?? 1)

const { test } = needs('restic')
const run = testRun()
const kinds = ['config', 'key', 'snapshot', 'index', 'lock', 'pack'] as const
type Kind = (typeof kinds)[number]
type Files = Map<string, Uint8Array>
type Harm = (files: Files, name: string, kind: Kind, next: () => number) => void

const whole = (next: () => number, below: number) => Math.floor(next() * below)
const randomBytes = (next: () => number, length: number) =>
  Uint8Array.from({ length }, () => whole(next, 256))
const randomName = (next: () => number) => Buffer.from(randomBytes(next, 32)).toString('hex')

/** Each changes what is stored: never a no-op. */
const harms: Record<string, Harm> = {
  flip(files, name, _kind, next) {
    const bytes = Uint8Array.from(files.get(name)!)
    const at = whole(next, bytes.length)
    bytes[at]! ^= 1 << whole(next, 8)
    files.set(name, bytes)
  },
  truncate(files, name, _kind, next) {
    files.set(name, files.get(name)!.slice(0, whole(next, files.get(name)!.length)))
  },
  append(files, name, _kind, next) {
    files.set(name, Buffer.concat([files.get(name)!, randomBytes(next, 1 + whole(next, 100))]))
  },
  overwrite(files, name, _kind, next) {
    const bytes = Uint8Array.from(files.get(name)!)
    const at = whole(next, bytes.length)
    const length = 1 + whole(next, Math.min(64, bytes.length - at))
    for (let i = at; i < at + length; i++) bytes[i] = bytes[i]! + 1 + whole(next, 255)
    files.set(name, bytes)
  },
  remove(files, name) {
    files.delete(name)
  },
  swap(files, name, kind, next) {
    const others = [...files.keys()].filter(other => other.startsWith(`${kind}/`) && other !== name)
    const other = others[whole(next, others.length)]!
    const bytes = files.get(name)!
    files.set(name, files.get(other)!)
    files.set(other, bytes)
  },
  /** The content of another file of its kind in its place. */
  replace(files, name, kind, next) {
    const others = [...files.keys()].filter(other => other.startsWith(`${kind}/`) && other !== name)
    files.set(name, files.get(others[whole(next, others.length)]!)!)
  },
  /** A copy under a name that is not its own. */
  duplicate(files, name, kind, next) {
    files.set(`${kind}/${randomName(next)}`, files.get(name)!)
  },
  /** Noise under a fine name. */
  plant(files, _name, kind, next) {
    files.set(`${kind}/${randomName(next)}`, randomBytes(next, whole(next, 300)))
  },
}

/**
 * What no check can see: a key, snapshot or lock that is gone is one that was removed (`key remove`, `forget`), and
 * there is only one config.
 */
function possible(kind: Kind): string[] {
  const except: Record<Kind, string[]> = {
    config: ['swap', 'replace', 'duplicate', 'plant'],
    key: ['remove'],
    snapshot: ['remove'],
    lock: ['remove'],
    index: [],
    pack: [],
  }
  return Object.keys(harms).filter(harm => !except[kind].includes(harm))
}

/** Harmless, though not tidy: nothing that is needed was touched. */
const onlyAHint = (kind: Kind, harm: string) =>
  kind === 'lock' || (kind === 'pack' && (harm === 'duplicate' || harm === 'plant'))

let folder: string
let backend: ReturnType<typeof memoryBackend>
let repo: Repository
let healthy: Files

beforeAll(async () => {
  folder = makeTemp('campaign')
  const root = join(folder, 'repo')
  const tree = join(folder, 'tree')
  const disk = await freshRepository({ backend: localBackend(root) })
  const judge = restic(root)
  buildTree(tree, { files: 40, seed: 7, meanBytes: 600 })
  await judge.backup([tree])
  for (const day of [1, 2, 3]) {
    nextDay(tree, { seed: 7, day })
    await judge.backup([tree])
  }
  await judge.check(['--read-data'])
  await addKey(disk, 'another', { hostname: 'atlas', username: 'bob' }, run, quickCost)
  const lock = {
    exclusive: false,
    hostname: 'atlas',
    username: 'bob',
    pid: 1,
    uid: 0,
    gid: 0,
    time: formatTime(BigInt(run.now()) * 1_000_000n),
  }
  await disk.saveUnpacked('lock', encodeLock(lock), run.signal)
  await disk.saveUnpacked('lock', encodeLock({ ...lock, pid: 2 }), run.signal)
  backend = await memoryCopy(root)
  healthy = new Map(backend.files)
  repo = await openRepository(backend, testPassword, run)
})
afterAll(() => removeTree(folder))

const readAll = () => check(repo, { readData: { kind: 'all' }, lock: false, threads: 0 }, run)

test(`each of ${damages} random damages is found, and what it costs is named`, async () => {
  expect((await readAll()).problems).toEqual([])
  const done = new Map<string, number>()
  for (let seed = firstSeed; seed < firstSeed + damages; seed++) {
    const next = random(seed)
    const kind = kinds[seed % kinds.length]!
    const harmsHere = possible(kind)
    const harm = harmsHere[whole(next, harmsHere.length)]!
    const names = [...healthy.keys()].filter(name => name.startsWith(`${kind}/`))
    const name = names[whole(next, names.length)]!
    harms[harm]!(backend.files, name, kind, next)
    const what = `seed ${seed}: ${harm} ${name}`

    const result = await readAll()
    const wanted = onlyAHint(kind, harm) ? 'hint' : 'error'
    expect(
      result.problems.map(({ level }) => level),
      what,
    ).toContain(wanted)
    if (wanted === 'hint') expect(result.damagedSnapshots, what).toEqual([])
    if (kind === 'pack') expect(named(result), what).toEqual(await unreadable())
    done.set(`${harm} ${kind}`, (done.get(`${harm} ${kind}`) ?? 0) + 1)

    backend.files.clear()
    for (const [name, bytes] of healthy) backend.files.set(name, bytes)
  }
  expect((await readAll()).problems).toEqual([])
  if (damages >= 300) {
    const every = kinds.flatMap(kind => possible(kind).map(harm => `${harm} ${kind}`))
    expect(new Set(done.keys())).toEqual(new Set(every))
  }
})

/** The paths and snapshots that a check calls damaged. */
function named({ problems, damagedSnapshots }: CheckResult) {
  const paths = problems.flatMap(({ affected }) => affected?.paths.map(({ path }) => path) ?? [])
  return { snapshots: damagedSnapshots, paths: [...new Set(paths)].sort() }
}

/** The same, by trying to read everything. */
async function unreadable() {
  const fresh = await openRepository(backend, testPassword, run)
  await fresh.loadIndex(run)
  const paths = new Set<Raw>()
  const snapshots = new Set<string>()
  const can = (reading: Promise<unknown>) =>
    reading.then(
      () => true,
      () => false,
    )
  async function visit(snapshot: SavedSnapshot, tree: string, path: Raw): Promise<void> {
    const nodes = await fresh.loadTree(tree, run.signal).catch(() => null)
    if (!nodes) {
      paths.add(path)
      snapshots.add(snapshot.id)
    }
    for (const node of nodes ?? []) {
      const here = concatRaw(path, node.name)
      if (node.type === 'dir') await visit(snapshot, node.subtree!, concatRaw(here, '/'))
      for (const id of node.content ?? []) {
        if (await can(fresh.loadBlob('data', id, run.signal))) continue
        paths.add(here)
        snapshots.add(snapshot.id)
      }
    }
  }
  const all = await listSnapshots(fresh, anySnapshot, run.signal)
  for (const snapshot of all) await visit(snapshot, snapshot.tree, '/' as Raw)
  return {
    snapshots: all.map(({ id }) => id).filter(id => snapshots.has(id)),
    paths: [...paths].sort(),
  }
}

plainTest('the campaign does harm', () => {
  const files: Files = new Map([
    ['pack/a', Uint8Array.of(1, 2, 3)],
    ['pack/b', Uint8Array.of(4)],
  ])
  for (const [name, harm] of Object.entries(harms)) {
    for (let seed = 0; seed < 50; seed++) {
      const copy = new Map(files)
      harm(copy, 'pack/a', 'pack', random(seed))
      expect(copy, name).not.toEqual(files)
    }
  }
})
