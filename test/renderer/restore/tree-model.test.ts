import { expect, test } from 'vitest'
import { flatten, type FolderState } from '../../../src/renderer/screens/restore/tree-model.ts'

const loaded = (names: string[], more = false): FolderState => ({
  state: 'loaded',
  folders: names.map(name => ({ name, deleted: name.startsWith('old') })),
  more,
})

const brief = (...input: Parameters<typeof flatten>) =>
  flatten(...input).map(row =>
    row.kind === 'note'
      ? `${row.depth} note ${row.why}`
      : `${row.depth} ${row.path}${row.mayOpen ? '' : ' leaf'}${row.deleted ? ' deleted' : ''}`,
  )

test('what is open is shown below its folder, in order', () => {
  const folders = new Map([
    ['/home', loaded(['a', 'old b'])],
    ['/home/a', loaded(['x'])],
    ['/home/a/x', loaded([])],
  ])
  expect(brief('/home', folders, new Set(['/home', '/home/a']))).toEqual([
    '0 /home',
    '1 /home/a',
    '2 /home/a/x leaf',
    '1 /home/old b deleted',
  ])
  expect(brief('/home', folders, new Set(['/home/a']))).toEqual(['0 /home'])
})

test('a folder that failed, is loading or has too many folders says so', () => {
  const folders = new Map<string, FolderState>([
    ['/', loaded(['a', 'b', 'c'], true)],
    ['/a', { state: 'failed' }],
    ['/b', { state: 'loading' }],
  ])
  expect(brief('/', folders, new Set(['/', '/a', '/b', '/c']))).toEqual([
    '0 /',
    '1 /a',
    '2 note failed',
    '1 /b',
    '1 /c',
    '1 note more',
  ])
})
