import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeWindow, windowFile, type Rectangle } from '../../../src/main/shells/electron/window-bounds.ts'
import { tempDir } from '../../support/tmp.ts'

const main: Rectangle = { x: 0, y: 28, width: 1920, height: 1052 }
const second: Rectangle = { x: 1920, y: 0, width: 2560, height: 1440 }
const middle = { x: 320, y: 134, width: 1280, height: 840, maximized: false }
const saved = { x: 2000, y: 100, width: 1400, height: 900, maximized: true }

test('a window opens where it was, on whichever display', () => {
  expect(placeWindow(saved, [main, second])).toEqual(saved)
})

test('one whose display is gone opens in the middle of the main one, as large as it was', () => {
  expect(placeWindow(saved, [main])).toEqual({ x: 260, y: 104, width: 1400, height: 900, maximized: true })
})

test.each([
  ['left of everything', { x: -1350 }],
  ['above everything', { y: -10 }],
  ['with its title bar under the dock', { y: 1070 }],
  ['beyond the right edge', { x: 1900 }],
])('one that lies %s is brought back', (_, off) => {
  const was = { x: 100, y: 100, width: 1280, height: 840, maximized: false, ...off }
  expect(placeWindow(was, [main])).toEqual(middle)
})

test('part of it may hang out, as long as the title bar can be caught', () => {
  const was = { x: -1000, y: 500, width: 1280, height: 840, maximized: false }
  expect(placeWindow(was, [main])).toEqual(was)
})

test('it is never smaller than what fits into it, nor larger than its display', () => {
  expect(placeWindow({ ...saved, x: 0, y: 28, width: 10, height: 10 }, [main])).toMatchObject({
    width: 760,
    height: 520,
  })
  expect(placeWindow({ ...saved, x: 0, y: 28, width: 9000, height: 9000 }, [main])).toMatchObject({
    width: 1920,
    height: 1052,
  })
  expect(placeWindow(null, [{ x: 0, y: 0, width: 800, height: 600 }])).toMatchObject({
    width: 800,
    height: 600,
  })
})

test.each([
  null,
  undefined,
  'text',
  [],
  {},
  { x: 1, y: 2, width: NaN, height: 4 },
  { x: 1e9, y: 0, width: 9, height: 9 },
])('%j is no place: the middle is', state => {
  expect(placeWindow(state, [main])).toEqual(middle)
})

test('no display at all is no reason to fail', () => {
  expect(placeWindow(saved, [])).toMatchObject({ width: 1280, height: 840 })
})

test('what is remembered is read again; a damaged file, or none, is nothing', () => {
  const folder = tempDir('window')
  const file = windowFile(join(folder, 'window.json'))
  expect(file.read()).toBeNull()
  file.write(saved)
  expect(file.read()).toEqual(saved)
  writeFileSync(join(folder, 'window.json'), '{')
  expect(file.read()).toBeNull()
  mkdirSync(join(folder, 'full.json'))
  expect(() => windowFile(join(folder, 'full.json')).write(saved)).not.toThrow()
})
