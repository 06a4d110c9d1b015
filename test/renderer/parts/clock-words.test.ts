import { expect, test } from 'vitest'
import { dayAndTime } from '../../../src/renderer/parts/clock-words.ts'

const at = (iso: string) => new Date(`${iso}:00`).getTime()
const now = at('2026-11-20T09:14')

test.each([
  ['2026-11-20T02:04', 'Today 02:04'],
  ['2026-11-20T23:59', 'Today 23:59'],
  ['2026-11-19T23:59', 'Yesterday 23:59'],
  ['2026-11-21T02:00', 'Tonight 02:00'],
  ['2026-11-21T06:00', 'Tomorrow 06:00'],
  ['2026-11-08T03:00', 'Sun 8 Nov 03:00'],
  ['2026-11-22T03:00', 'Sun 22 Nov 03:00'],
  ['2025-12-31T10:00', '31 Dec 2025'],
])('%s is %s', (iso, words) => {
  expect(dayAndTime(at(iso), now)).toBe(words)
})
