import { expect, test } from 'vitest'
import { opensFor, rootsOf, rowsOf, type Folder } from '../../../../src/renderer/screens/plans/tree-rows.ts'

const entry = (path: string, type: 'dir' | 'file' = 'dir') => ({
  path,
  name: path.slice(path.lastIndexOf('/') + 1),
  type,
  sizeBytes: type === 'file' ? 5 : null,
  readable: true,
})

test('it begins at home and at what is chosen outside of it', () => {
  expect(rootsOf('/home/mara', ['/home/mara/a', '/srv/www', '/srv', '/srv'])).toEqual(['/home/mara', '/srv'])
})

test('folders above what is chosen are open', () => {
  expect(opensFor(['/home', '/srv'], ['/home/a/b/c', '/srv'])).toEqual(['/home', '/home/a', '/home/a/b'])
  expect(opensFor(['/'], ['/srv/www'])).toEqual(['/', '/srv'])
  expect(opensFor(['C:\\Users'], ['C:\\Users\\a\\b'])).toEqual(['C:\\Users', 'C:\\Users\\a'])
})

test('lines in order, with what is to be said of a folder', () => {
  const folders = new Map<string, Folder>([
    [
      '/home',
      { state: 'open', entries: [entry('/home/a'), entry('/home/b'), entry('/home/c', 'file')], more: 7 },
    ],
    ['/home/a', { state: 'open', entries: [], more: 0 }],
    ['/home/b', { state: 'failed', error: { code: 'source_unreadable', message: 'no permission' } }],
  ])
  const open = new Set(['/home', '/home/a', '/home/b'])
  expect(
    rowsOf(['/home'], open, folders).map(row =>
      row.kind === 'note' ? `${row.level} (${row.text})` : `${row.level} ${row.name} ${row.place}/${row.of}`,
    ),
  ).toEqual([
    '1 /home 1/1',
    '2 a 1/3',
    '3 (empty)',
    '2 b 2/3',
    '3 (no permission)',
    '2 c 3/3',
    '2 (7 more are not shown)',
  ])
  expect(rowsOf(['/home'], new Set(['/home']), new Map())).toHaveLength(2)
})
