import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Progress } from '../../../src/main/engine/index.ts'
import { trackProgress } from '../../../src/main/services/runs/progress.ts'
import { limitTime } from '../../../src/main/services/runs/time-limit.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const store = (doneBytes: number, totalBytes: number | null): Progress => ({
  phase: 'store',
  doneFiles: Math.floor(doneBytes / 10),
  doneBytes,
  totalFiles: totalBytes === null ? null : Math.floor(totalBytes / 10),
  totalBytes,
  errors: 0,
  path: '/a',
})

describe('progress', () => {
  test('never falls back and never exceeds the whole, whatever the engine reports', () => {
    const figure = fc.nat(1_000)
    const report: fc.Arbitrary<Progress> = fc.oneof(
      fc.tuple(figure, fc.option(figure)).map(([done, total]) => store(done, total)),
      fc
        .tuple(figure, fc.boolean())
        .map(([bytes, done]) => ({ phase: 'scan' as const, files: bytes, bytes, done })),
      fc.constant({ phase: 'commit' as const }),
    )
    fc.assert(
      fc.property(fc.array(report), reports => {
        const track = trackProgress()
        let before = track.enter('prepare')
        let nowMs = 0
        for (const report of reports) {
          const at = track.take(report, (nowMs += 37))
          expect(at.doneBytes).toBeGreaterThanOrEqual(before.doneBytes)
          expect(at.doneFiles).toBeGreaterThanOrEqual(before.doneFiles)
          if (before.totalBytes !== null) {
            expect(at.totalBytes).toBeGreaterThanOrEqual(before.totalBytes)
            const share = (one: typeof at) => (one.totalBytes === 0 ? 1 : one.doneBytes / one.totalBytes!)
            expect(share(at)).toBeLessThanOrEqual(1)
          }
          if (at.totalBytes === null) expect(at.msLeft).toBe(null)
          if (report.phase === 'commit' && at.totalBytes !== null) expect(at.doneBytes).toBe(at.totalBytes)
          before = at
        }
      }),
    )
  })

  test('foretells the end once all has been counted, and forgets the pace when it is held', () => {
    const track = trackProgress()
    for (let at = 0; at <= 5_000; at += 100) track.take(store(at, null), at)
    expect(track.take(store(5_100, null), 5_100)).toMatchObject({ bytesPerSecond: 1_000, msLeft: null })
    const counted = track.take(store(5_200, 15_200), 5_200)
    expect(counted.msLeft).toBeCloseTo(10_000, -3)
    expect(track.interrupt()).toMatchObject({ bytesPerSecond: null, msLeft: null, doneBytes: 5_200 })
    expect(track.take(store(5_300, 15_200), 90_000)).toMatchObject({ bytesPerSecond: null, msLeft: null })
  })
})

describe('the time a run may work', () => {
  const limited = (limitMs: number) => {
    const clock = virtualClock()
    const spent: number[] = []
    const began = clock.now()
    const limit = limitTime(limitMs, clock, () => spent.push(clock.now() - began))
    return { clock, limit, spent }
  }

  test('runs out after just that time', async () => {
    const { clock, limit, spent } = limited(100_000)
    limit.goOn()
    await clock.advance(99_999)
    expect(spent).toEqual([])
    await clock.advance(1)
    expect(spent).toEqual([100_000])
    await clock.advance(1_000_000)
    expect(spent).toEqual([100_000])
  })

  test('does not count what it is held', async () => {
    const { clock, limit, spent } = limited(100_000)
    limit.goOn()
    await clock.advance(45_000)
    limit.hold()
    await clock.advance(10_000_000)
    limit.goOn()
    limit.goOn() // asked for twice, counted once
    await clock.advance(54_999)
    expect(spent).toEqual([])
    await clock.advance(1)
    expect(spent).toEqual([10_100_000])
  })

  test('does not count a sleep or a clock that was set, but for one slice', async () => {
    const { clock, limit, spent } = limited(100_000)
    limit.goOn()
    await clock.advance(10_000)
    clock.set(clock.now() + 8 * 3_600_000) // the computer slept: timers stood still
    await clock.advance(1_000)
    limit.hold()
    clock.set(clock.now() - 365 * 86_400_000)
    limit.goOn()
    await clock.advance(69_999)
    expect(spent).toEqual([])
    await clock.advance(20_000)
    expect(spent).toHaveLength(1)
  })

  test('is over when the run is', async () => {
    const { clock, limit, spent } = limited(1_000)
    limit.goOn()
    limit.end()
    await clock.advance(10_000)
    expect(spent).toEqual([])
    expect(clock.nextMs()).toBe(null)
  })
})
