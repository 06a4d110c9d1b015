import { expect, test } from 'vitest'
import {
  between,
  bySnapshot,
  isPicked,
  nothing,
  pick,
  unpick,
  type Picked,
} from '../../../src/renderer/screens/restore/selection.ts'

const file = (path: string, snapshotId = 's1'): Picked => ({ path, type: 'file', sizeBytes: 1, snapshotId })
const folder = (path: string, snapshotId = 's1'): Picked => ({
  path,
  type: 'dir',
  sizeBytes: null,
  snapshotId,
})

test('what lies in a ticked folder is ticked with it, and named once', () => {
  const files = pick(nothing, [file('/a/b/x'), file('/a/y'), file('/ab')])
  const all = pick(files, [folder('/a')])
  expect([...all.keys()].sort()).toEqual(['/a', '/ab'])
  expect(isPicked(all, '/a/b/x')).toBe(true)
  expect(isPicked(all, '/a')).toBe(true)
  expect(isPicked(all, '/abc')).toBe(false)
  expect([...pick(all, [file('/a/b/x')]).keys()].sort()).toEqual(['/a', '/ab'])
})

test('unticking something in a ticked folder unticks the folder', () => {
  const all = pick(nothing, [folder('/a'), file('/z')])
  expect([...unpick(all, ['/a/b/x']).keys()]).toEqual(['/z'])
})

test('the whole tree can be ticked', () => {
  const all = pick(nothing, [folder('/')])
  expect(isPicked(all, '/any/thing')).toBe(true)
  expect(unpick(all, ['/any/thing']).size).toBe(0)
})

test('what comes from different snapshots is restored apart', () => {
  expect(bySnapshot(pick(nothing, [file('/a'), file('/gone', 's0'), file('/b')]))).toEqual([
    { snapshotId: 's1', paths: ['/a', '/b'] },
    { snapshotId: 's0', paths: ['/gone'] },
  ])
})

test('a range goes either way', () => {
  expect(between(2, 5)).toEqual([2, 3, 4, 5])
  expect(between(5, 2)).toEqual([2, 3, 4, 5])
  expect(between(3, 3)).toEqual([3])
})
