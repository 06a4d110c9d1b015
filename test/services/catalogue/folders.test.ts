import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalogue } from '../../../src/main/services/catalogue/catalogue.ts'
import {
  compareNaturally,
  naturalKey,
  sortedSlowly,
} from '../../../src/main/services/catalogue/natural-order.ts'
import type { FileVersion, FolderRow } from '../../../src/shared/entities/browse.ts'
import type { SnapshotInfo } from '../../../src/shared/entities/destination.ts'
import { opened } from './opened.ts'
import { aSnapshot, idOf, someTime, treesOf, type Content } from './samples.ts'

const destinationId = idOf('some destination')
const day = 86_400_000

/** Takes a snapshot of `content` in, whole. */
function take(catalogue: Catalogue, content: Content, changes: Partial<SnapshotInfo>, index = true) {
  const { id, trees } = treesOf(content)
  const snapshot = aSnapshot(id, changes)
  const { snapshots } = catalogue
  snapshots.add(snapshot)
  if (index) {
    const ids = trees.map(({ treeId }) => treeId)
    const unknown = new Set(snapshots.unknownTrees(snapshot.destinationId, ids))
    snapshots.addTrees(
      snapshot.destinationId,
      trees.filter(({ treeId }) => unknown.has(treeId)),
    )
    snapshots.markIndexed(snapshot.destinationId, snapshot.id)
  }
  return { snapshot, content }
}
type Taken = ReturnType<typeof take>

/** For runs of a property: one catalogue, and in it a destination for each run. */
function fresh(): () => { catalogue: Catalogue; destinationId: string } {
  const catalogue = opened()
  let runs = 0
  return () => ({ catalogue, destinationId: idOf(`run ${runs++}`) })
}

const ask = (
  catalogue: Catalogue,
  path: string,
  more: Partial<Parameters<Catalogue['snapshots']['folder']>[0]> = {},
) =>
  catalogue.snapshots.folder({
    destinationId,
    path,
    asOf: null,
    showDeleted: false,
    offset: 0,
    limit: 1000,
    ...more,
  })

const at = (content: Content, path: string): Content | string | undefined =>
  path
    .split('/')
    .filter(name => name !== '')
    .reduce<Content | string | undefined>(
      (folder, name) =>
        typeof folder === 'object' && Object.hasOwn(folder, name) ? folder[name] : undefined,
      content,
    )

/** The plain way: every snapshot's folder written out, and looked at one by one. */
function modelled(
  taken: readonly Taken[],
  path: string,
  { planId, asOf, showDeleted }: { planId: string | undefined; asOf: Taken | null; showDeleted: boolean },
): FolderRow[] | 'missing' {
  const kind = ({ snapshot }: Taken) =>
    snapshot.planId === null
      ? `${snapshot.hostname} ${snapshot.paths.join()}`
      : `${snapshot.planId} ${snapshot.tags.includes('type:config')}`
  const scope = taken
    .filter(each => each === asOf || planId === undefined || each.snapshot.planId === planId)
    .toSorted((a, b) => a.snapshot.timeMs - b.snapshot.timeMs || (a.snapshot.id < b.snapshot.id ? -1 : 1))
  const folders = scope.map(({ content }) => at(content, path))
  if (!folders.some(folder => typeof folder === 'object')) return 'missing'
  const inside = (each: Taken, name: string) => at(each.content, `${path}/${name}`)
  const isNewest = (each: Taken) => scope.findLast(other => kind(other) === kind(each)) === each
  const before = (each: Taken) => scope.indexOf(each) < scope.indexOf(asOf!) && kind(each) === kind(asOf!)
  const names = [
    ...new Set(folders.flatMap(folder => (typeof folder === 'object' ? Object.keys(folder) : []))),
  ]
  const rows = names.flatMap((name): FolderRow[] => {
    const having = scope.filter(each => inside(each, name) !== undefined)
    const there = asOf === null ? having.some(isNewest) : inside(asOf, name) !== undefined
    const gone = asOf !== null && showDeleted ? having.findLast(before) : undefined
    const shown = asOf === null ? having.at(-1) : there ? asOf : gone
    if (shown === undefined) return []
    const what = inside(shown, name)!
    const texts = having.map(each => inside(each, name)!).filter(each => typeof each === 'string')
    return [
      {
        name,
        type: typeof what === 'string' ? 'file' : 'dir',
        sizeBytes: typeof what === 'string' ? what.length : null,
        modifiedAtMs: typeof what === 'string' ? someTime + what.length : someTime,
        versions: typeof what === 'string' ? new Set(texts).size : 0,
        deleted: !there,
        lastSeenMs: having.at(-1)!.snapshot.timeMs,
        snapshotId: shown.snapshot.id,
      },
    ]
  })
  return rows.toSorted(
    (a, b) => Number(b.type === 'dir') - Number(a.type === 'dir') || compareNaturally(a.name, b.name),
  )
}

function modelledVersions(taken: readonly Taken[], path: string): FileVersion[] {
  const versions = new Map<string, FileVersion>()
  for (const { snapshot, content } of taken) {
    const text = at(content, path)
    if (typeof text !== 'string') continue
    const before = versions.get(text)
    versions.set(text, {
      sizeBytes: text.length,
      modifiedAtMs: someTime + text.length,
      firstSeenMs: before?.firstSeenMs ?? snapshot.timeMs,
      lastSeenMs: snapshot.timeMs,
      snapshots: (before?.snapshots ?? 0) + 1,
      newestSnapshotId: snapshot.id,
    })
  }
  return [...versions.values()].toSorted((a, b) => b.lastSeenMs - a.lastSeenMs)
}

const some = fc.constantFrom('a', 'B', 'b2', 'b10', 'ü', '__proto__')
const content = fc.letrec<{ folder: Content; what: Content | string }>(tie => ({
  folder: fc
    .uniqueArray(fc.tuple(some, tie('what')), { maxLength: 4, selector: ([name]) => name })
    .map(entries => Object.fromEntries(entries)),
  what: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom('x', 'yy', 'zzz') },
    { weight: 1, arbitrary: tie('folder') },
  ),
}))
const snapshots = fc.array(
  fc.record({
    content: content.folder,
    planId: fc.constantFrom(null, idOf('plan 1'), idOf('plan 2')),
    hostname: fc.constantFrom('atlas', 'borea'),
    tags: fc.constantFrom<string[]>([], ['type:config']),
  }),
  { minLength: 1, maxLength: 5 },
)

test(
  'a folder, merged or as of a snapshot, is what a plain look at every snapshot finds',
  { timeout: 120_000 },
  async () => {
    const next = fresh()
    const property = fc.asyncProperty(
      snapshots,
      fc.constantFrom('/', '/a', '/a/b2', '/B'),
      fc.constantFrom(undefined, idOf('plan 1')),
      fc.nat(5),
      fc.boolean(),
      async (wanted, path, planId, nth, showDeleted) => {
        const { catalogue, destinationId } = next()
        const taken = wanted.map(({ content, ...more }, nth) =>
          take(catalogue, content, { ...more, destinationId, timeMs: someTime + nth * day }),
        )
        const asOf = taken[nth] ?? null
        const expected = modelled(taken, path, { planId, asOf, showDeleted })
        const answer = await ask(catalogue, path, {
          destinationId,
          asOf: asOf?.snapshot.id ?? null,
          showDeleted,
          ...(planId === undefined ? {} : { planId }),
        }).catch((error: { code: string }) => error.code)
        const inScope = taken.some(
          each => each === asOf || planId === undefined || each.snapshot.planId === planId,
        )
        if (!inScope) expect(answer).toEqual({ rows: [], total: 0, notIndexed: 0 })
        else if (expected === 'missing') expect(answer).toBe('not_found')
        else expect(answer).toEqual({ rows: expected, total: expected.length, notIndexed: 0 })
      },
    )
    await fc.assert(property, { numRuns: 150 })
  },
)

test('the versions of a file are its distinct contents', { timeout: 60_000 }, async () => {
  const next = fresh()
  const property = fc.asyncProperty(snapshots, async wanted => {
    const { catalogue, destinationId } = next()
    const taken = wanted.map(({ content, ...more }, nth) =>
      take(catalogue, content, { ...more, destinationId, timeMs: someTime + nth * day }),
    )
    for (const path of ['/a', '/a/b2', '/B/a'])
      expect(await catalogue.snapshots.versions({ destinationId, path })).toEqual(
        modelledVersions(taken, path),
      )
  })
  await fc.assert(property, { numRuns: 60 })
})

test(
  'a selection is measured as it is: what lies in another part of it counts once',
  { timeout: 60_000 },
  async () => {
    const size = (what: Content | string): { files: number; folders: number; bytes: number } =>
      typeof what === 'string'
        ? { files: 1, folders: 0, bytes: what.length }
        : Object.values(what)
            .map(size)
            .reduce(
              (sum, each) => ({
                files: sum.files + each.files,
                folders: sum.folders + each.folders,
                bytes: sum.bytes + each.bytes,
              }),
              { files: 0, folders: 1, bytes: 0 },
            )
    const next = fresh()
    const property = fc.asyncProperty(content.folder, async folder => {
      const { catalogue, destinationId } = next()
      const { snapshot } = take(catalogue, { top: folder, other: 'four' }, { destinationId })
      const whole = size(folder)
      const measure = (...paths: string[]) =>
        catalogue.snapshots.measure({ destinationId, snapshotId: snapshot.id, paths })
      expect(await measure('/top', '/top/', '/top/a')).toEqual(whole)
      const all = { ...whole, files: whole.files + 1, bytes: whole.bytes + 4 }
      expect(await measure('/')).toEqual(all)
      expect(await measure('/top', '/other')).toEqual(all)
    })
    await fc.assert(property, { numRuns: 40 })
  },
)

describe('what is not indexed', () => {
  test('is left out of the merged view, which says so, and unknown as of its time', async () => {
    const catalogue = opened()
    take(catalogue, { a: 'x' }, { timeMs: someTime })
    const { snapshot } = take(catalogue, { b: 'x' }, { timeMs: someTime + day }, false)
    const merged = await ask(catalogue, '/')
    expect(merged).toMatchObject({ total: 1, notIndexed: 1, rows: [{ name: 'a', deleted: false }] })
    expect(await ask(catalogue, '/', { asOf: snapshot.id })).toBeNull()
    expect(
      await catalogue.snapshots.measure({ destinationId, snapshotId: snapshot.id, paths: ['/'] }),
    ).toBeNull()
  })

  test('nothing at all is an empty folder, not an error', async () => {
    const catalogue = opened()
    expect(await ask(catalogue, '/home')).toEqual({ rows: [], total: 0, notIndexed: 0 })
  })
})

test('a folder is asked for again when a snapshot was added meanwhile', async () => {
  const catalogue = opened()
  take(catalogue, { a: 'x' }, { timeMs: someTime })
  expect(await ask(catalogue, '/')).toMatchObject({ total: 1 })
  take(catalogue, { a: 'yy', b: 'x' }, { timeMs: someTime + day })
  expect(await ask(catalogue, '/')).toMatchObject({ rows: [{ name: 'a', versions: 2 }, { name: 'b' }] })
  catalogue.snapshots.replaceAll(destinationId, [])
  expect(await ask(catalogue, '/')).toMatchObject({ total: 0 })
})

test('of a large folder each page is what the whole has there', async () => {
  const catalogue = opened()
  const large = Object.fromEntries(Array.from({ length: 9_000 }, (_, nth) => [`photo ${nth}.jpg`, 'x']))
  take(catalogue, { large }, {})
  const whole = await ask(catalogue, '/large', { limit: 5000 })
  expect(whole!.rows.slice(0, 3).map(({ name }) => name)).toEqual([
    'photo 0.jpg',
    'photo 1.jpg',
    'photo 2.jpg',
  ])
  const page = await ask(catalogue, '/large', { offset: 4_998, limit: 4 })
  expect(page!.rows.map(({ name }) => name)).toEqual([4998, 4999, 5000, 5001].map(nth => `photo ${nth}.jpg`))
  expect(page!.total).toBe(9_000)
})

test('a file is no folder', async () => {
  const catalogue = opened()
  take(catalogue, { a: 'x' }, {})
  await expect(ask(catalogue, '/a')).rejects.toMatchObject({ code: 'not_found' })
  await expect(ask(catalogue, '/nothing')).rejects.toMatchObject({ code: 'not_found' })
})

describe('natural order', () => {
  test('numbers count as numbers, case and accents only then', () => {
    const names = ['img10', 'Img2', 'img1', 'IMG02', 'éa', 'eb', 'ea', '~', '_', '100', '99', '9']
    expect(names.toSorted(compareNaturally)).toEqual([
      '9',
      '99',
      '100',
      '_',
      'ea',
      'eb',
      'éa',
      'img1',
      'IMG02',
      'Img2',
      'img10',
      '~',
    ])
  })

  test('slow sorting is sorting', async () => {
    const property = fc.asyncProperty(fc.array(fc.nat(50)), async numbers => {
      // many times the same, so that there are several runs to merge
      const many = Array.from({ length: 400 }, (_, nth) => numbers.map(n => n * 7 + nth)).flat()
      const sorted = await sortedSlowly(
        many,
        (a, b) => a - b,
        () => Promise.resolve(),
      )
      expect(sorted).toEqual(many.toSorted((a, b) => a - b))
    })
    await fc.assert(property, { numRuns: 20 })
  })

  test('a key tells names apart by their numbers, however long', () => {
    expect(naturalKey('a9'.repeat(100)) < naturalKey('a10'.repeat(100))).toBe(true)
    expect(naturalKey('1'.repeat(200)) < naturalKey('2'.repeat(200))).toBe(true)
    expect(naturalKey('007')).toBe(naturalKey('7'))
  })
})
