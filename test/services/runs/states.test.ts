import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayBecome, requireState, step } from '../../../src/main/services/runs/states.ts'
import { endStates, hasEnded, RunState, type Run } from '../../../src/shared/entities/run.ts'
import { someRun } from './some-run.ts'

const states = RunState.options
const anyState = fc.constantFrom(...states)

test('a run goes from state to state as its life is told, and no other way', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyState, fc.integer({ min: -10_000_000, max: 10_000_000 })), { maxLength: 60 }),
      wishes => {
        let run = someRun({ state: 'queued' })
        for (const [to, jumpMs] of wishes) {
          // the clock may jump both ways
          const atMs = run.createdAtMs + jumpMs
          const before = run
          if (!mayBecome(run.state, to)) {
            expect(() => step(run, to, atMs)).toThrow(`from ${run.state} to ${to}`)
            expect(run).toBe(before)
            continue
          }
          run = step(run, to, atMs, to === 'waiting' ? { waitingFor: 'Something.' } : {})
          expect(run.state).toBe(to)
          expect(hasEnded(before.state)).toBe(false) // an end is final
          expect(run.endedAtMs !== null).toBe(hasEnded(to))
          if (before.startedAtMs !== null) expect(run.startedAtMs).toBe(before.startedAtMs)
          if (run.startedAtMs !== null) expect(run.startedAtMs).toBeGreaterThanOrEqual(run.createdAtMs)
          if (run.endedAtMs !== null) {
            expect(run.endedAtMs).toBeGreaterThanOrEqual(run.startedAtMs ?? run.createdAtMs)
            expect(run.progress).toBe(null)
          }
          if (to !== 'missed') expect(run.waitingFor).toBe(to === 'waiting' ? 'Something.' : null)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('every state but the ends leads to an end, and each can be reached', () => {
  const reached = new Set<RunState>(['queued'])
  for (const from of reached) for (const to of states) if (mayBecome(from, to)) reached.add(to)
  expect([...states].filter(state => !reached.has(state))).toEqual(['skipped']) // it is only ever recorded
  for (const state of reached) {
    const ways = states.filter(to => mayBecome(state, to))
    expect(ways.length === 0).toBe(hasEnded(state))
    expect(hasEnded(state) || ways.some(to => to === 'cancelling' || to === 'cancelled')).toBe(true)
  }
})

describe('what may be asked of a run', () => {
  const may: Record<'cancel' | 'pause' | 'resume', readonly RunState[]> = {
    cancel: ['queued', 'waiting', 'running', 'paused', 'cancelling'],
    pause: ['running', 'paused'],
    resume: ['running', 'paused'],
  }
  test.each(
    states.flatMap(state => (['cancel', 'pause', 'resume'] as const).map(wish => [wish, state] as const)),
  )('to %s one that is %s', (wish, state) => {
    const ask = () => requireState(someRun({ state }), wish)
    if (may[wish].includes(state)) expect(ask).not.toThrow()
    else expect(ask).toThrow(expect.objectContaining({ code: 'conflict', hint: expect.any(String) }))
  })
})

test('the words of a wait go with the wait, but stay with what was missed', () => {
  const waiting = step(someRun({ state: 'queued' }), 'waiting', 5, { waitingFor: 'The drive is away.' })
  expect(step(waiting, 'running', 6).waitingFor).toBe(null)
  expect(step(waiting, 'missed', 6).waitingFor).toBe('The drive is away.')
  const ends: readonly string[] = endStates
  expect(ends).toContain('missed')
})

test('a run that has ended stays as it is', () => {
  const ended: Run = step(step(someRun({ state: 'queued' }), 'running', 5), 'failed', 6)
  for (const to of states) expect(() => step(ended, to, 7)).toThrow()
})
