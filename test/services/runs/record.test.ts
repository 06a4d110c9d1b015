import { beforeEach, describe, expect, test } from 'vitest'
import { createRecord, type RunRecord } from '../../../src/main/services/runs/record.ts'
import { step } from '../../../src/main/services/runs/states.ts'
import type { Run, RunProgress } from '../../../src/shared/entities/run.ts'
import { someRun } from './some-run.ts'
import { world, type World } from './world.ts'

let w: World
let record: RunRecord
let published: Run[]
const lifetime = new AbortController().signal

const at = (doneBytes: number): RunProgress => ({
  phase: 'store',
  doneFiles: 0,
  doneBytes,
  totalFiles: null,
  totalBytes: null,
  bytesPerSecond: null,
  msLeft: null,
  path: '',
})

beforeEach(async () => {
  w = await world()
  const run = someRun({ planId: null, destinationId: null, createdAtMs: w.clock.now() })
  w.catalogue.runs.save(run)
  record = createRecord(run, w.ports, lifetime)
  record.change(step(run, 'running', w.clock.now()))
  published = []
  w.events.splice(0)
})

const told = () => {
  published = w.events.flatMap(({ name, value }) => (name === 'run.changed' ? [value] : []))
  return published.map(({ progress }) => progress?.doneBytes)
}

describe('progress', () => {
  test('is told at most four times a second; the last of it is never lost, nor told after the end', async () => {
    await w.clock.advance(1_000)
    for (let ms = 0; ms < 1_000; ms += 10) {
      record.progress(at(ms))
      if (ms < 990) await w.clock.advance(10)
    }
    expect(told()).toEqual([0, 240, 490, 740]) // each 250 ms what was reported last
    await w.clock.advance(10)
    expect(told()).toEqual([0, 240, 490, 740, 990])
    await w.clock.advance(10_000)
    expect(told()).toHaveLength(5)
    record.progress(at(2_000))
    record.progress(at(2_001))
    record.change(step(record.run(), 'succeeded', w.clock.now()))
    await w.clock.advance(10_000)
    record.progress(at(3_000))
    await w.clock.advance(10_000)
    expect(told().slice(5)).toEqual([2_000, undefined])
    expect(published.at(-1)!.state).toBe('succeeded')
    const revisions = published.map(({ revision }) => revision)
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
  })

  test('is written every ten seconds', async () => {
    const written: (number | undefined)[] = []
    for (let s = 0; s < 35; s++) {
      record.progress(at(s))
      const done = w.catalogue.runs.get(record.run().id)?.progress?.doneBytes
      if (written.at(-1) !== done) written.push(done)
      await w.clock.advance(1_000)
    }
    expect(written).toEqual([10, 20, 30])
  })
})

describe('what was said', () => {
  test('is written in batches: within a second, at five hundred, and at the end', async () => {
    const { id } = record.run()
    const count = () => w.catalogue.runs.log(id, 0, 1_000).length
    record.log('info', 'one')
    expect(count()).toBe(0)
    await w.clock.advance(1_000)
    expect(count()).toBe(1)
    for (let n = 0; n < 499; n++) record.log('output', `line ${n}`)
    expect(count()).toBe(1)
    record.log('output', 'the last')
    expect(count()).toBe(501)
    record.log('info', 'more')
    record.flush()
    expect(w.catalogue.runs.log(id, 0, 1_000).at(-1)).toEqual({
      seq: 502,
      atMs: w.clock.now(),
      level: 'info',
      text: 'more',
    })
  })

  test('of endless lines and warnings the first ten thousand are kept; how many more there were is said', () => {
    const { id } = record.run()
    for (let n = 0; n < 12_345; n++) {
      record.warn({ kind: 'unreadable', path: `/file ${n}`, message: 'no' })
      record.log('output', `line ${n}`)
    }
    record.flush()
    record.flush()
    expect(record.run().warnings).toBe(12_345)
    expect(w.catalogue.runs.warnings(id, 9_998, 100)).toEqual([
      { seq: 9_999, kind: 'unreadable', path: '/file 9998', message: 'no' },
      { seq: 10_000, kind: 'unreadable', path: '/file 9999', message: 'no' },
      { seq: 10_001, kind: 'note', path: '', message: '… and 2,345 more; the first 10,000 are listed.' },
    ])
    expect(w.catalogue.runs.log(id, 9_999, 100).map(({ text }) => text)).toEqual([
      'line 9999',
      'More was said than is kept here.',
    ])
  })

  test('notes are kept, and are no warnings', () => {
    record.warn({ kind: 'note', path: '', message: 'a lock was removed' })
    record.warn({ kind: 'metadata', path: '/a', message: 'no' })
    expect(record.run().warnings).toBe(1)
  })
})
