import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fullSizes, prepareCorpus } from '../../../scripts/bench/corpora.ts'
import { measureFloors } from '../../../scripts/bench/floor.ts'
import { floorSeconds } from '../../../scripts/bench/statistics.ts'
import { tempDir } from '../../support/tmp.ts'

const leftInMemory = (): string[] =>
  existsSync('/dev/shm') ? readdirSync('/dev/shm').filter(name => name.startsWith('holdfast-floor')) : []

test('the floor does all the work, finds every byte again, and leaves nothing behind', () => {
  const work = tempDir()
  const sizes = { ...fullSizes, text: { files: 300, meanBytes: 20_000 } }
  const corpus = prepareCorpus(work, 'text', sizes, null, () => {})
  const floors = measureFloors(corpus, ['first', 'rescan', 'check', 'restore'], { N: 1024, r: 8, p: 1 }, work)
  expect([...floors].map(([step, floor]) => [step, Object.keys(floor)])).toEqual([
    ['first', ['key', 'read', 'hash', 'compress', 'seal', 'pack hash']],
    ['rescan', ['key', 'list and stat']],
    ['check', ['key', 'read', 'pack hash', 'open', 'decompress', 'hash']],
    ['restore', ['key', 'read', 'open', 'decompress', 'hash', 'write']],
  ])
  for (const floor of floors.values()) expect(floorSeconds(floor)).toBeGreaterThan(0)
  expect([readdirSync(work), leftInMemory()]).toEqual([['corpora'], []])
})
