import { posix, win32 } from 'node:path'
import { expect, test } from 'vitest'
import { arrangeTargets, type TargetNode } from '../../../src/main/engine/files/targets.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'

type Shown = { [name: string]: string | Shown }
/** `name: path` for a target, `name: {…}` for a folder on the way; `*` where a folder is both. */
const shown = (nodes: Map<Raw, TargetNode>): Shown =>
  Object.fromEntries(
    [...nodes.values()].map(node => [
      node.whole && node.children.size > 0 ? `${node.name}*` : node.name,
      node.children.size > 0 ? shown(node.children) : node.path,
    ]),
  )
const list = (folder: Raw) => (folder === '/' ? ['etc', 'home'] : ['one', 'two']) as Raw[]
const arrange = (paths: string[], style = posix as typeof win32) => shown(arrangeTargets(paths, list, style))

test.each<[string[], Shown]>([
  [['/home/user/work'], { home: { user: { work: '/home/user/work' } } }],
  [['/home/user/work/'], { home: { user: { work: '/home/user/work' } } }],
  [['/a/b', '/a/c', '/d'], { a: { b: '/a/b', c: '/a/c' }, d: '/d' }],
  [['/a', '/a/b/c'], { 'a*': { b: { c: '/a/b/c' } } }],
  [['work/src'], { work: { src: 'work/src' } }],
  [['./work/../work/src'], { work: { src: 'work/src' } }],
  [['../other/x'], { other: { x: '../other/x' } }],
  [['.'], { one: 'one', two: 'two' }],
  [['..'], { one: '../one', two: '../two' }],
  [['/'], { etc: '/etc', home: '/home' }],
  [['/work', 'work', '../work'], { work: '/work', 'work-1': 'work', 'work-2': '../work' }],
  [['work/a', '../work/b'], { work: { a: 'work/a' }, 'work-1': { b: '../work/b' } }],
])('%j', (paths, expected) => {
  expect(arrange(paths)).toEqual(expected)
})

test('folders on the way have their own metadata', () => {
  const top = arrangeTargets(['/home/user/work'], list, posix)
  expect(top.get('home' as Raw)?.path).toBe('/home')
  expect(top.get('home' as Raw)?.children.get('user' as Raw)?.path).toBe('/home/user')
  const relative = arrangeTargets(['../other/x'], list, posix)
  expect(relative.get('other' as Raw)?.path).toBe('../other')
})

test('names that are not ASCII are bytes', () => {
  expect([...arrangeTargets(['/ü'], list, posix).keys()]).toEqual(['\xc3\xbc'])
})

test('Windows: the drive is the first name, without its colon', () => {
  const tree = arrangeTargets(['C:\\Users\\me', 'D:\\', 'C:/Data'], list, win32)
  expect([...tree.keys()]).toEqual(['C', 'D'])
  expect([...tree.get('C' as Raw)!.children.keys()]).toEqual(['Users', 'Data'])
  expect(tree.get('D' as Raw)).toMatchObject({ whole: true, path: 'D:\\' })
})
