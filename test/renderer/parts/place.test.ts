import { expect, test } from 'vitest'
import { baseName, homely, isAbsolute, isBelow, joined } from '../../../src/renderer/parts/local-path.ts'
import { freshName, useOf } from '../../../src/renderer/parts/place.ts'
import type { PlaceReport } from '../../../src/shared/entities/browse.ts'
import type { Destination } from '../../../src/shared/entities/destination.ts'

const report = (path: string, more: Partial<PlaceReport> = {}): PlaceReport => ({
  path,
  state: 'empty',
  message: 'Empty.',
  writable: true,
  freeBytes: 1,
  totalBytes: 2,
  sameDriveAsSystem: false,
  repository: null,
  ...more,
})
const destination: Destination = {
  id: '0fd5a6c4-5df5-4b7e-9a1e-2d7d8a0a7f10',
  name: 'Archive',
  location: { kind: 'local', path: '/mnt/archive' },
  revision: 1,
  createdAtMs: 0,
  repositoryId: null,
  hasPassword: true,
  presence: 'present',
  refreshedAtMs: null,
}

test.each([
  ['nothing named yet', null, 'none'],
  ['an empty folder', report('/mnt/new'), 'new'],
  ['a folder to be made', report('/mnt/new', { state: 'missing' }), 'new'],
  ['other files', report('/mnt/new', { state: 'in-use' }), 'new'],
  ['no permission', report('/mnt/new', { state: 'refused', writable: false }), 'refused'],
  ['a file', report('/mnt/new', { state: 'no-folder', writable: false }), 'refused'],
  ['a repository', report('/mnt/new', { state: 'repository' }), 'existing'],
  ['a repository of ours', report('/mnt/archive', { state: 'repository' }), 'known'],
  ['our place, but emptied', report('/mnt/archive'), 'new'],
  ['inside of what is protected', report('/home/mara/Documents/backup'), 'refused'],
  ['the very folder that is protected', report('/home/mara/Documents'), 'refused'],
  ['a neighbour with a longer name', report('/home/mara/Documents-backup'), 'new'],
] as const)('%s', (_, found, kind) => {
  expect(useOf(found, [destination], ['/home/mara/Documents']).kind).toBe(kind)
})

test.each([
  ['/media/mara/Archive 8TB/holdfast', [], 'Archive 8TB'],
  ['/mnt/nas', [], 'nas'],
  ['/mnt/nas', ['nas', 'nas 2'], 'nas 3'],
  ['/backup', [], 'backup'],
  ['D:\\holdfast', [], 'D:'],
  ['/', [], '/'],
])('a destination at %s, beside %j, is called %s', (path, taken, name) => {
  expect(freshName(path, taken)).toBe(name)
})

test('paths of either kind of system', () => {
  expect([baseName('/a/b/'), baseName('/'), baseName('C:\\Users\\Mara'), baseName('C:\\')]).toEqual([
    'b',
    '/',
    'Mara',
    'C:',
  ])
  expect([joined('/', 'a'), joined('/a', 'b'), joined('C:\\', 'a'), joined('C:\\a', 'b')]).toEqual([
    '/a',
    '/a/b',
    'C:\\a',
    'C:\\a\\b',
  ])
  expect([isBelow('/a/b', '/a'), isBelow('/ab', '/a'), isBelow('/a', '/a'), isBelow('/a', '/')]).toEqual([
    true,
    false,
    false,
    true,
  ])
  expect([isBelow('C:\\a\\b', 'C:\\a'), isBelow('C:\\ab', 'C:\\a'), isBelow('C:\\a', 'C:\\')]).toEqual([
    true,
    false,
    true,
  ])
  expect([isAbsolute('/a'), isAbsolute('a/b'), isAbsolute('C:\\a'), isAbsolute('~/a')]).toEqual([
    true,
    false,
    true,
    false,
  ])
  expect([homely('/home/mara/x', '/home/mara'), homely('/home/marathon', '/home/mara')]).toEqual([
    '~/x',
    '/home/marathon',
  ])
})
