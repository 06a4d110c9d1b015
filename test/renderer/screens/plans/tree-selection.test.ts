import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBelow } from '../../../../src/renderer/parts/local-path.ts'
import {
  checkOf,
  parted,
  pathOfPattern,
  patternOf,
  toggled,
  withPatterns,
  withSelection,
  type Selection,
} from '../../../../src/renderer/screens/plans/tree-selection.ts'
import { measure, noRules } from '../../../../src/main/engine/index.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../../support/tmp.ts'

const nothing: Selection = { paths: [], leftOut: [] }
const click = (start: Selection, ...paths: string[]): Selection => paths.reduce(toggled, start)

test('a checked folder is a place, a box cleared below it is left out', () => {
  const home = click(nothing, '/home')
  expect(home).toEqual({ paths: ['/home'], leftOut: [] })
  const out = click(home, '/home/tmp')
  expect(out).toEqual({ paths: ['/home'], leftOut: ['/home/tmp'] })
  expect(checkOf(out, '/home')).toBe('mixed')
  expect(checkOf(out, '/home/tmp')).toBe('left-out')
  expect(checkOf(out, '/home/tmp/deep')).toBe('within-left-out')
  expect(checkOf(out, '/home/tmp2')).toBe('checked')
  expect(checkOf(out, '/srv')).toBe('unchecked')
})

test('a click on what is left out brings it back; on what is in part makes it whole', () => {
  const out = click(nothing, '/home', '/home/a/b')
  expect(click(out, '/home/a/b')).toEqual({ paths: ['/home'], leftOut: [] })
  expect(click(out, '/home/a')).toEqual({ paths: ['/home'], leftOut: [] })
  expect(click(out, '/home')).toEqual({ paths: ['/home'], leftOut: [] })
  expect(click(out, '/home', '/home')).toEqual(nothing)
})

test('below a folder that is left out nothing can be chosen', () => {
  const out = click(nothing, '/home', '/home/a')
  expect(click(out, '/home/a/b')).toBe(out)
})

test('a folder above those that are chosen takes them in', () => {
  const two = click(nothing, '/home/a', '/home/b', '/home/a/x')
  expect(checkOf(two, '/home')).toBe('mixed')
  expect(click(two, '/home')).toEqual({ paths: ['/home'], leftOut: [] })
})

const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 })
  .map(names => `/${names.join('/')}`)

test('whatever is clicked: what was clicked looks different, and what is left out lies in what is chosen', () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), path, (clicks, last) => {
      const before = click(nothing, ...clicks)
      const after = toggled(before, last)
      if (checkOf(before, last) !== 'within-left-out')
        expect(checkOf(after, last)).not.toBe(checkOf(before, last))
      for (const out of after.leftOut) expect(after.paths.some(each => isBelow(out, each))).toBe(true)
      for (const each of after.paths) expect(after.paths.some(other => isBelow(each, other))).toBe(false)
    }),
  )
})

test('a click changes nothing beside the place and what is below it', () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), path, path, (clicks, last, other) => {
      fc.pre(last !== other && !isBelow(other, last) && !isBelow(last, other))
      const before = click(nothing, ...clicks)
      expect(checkOf(toggled(before, last), other)).toBe(checkOf(before, other))
    }),
  )
})

const odd = ['/home/a b', '/home/[x]*?', '/home/back\\slash', '/home/\u202eodd', '/home/!a', 'C:\\Users\\[x]']
test.each(odd)('%j is a pattern and back', place => {
  expect(pathOfPattern(patternOf(place))).toBe(place)
})

test.each([
  '*.mp4',
  'node_modules',
  '/home/*/cache',
  '!/home/a',
  '/home/[ab]',
  '/home/a?',
  'home/a',
  '/home/**',
])('%s stays a pattern', pattern => {
  expect(pathOfPattern(pattern)).toBeNull()
})

test('excludes are parted in places of the tree and patterns, and put together again', () => {
  const excludes = ['*.mp4', '/home/a', '!keep.mp4', '/elsewhere']
  const { selection, patterns } = parted(['/home'], excludes)
  expect(selection.leftOut).toEqual(['/home/a'])
  expect(patterns).toEqual(['*.mp4', '!keep.mp4', '/elsewhere'])
  expect(withSelection(selection, excludes, selection)).toEqual(excludes)
  expect(withSelection(selection, excludes, toggled(selection, '/home/a'))).toEqual(patterns)
  expect(withSelection(selection, excludes, toggled(selection, '/home/b'))).toEqual([...excludes, '/home/b'])
  // a place that is left out comes after every `!`, which would take it back
  expect(withPatterns(selection, ['*', '!*.txt'])).toEqual(['*', '!*.txt', '/home/a'])
})

test('the engine leaves out exactly the place, also where its name looks like a pattern', async () => {
  const root = tempDir('tree-selection')
  for (const name of ['a*b', 'axb', '[x]', 'x', 'plain']) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'file'), name)
  }
  const left = click(nothing, root, join(root, 'a*b'), join(root, '[x]'))
  const { files, excluded } = await measure(
    left.paths,
    { ...noRules, excludes: withSelection({ paths: left.paths, leftOut: [] }, [], left) },
    { signal: new AbortController().signal, now: () => 0 },
  )
  expect(excluded.map(each => each.path).toSorted()).toEqual(
    [join(root, '[x]'), join(root, 'a*b')].toSorted(),
  )
  expect(files).toBe(3)
})
