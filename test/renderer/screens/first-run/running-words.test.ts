import { expect, test } from 'vitest'
import { shareOf, wordsOfRun } from '../../../../src/renderer/screens/first-run/running-words.ts'
import { totalOf } from '../../../../src/renderer/screens/first-run/totals.ts'
import type { Run, RunState } from '../../../../src/shared/entities/run.ts'

const run = (more: Partial<Run>): Run => ({
  id: '0fd5a6c4-5df5-4b7e-9a1e-2d7d8a0a7f10',
  revision: 1,
  planId: null,
  planName: 'atlas',
  destinationId: null,
  kind: 'backup',
  type: 'incremental',
  dryRun: false,
  trigger: 'manual',
  scheduleId: null,
  dueAtMs: null,
  state: 'running',
  waitingFor: null,
  createdAtMs: 0,
  startedAtMs: 0,
  endedAtMs: null,
  progress: null,
  counts: null,
  warnings: 0,
  error: null,
  snapshotId: null,
  followsRunId: null,
  attempt: 1,
  askedBy: 'desktop',
  command: '',
  ...more,
})
const progress: NonNullable<Run['progress']> = {
  phase: 'store',
  doneFiles: 214,
  doneBytes: 1024 ** 3,
  totalFiles: 500,
  totalBytes: 42 * 1024 ** 3,
  bytesPerSecond: 1,
  msLeft: 1,
  path: '/a',
}

test('while it goes on, what is stored and what is left', () => {
  expect(wordsOfRun(run({ progress })).sentence).toBe(
    'Your first 214 files are stored. 41 GiB to go. You can close this window; it goes on.',
  )
  expect(shareOf(run({ progress }))).toBeCloseTo(2.38, 1)
  expect(shareOf(run({ progress: { ...progress, doneBytes: 99 * 1024 ** 3 } }))).toBe(100)
  expect(shareOf(run({ progress: { ...progress, totalBytes: null } }))).toBeNull()
})

test('at its end, what was not read is said', () => {
  const counts = {
    filesNew: 3,
    filesChanged: 0,
    filesUnmodified: 0,
    filesTotal: 3,
    bytesScanned: 2048,
    bytesNew: 2048,
    bytesStored: 1024,
  }
  const words = wordsOfRun(run({ state: 'partial', warnings: 2, counts }))
  expect(words.title).toBe('Your first snapshot is stored')
  expect(words.sentence).toContain('2 items could not be read')
  expect(shareOf(run({ state: 'succeeded', counts }))).toBe(100)
})

test.each<RunState>([
  'queued',
  'waiting',
  'paused',
  'failed',
  'cancelled',
  'interrupted',
  'missed',
  'skipped',
])('%s does not claim that anything is stored', state => {
  const { title, sentence } = wordsOfRun(run({ state }))
  expect(title).not.toBe('')
  expect(`${title} ${sentence}`).not.toMatch(/is stored|protected|safe/i)
})

test('places inside of one another count once, and what is not counted yet is said', () => {
  const size = (files: number, complete = true) => ({
    files,
    bytes: files * 10,
    folders: 0,
    excludedFiles: 1,
    excludedBytes: 2,
    excluded: [],
    unreadable: 0,
    complete,
  })
  const sizes = new Map([
    ['/a', size(5)],
    ['/a/b', size(3)],
    ['/c', size(2, false)],
  ])
  expect(totalOf(['/a', '/a/b'], sizes)).toEqual({
    files: 5,
    bytes: 50,
    skippedFiles: 1,
    skippedBytes: 2,
    atLeast: false,
  })
  expect(totalOf(['/a', '/c'], sizes)).toMatchObject({ files: 7, atLeast: true })
  expect(totalOf(['/unknown'], sizes)).toMatchObject({ files: 0, atLeast: true })
})
