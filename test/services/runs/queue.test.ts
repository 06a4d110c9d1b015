import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inLine, latestStartMs, whyNot, type InLine } from '../../../src/main/services/runs/queue.ts'
import { finishesInterrupted, growingPauseMs, retryAfterMs } from '../../../src/main/services/runs/retry.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import { failures, type FailureCode } from '../../../src/shared/errors.ts'
import { someRun } from './some-run.ts'

const entry = (nth: number, more: Partial<Run> = {}, notBeforeMs = 0): InLine => ({
  run: someRun(more),
  nth,
  notBeforeMs,
})

describe('who goes first', () => {
  test('the older one; of the same time what a person asked for; then in the order of asking', () => {
    const later = entry(0, { createdAtMs: 20, trigger: 'manual' })
    const first = entry(1, { createdAtMs: 10, trigger: 'schedule' })
    const byPerson = entry(2, { createdAtMs: 10, trigger: 'manual' })
    const second = entry(3, { createdAtMs: 10, trigger: 'retry' })
    expect([later, second, first, byPerson].sort(inLine)).toEqual([byPerson, first, second, later])
  })

  test('it is an order', () => {
    const any = fc.record({
      nth: fc.nat(50),
      createdAtMs: fc.nat(3),
      trigger: fc.constantFrom('manual', 'schedule', 'retry' as const),
    })
    fc.assert(
      fc.property(any, any, any, (...three) => {
        const [a, b, c] = three.map(({ nth, ...run }) => entry(nth, run as Partial<Run>))
        expect(Math.sign(inLine(a!, b!))).toBe(-Math.sign(inLine(b!, a!)) + 0)
        if (inLine(a!, b!) <= 0 && inLine(b!, c!) <= 0) expect(inLine(a!, c!)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('why a run must wait', () => {
  const other = someRun({ planName: 'Documents', state: 'running' })
  const free = { busyWith: null, unmet: null }

  test('for its time, for the repository, for a condition, or not at all', () => {
    expect(whyNot(entry(0), free, 1)).toBe(null)
    expect(whyNot(entry(0), { ...free, busyWith: other }, 1)).toBe('Waiting for “Documents” to finish.')
    expect(whyNot(entry(0), { ...free, unmet: 'On battery.' }, 1)).toBe('On battery.')
    expect(whyNot(entry(0, {}, 5_000), free, 4_999)).toMatch(/^Tries again at \d{4}-\d\d-\d\d /)
    expect(whyNot(entry(0, {}, 5_000), free, 5_000)).toBe(null)
  })
})

describe('until when a run may begin', () => {
  const due = { dueAtMs: 1_000_000 }
  test('only what a schedule asked for can be missed', () => {
    expect(latestStartMs(someRun({ ...due, trigger: 'schedule' }), 10)).toBe(1_000_000 + 600_000)
    expect(latestStartMs(someRun({ ...due, trigger: 'catch-up' }), 10)).toBe(1_000_000 + 600_000)
    expect(latestStartMs(someRun({ ...due, trigger: 'schedule' }), 0)).toBe(1_000_000 + 60_000)
    for (const trigger of ['manual', 'retry', 'recovery'] as const) {
      expect(latestStartMs(someRun({ ...due, trigger }), 10)).toBe(Infinity)
    }
    expect(latestStartMs(someRun({ trigger: 'schedule' }), 10)).toBe(Infinity)
  })
})

describe('what is tried again', () => {
  const failed = (code: FailureCode, more: Partial<Run> = {}) =>
    someRun({ state: 'failed', error: { code, message: 'no' }, ...more })
  const middle = () => 0.5

  test.each(Object.keys(failures) as FailureCode[])('%s: as the table says', code => {
    expect(retryAfterMs(failed(code), 3, middle) !== null).toBe(failures[code].retry)
  })

  test('as often as the plan says, after growing pauses', () => {
    const pauses = [1, 2, 3, 4].map(attempt =>
      retryAfterMs(failed('backend_unreachable', { attempt }), 3, middle),
    )
    expect(pauses).toEqual([60_000, 120_000, 240_000, null])
    expect(retryAfterMs(failed('backend_unreachable'), 0, middle)).toBe(null)
  })

  test('neither a dry run nor what did not fail', () => {
    expect(retryAfterMs(failed('backend_unreachable', { dryRun: true }), 3, middle)).toBe(null)
    expect(retryAfterMs(someRun({ state: 'cancelled' }), 3, middle)).toBe(null)
  })

  test('a pause is never longer than the longest and a fifth, nor shorter than the least less a fifth', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (nth, chance) => {
        const pauseMs = growingPauseMs(nth, 1_000, 60_000, () => chance)
        expect(pauseMs).toBeGreaterThanOrEqual(800)
        expect(pauseMs).toBeLessThanOrEqual(72_000)
      }),
    )
  })
})

describe('what was cut off', () => {
  test('is finished, unless it is a dry run or was cut off five times in a row', () => {
    const chain: Run[] = []
    for (let nth = 0; nth < 6; nth++) {
      chain.push(someRun({ state: 'interrupted', followsRunId: chain.at(-1)?.id ?? null }))
    }
    const find = (id: string) => chain.find(run => run.id === id) ?? null
    expect(chain.map(run => finishesInterrupted(run, find))).toEqual([true, true, true, true, false, false])
    expect(finishesInterrupted(someRun({ state: 'interrupted', dryRun: true }), find)).toBe(false)
    // one that ended by itself in between begins a new count
    chain[2] = { ...chain[2]!, state: 'failed' }
    expect(finishesInterrupted(chain[5]!, find)).toBe(true)
  })
})
