import { expect, test } from 'vitest'
import {
  commonRoot,
  inSnapshot,
  isWithin,
  joined,
  nameOf,
  parentOf,
  way,
} from '../../../src/renderer/screens/restore/paths.ts'

test.each([
  ['/home/mara/a.txt', '/home/mara', 'a.txt'],
  ['/home', '/', 'home'],
  ['/', '/', '/'],
])('%s lies in %s and is called %s', (path, parent, name) => {
  expect([parentOf(path), nameOf(path)]).toEqual([parent, name])
})

test('a name put to a folder is found in it again', () => {
  for (const folder of ['/', '/a', '/a/b']) {
    const path = joined(folder, 'x y')
    expect([parentOf(path), nameOf(path), isWithin(path, folder)]).toEqual([folder, 'x y', true])
  }
})

test('a folder whose name begins alike holds nothing of another', () => {
  expect(isWithin('/home/maria', '/home/mar')).toBe(false)
})

test('the way down begins at the root, and at / for what lies elsewhere', () => {
  expect(way('/home/mara', '/home/mara/a/b')).toEqual(['/home/mara', '/home/mara/a', '/home/mara/a/b'])
  expect(way('/home/mara', '/home/mara')).toEqual(['/home/mara'])
  expect(way('/home/mara', '/srv/x')).toEqual(['/', '/srv', '/srv/x'])
  expect(way('/', '/srv')).toEqual(['/', '/srv'])
})

test.each([
  ['/home/mara/', '/home/mara'],
  ['/', '/'],
  ['C:\\Users\\mara', '/C/Users/mara'],
  ['D:\\', '/D'],
])('%s is %s in a snapshot', (local, path) => {
  expect(inSnapshot(local)).toBe(path)
})

test('browsing begins at the folder that holds all that is protected', () => {
  const from = (...paths: string[]) => commonRoot([{ paths }])
  expect(from('/home/mara/Documents', '/home/mara/Pictures')).toBe('/home/mara')
  expect(from('/home/mara/notes.txt')).toBe('/home/mara')
  expect(from('/home/mara/a/b', '/home/mara/c')).toBe('/home/mara')
  expect(from('/home/mara', '/srv/db')).toBe('/')
  expect(from('C:\\Users\\mara\\Documents', 'C:\\Users\\mara\\Desktop')).toBe('/C/Users/mara')
  expect(commonRoot([])).toBe('/')
})
