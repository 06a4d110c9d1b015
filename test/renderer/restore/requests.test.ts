import { expect, test } from 'vitest'
import type { RestoreCounts, RestoreItem } from '../../../src/shared/entities/browse.ts'
import { csvLine } from '../../../src/renderer/screens/restore/wizard/csv.ts'
import { outcomeOf } from '../../../src/renderer/screens/restore/wizard/outcome.ts'
import { milestone, progressOf } from '../../../src/renderer/screens/restore/wizard/progress.ts'
import {
  apartOf,
  canKeepApart,
  nameOfParts,
  pathInSnapshot,
  requestsOf,
  wholeAndApart,
  summed,
  type Decided,
} from '../../../src/renderer/screens/restore/wizard/requests.ts'
import type { Run } from '../../../src/shared/entities/run.ts'

const decided: Decided = {
  destinationId: 'd',
  parts: [{ snapshotId: 's1', timeMs: 0, paths: ['/home/docs', '/home/b.txt'] }],
  target: { kind: 'original' },
  keepFolders: false,
  conflicts: 'overwrite',
  apart: null,
}

const item = (change: Partial<RestoreItem>): RestoreItem => ({
  seq: 1,
  action: 'overwrite',
  type: 'file',
  path: '/home/docs/a.txt',
  sizeBytes: 3,
  modifiedAtMs: 1000,
  onDiskBytes: 4,
  onDiskModifiedAtMs: 2000,
  note: '',
  ...change,
})

const counts = (change: Partial<RestoreCounts>): RestoreCounts => ({ ...summed([]), ...change })

test('one request a snapshot, with what was decided', () => {
  const two = [...decided.parts, { snapshotId: 's0', timeMs: 0, paths: ['/home/gone.txt'] }]
  expect(
    requestsOf({ ...decided, parts: two, target: { kind: 'folder', path: '/t' }, conflicts: 'skip' }),
  ).toEqual([
    {
      destinationId: 'd',
      snapshotId: 's1',
      paths: ['/home/docs', '/home/b.txt'],
      target: { kind: 'folder', path: '/t', keepFolders: false },
      conflicts: 'skip',
    },
    {
      destinationId: 'd',
      snapshotId: 's0',
      paths: ['/home/gone.txt'],
      target: { kind: 'folder', path: '/t', keepFolders: false },
      conflicts: 'skip',
    },
  ])
})

test('files that are newer on the disk are kept, and no other file is treated otherwise than before', () => {
  const apart = apartOf(
    [
      item({}),
      item({ path: '/home/docs/same time.txt', onDiskModifiedAtMs: 1000 }),
      item({ path: '/home/docs/older.txt', onDiskModifiedAtMs: 500 }),
    ],
    decided.target,
  )
  expect(apart).toEqual({ keepBoth: ['/home/docs/a.txt'], overwrite: ['/home/docs/same time.txt'] })
  const requests = requestsOf({ ...decided, apart })
  expect(requests.map(({ conflicts, paths }) => [conflicts, paths])).toEqual([
    ['if-newer', ['/home/docs', '/home/b.txt']],
    ['overwrite', ['/home/docs/same time.txt']],
    ['keep-both', ['/home/docs/a.txt']],
  ])
  expect(wholeAndApart(requests)).toEqual({ whole: [requests[0]], apart: 2 })
  expect(nameOfParts(wholeAndApart(requests).whole)).toBe('2 items')
  expect(summed([counts({ skip: 5 }), counts({ keepBoth: 1 })], 2)).toMatchObject({ skip: 3, keepBoth: 1 })
})

test('the snapshot is searched by what the disk calls an item, where that is clear', () => {
  expect(canKeepApart(decided)).toBe(true)
  expect(canKeepApart({ ...decided, target: { kind: 'folder', path: '/t' } })).toBe(false)
  expect(canKeepApart({ ...decided, conflicts: 'mirror' })).toBe(false)
  const folder = { kind: 'folder', path: '/t/' } as const
  expect(pathInSnapshot({ path: '/t/home/docs/a.txt' }, folder)).toBe('/home/docs/a.txt')
  expect(pathInSnapshot({ path: 'C:\\Users\\a.txt' }, { kind: 'original' })).toBe('/C/Users/a.txt')
})

test('the least free space counts, and all else is added up', () => {
  expect(
    summed([counts({ create: 1, freeBytes: 50 }), undefined, counts({ create: 2, freeBytes: 40 })]),
  ).toMatchObject({ create: 3, freeBytes: 40 })
})

test.each<[Run['state'], Partial<RestoreCounts>, string, string]>([
  ['succeeded', { create: 15, filesVerified: 12 }, 'ok', 'Restored 15 items, verified'],
  ['succeeded', { create: 2 }, 'quiet', 'Restored 2 items'],
  ['succeeded', { unchanged: 940 }, 'quiet', 'Everything was there already'],
  ['succeeded', { skip: 3 }, 'quiet', 'Nothing was restored'],
  ['partial', { create: 14, failed: 1, filesVerified: 12 }, 'gap', 'Restored 14 items, 1 item failed'],
  ['failed', { create: 3, filesVerified: 3 }, 'bad', 'Stopped after 3 items'],
  ['failed', {}, 'bad', 'The restore failed'],
  ['interrupted', {}, 'bad', 'Interrupted'],
  ['cancelled', { create: 1, filesVerified: 1 }, 'quiet', 'Cancelled after 1 item'],
])('%s with %o is %s: %s', (state, some, tone, title) => {
  expect(outcomeOf([{ state: 'succeeded' }, { state }], counts(some))).toMatchObject({ tone, title })
})

test('two runs are one restore, and it is told in quarters', () => {
  const run = (doneBytes: number, totalBytes: number | null) =>
    ({ state: 'running', progress: { doneFiles: 1, totalFiles: 2, doneBytes, totalBytes } }) as Run
  expect(progressOf([run(50, 100), run(0, 100)])).toMatchObject({
    doneBytes: 50,
    totalBytes: 200,
    share: 0.25,
  })
  expect(progressOf([run(50, 100), run(0, null)]).share).toBe(null)
  expect([null, 0, 0.2499, 0.25, 0.74, 0.99, 1].map(milestone)).toEqual([null, null, null, 25, 50, 75, 100])
})

test('a list for spreadsheets: quoted, and no name is a formula', () => {
  expect(csvLine(item({ path: '/a, "b"\n', note: '=1+1' }))).toBe(
    'overwrite,file,"/a, ""b""\n",3,1970-01-01T00:00:01.000Z,4,1970-01-01T00:00:02.000Z,\'=1+1\r\n',
  )
})
