import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalogue } from '../../../src/main/services/catalogue/catalogue.ts'
import { fold } from '../../../src/main/services/catalogue/search-query.ts'
import { packNumbers, unpackNumbers } from '../../../src/main/services/catalogue/varints.ts'
import type { FoundPath, SnapshotInfo } from '../../../src/shared/entities/destination.ts'
import { opened } from './opened.ts'
import { aDestination, aSnapshot, idOf, sha256, someTime, treesOf, type Content } from './samples.ts'

/** Takes a snapshot of `content` in, whole. */
function take(catalogue: Catalogue, content: Content, changes: Partial<SnapshotInfo>) {
  const { id, trees } = treesOf(content)
  const snapshot = aSnapshot(id, changes)
  const { snapshots } = catalogue
  snapshots.add(snapshot)
  const unknown = snapshots.unknownTrees(
    snapshot.destinationId,
    trees.map(({ treeId }) => treeId),
  )
  const news = trees.filter(({ treeId }) => unknown.includes(treeId))
  snapshots.addTrees(snapshot.destinationId, news.toReversed()) // a folder may come before or after what is in it
  snapshots.markIndexed(snapshot.destinationId, snapshot.id)
  return { snapshot, content }
}
type Taken = ReturnType<typeof take>

const paths = (catalogue: Catalogue, query: string) =>
  catalogue.snapshots
    .search({ query, limit: 1000 })
    .found.map(({ path }) => path)
    .toSorted()

// The model: every path of every snapshot, written out.

interface Item {
  path: string
  names: string[]
  type: string
  text: string
}
const items = (content: Content, above: string[] = []): Item[] =>
  Object.entries(content).flatMap(([name, what]) => {
    const names = [...above, name]
    const below = typeof what === 'string' ? [] : items(what, names)
    const text = typeof what === 'string' ? what : treesOf(what).id
    return [
      { path: `/${names.join('/')}`, names, type: typeof what === 'string' ? 'file' : 'dir', text },
      ...below,
    ]
  })

function matches(query: string, { path, names }: Item): boolean {
  const asked = fold(query).replace(/\/+/g, '/').replace(/\/$/, '')
  if (!/[*?]/.test(asked)) {
    const whole = fold(path)
    const from = whole.lastIndexOf('/') + 1
    if (!asked.includes('/')) return whole.slice(from).includes(asked)
    for (let at = whole.indexOf(asked); at >= 0; at = whole.indexOf(asked, at + 1))
      if (at + asked.lastIndexOf('/') + 1 === from) return true
    return false
  }
  const parts = asked.split('/')
  const have = ['', ...names].slice(-parts.length).map(fold)
  if (have.length < parts.length) return false
  return parts.every((part, index) => {
    const pattern = part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${pattern}$`, 'su').test(have[index]!)
  })
}

function modelled(taken: readonly Taken[], query: string): FoundPath[] {
  const sightings = taken
    .toSorted((a, b) => a.snapshot.timeMs - b.snapshot.timeMs || (a.snapshot.id < b.snapshot.id ? -1 : 1))
    .flatMap(({ snapshot, content }) => items(content).map(item => ({ snapshot, item })))
    .filter(({ item }) => matches(query, item))
  const kind = ({ hostname, paths }: { hostname: string; paths: string[] }) =>
    `${hostname} ${paths.toSorted().join()}`
  return [
    ...Map.groupBy(sightings, ({ snapshot, item }) => `${snapshot.destinationId} ${item.path}`).values(),
  ]
    .filter(all => !query.endsWith('/') || all.some(({ item }) => item.type === 'dir'))
    .map(all => {
      const { snapshot, item } = all.at(-1)!
      return {
        destinationId: snapshot.destinationId,
        path: item.path,
        type: item.type,
        sizeBytes: item.type === 'dir' ? 0 : item.text.length,
        modifiedAtMs: someTime + (item.type === 'dir' ? 0 : item.text.length),
        versions: new Set(all.map(({ item }) => `${item.type} ${item.text}`)).size,
        snapshots: all.length,
        firstSeenMs: all[0]!.snapshot.timeMs,
        lastSeenMs: snapshot.timeMs,
        newestSnapshotId: snapshot.id,
        deleted: taken.some(
          other =>
            other.snapshot.timeMs > snapshot.timeMs &&
            other.snapshot.destinationId === snapshot.destinationId &&
            kind(other.snapshot) === kind(snapshot),
        ),
      }
    })
}

const byPath = (a: FoundPath, b: FoundPath) =>
  `${a.destinationId}${a.path}` < `${b.destinationId}${b.path}` ? -1 : 1

const names = [
  ...'a,A,ab,abc,ABCd,read me.md,README,Makefile,makefile.in,x.c,x%y_z,é,E\u0301t\u00e9,ΟΔΟΣ,K'.split(','),
  ...'日本語.txt,a"b,o\'k,back\\slash,*,?,.,[x],\u{1F600}smile'.split(','),
]
const name = fc.constantFrom(...names)
const content: fc.Arbitrary<Content> = fc.letrec<{ folder: Content; entry: Content | string }>(tie => ({
  folder: fc.dictionary(name, tie('entry'), { maxKeys: 4 }),
  entry: fc.oneof({ maxDepth: 3 }, fc.constantFrom('', 'one', 'two!'), tie('folder')),
})).folder
const query = fc.oneof(
  name,
  fc.constantFrom(
    'e',
    'ake',
    'MAKE',
    '.c',
    '*.c',
    'm*e',
    '?',
    '*',
    'a/',
    '/',
    'a/b',
    '/a',
    'b/read',
    'a/*',
    '/*/a',
    '**',
    'a*/x.c',
  ),
  fc.array(name, { minLength: 2, maxLength: 3 }).map(parts => parts.join('/')),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
)

describe('search', () => {
  test('finds what a list of every path in every snapshot would, and counts the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ content, drive: fc.nat(1), host: fc.nat(1), at: fc.nat(50) }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(query, { minLength: 3, maxLength: 6 }),
        (made, queries) => {
          const catalogue = opened()
          try {
            const taken = made.map(({ content, drive, host, at }, nth) =>
              take(catalogue, content, {
                destinationId: idOf(`drive ${drive}`),
                hostname: `host ${host}`,
                timeMs: someTime + at * 100 + nth,
              }),
            )
            for (const query of queries) {
              const expected = modelled(taken, query)
              const all = catalogue.snapshots.search({ query, limit: 1000 })
              expect(all.found.toSorted(byPath), query).toEqual(expected.toSorted(byPath))
              expect([all.more, all.snapshotsSearched]).toEqual([false, taken.length])

              const few = catalogue.snapshots.search({ query, limit: 2 })
              expect(few.found).toEqual(all.found.slice(0, 2))
              expect(few.more).toBe(expected.length > 2)
              const one = catalogue.snapshots.search({ query, limit: 1000, destinationId: idOf('drive 1') })
              expect(one.found).toEqual(
                all.found.filter(({ destinationId }) => destinationId === idOf('drive 1')),
              )
            }
          } finally {
            catalogue.close()
          }
        },
      ),
      { numRuns: 60 },
    )
  }, 240_000)

  test('what fits best comes first', () => {
    const catalogue = opened()
    take(catalogue, { 'my readme': '', readme: '', 'readme.md': '', a: { README: '' } }, {})
    const { found } = catalogue.snapshots.search({ query: 'readme', limit: 10 })
    expect(found.map(({ path }) => path)).toEqual(['/a/README', '/readme', '/readme.md', '/my readme'])
  })

  test('a path through its life: versions, deletion, and coming back', () => {
    const catalogue = opened()
    const at = (text: string | null, timeMs: number, more: Partial<SnapshotInfo> = {}) =>
      take(catalogue, { home: { bob: text === null ? {} : { 'tax.ods': text } } }, { timeMs, ...more })
    const found = () => catalogue.snapshots.search({ query: 'tax', limit: 10 }).found[0]
    at('v1', 1)
    at('v1', 2)
    at('v2', 3)
    expect(found()).toMatchObject({
      versions: 2,
      snapshots: 3,
      firstSeenMs: 1,
      lastSeenMs: 3,
      deleted: false,
    })
    at(null, 4)
    expect(found()).toMatchObject({ versions: 2, snapshots: 3, lastSeenMs: 3, deleted: true })
    at('v1', 5)
    expect(found()).toMatchObject({ versions: 2, snapshots: 4, lastSeenMs: 5, deleted: false })
    at(null, 6, { paths: ['/somewhere/else'] }) // says nothing about this folder
    expect(found()).toMatchObject({ deleted: false })
  })

  test('only snapshots that are indexed are searched', () => {
    const catalogue = opened()
    take(catalogue, { old: '' }, { timeMs: 1 })
    const { id, trees } = treesOf({ old: '', fresh: '' })
    const fresh = aSnapshot(id, { timeMs: 2 })
    catalogue.snapshots.add(fresh)
    catalogue.snapshots.addTrees(fresh.destinationId, trees)
    expect([paths(catalogue, 'fresh'), paths(catalogue, 'old')]).toEqual([[], ['/old']])
    catalogue.snapshots.markIndexed(fresh.destinationId, fresh.id)
    expect(paths(catalogue, 'fresh')).toEqual(['/fresh'])
  })

  test('folders nested in doubles, as only a hostile repository has, take no time and are cut short', () => {
    const catalogue = opened()
    const snapshot = aSnapshot(sha256('level 0'))
    catalogue.snapshots.add(snapshot)
    const folder = (name: string, subtreeId: string) =>
      ({ name, type: 'dir', sizeBytes: 0, modifiedAtMs: 0, contentKey: '', subtreeId }) as const
    const trees = Array.from({ length: 40 }, (_, level) => ({
      treeId: sha256(`level ${level}`),
      entries: ['a', 'b'].map(name => folder(name, sha256(`level ${level + 1}`))),
    }))
    const file = {
      name: 'deep',
      type: 'file',
      sizeBytes: 1,
      modifiedAtMs: Number.NaN,
      contentKey: 'k',
      subtreeId: null,
    }
    catalogue.snapshots.addTrees(snapshot.destinationId, [
      ...trees,
      { treeId: sha256('level 40'), entries: [file, { ...file, type: 'symlink' }] },
    ])
    catalogue.snapshots.markIndexed(snapshot.destinationId, snapshot.id)
    const { found, more } = catalogue.snapshots.search({ query: 'deep', limit: 50 })
    expect([found.length, more]).toEqual([50, true])
    expect(found[0]).toMatchObject({ type: 'file', snapshots: 1, versions: 1 })
  })

  test('an ID that can be of no tree is refused', () => {
    const { snapshots } = opened()
    expect(() => snapshots.addTrees(idOf('drive'), [{ treeId: 'abc', entries: [] }])).toThrow(
      expect.objectContaining({ code: 'invalid_input' }),
    )
  })
})

describe('sweeping', () => {
  const sweep = ({ snapshots }: Catalogue) => {
    for (let slices = 0; snapshots.sweep(); slices++) if (slices > 1000) throw new Error('never ends')
  }

  test('what is left is what an index of the remaining snapshots alone would find', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ content, stays: fc.boolean() }), { minLength: 1, maxLength: 6 }),
        made => {
          const [catalogue, fresh] = [opened(), opened()]
          try {
            const taken = made.map(({ content, stays }, nth) => ({
              ...take(catalogue, content, { timeMs: nth }),
              stays,
            }))
            const kept = taken.filter(({ stays }) => stays)
            const { destinationId } = taken[0]!.snapshot
            catalogue.snapshots.replaceAll(
              destinationId,
              kept.map(({ snapshot }) => snapshot),
            )
            sweep(catalogue)
            for (const { content, snapshot } of kept) take(fresh, content, snapshot)
            for (const query of ['*', 'a', 'make', 'a/'])
              expect(catalogue.snapshots.search({ query, limit: 1000 }).found.toSorted(byPath)).toEqual(
                fresh.snapshots.search({ query, limit: 1000 }).found.toSorted(byPath),
              )
            // What went is unknown again, and can come back.
            for (const { content, stays } of taken) {
              const { id } = treesOf(content)
              const stillHeld = kept.some(({ content }) =>
                treesOf(content).trees.some(({ treeId }) => treeId === id),
              )
              expect(catalogue.snapshots.unknownTrees(destinationId, [id])).toEqual(
                stays || stillHeld ? [] : [id],
              )
            }
            for (const { content, snapshot } of taken) take(catalogue, content, snapshot)
            expect(catalogue.snapshots.search({ query: '*', limit: 1000 }).found.toSorted(byPath)).toEqual(
              modelled(taken, '*').toSorted(byPath),
            )
          } finally {
            catalogue.close()
            fresh.close()
          }
        },
      ),
      { numRuns: 15 },
    )
  }, 240_000)

  test('leaves trees alone that are on their way in, and removed destinations go', () => {
    const catalogue = opened()
    const destination = aDestination()
    catalogue.destinations.insert(destination)
    const { id, trees } = treesOf({ home: { bob: { file: '' } } })
    const snapshot = aSnapshot(id, { destinationId: destination.id })
    catalogue.snapshots.add(snapshot)
    const all = trees.map(({ treeId }) => treeId)
    catalogue.snapshots.addTrees(destination.id, trees.slice(0, 1)) // the deepest; nothing holds it yet
    sweep(catalogue)
    expect(catalogue.snapshots.unknownTrees(destination.id, all)).toEqual(all.slice(1))
    catalogue.snapshots.addTrees(destination.id, trees)
    catalogue.snapshots.markIndexed(destination.id, snapshot.id)
    catalogue.destinations.remove(destination.id)
    sweep(catalogue)
    expect(catalogue.snapshots.unknownTrees(destination.id, all)).toEqual(all)
  })
})

test('packed numbers come back sorted', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 40 })), numbers => {
      expect(unpackNumbers(packNumbers(numbers))).toEqual(numbers.toSorted((a, b) => a - b))
    }),
  )
})
