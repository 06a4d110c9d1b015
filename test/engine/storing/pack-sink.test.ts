import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backup } from '../../../src/main/engine/backup.ts'
import { decodeIndex } from '../../../src/main/engine/format/index-file.ts'
import { noise } from '../../support/content.ts'
import { recordWrites } from '../../support/journal.ts'
import { memoryBackend } from '../../support/memory-backend.ts'
import { freshRepository, plainBackup } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { tempDir } from '../../support/tmp.ts'

const MiB = 2 ** 20

test('at any moment little of what was stored is named by no index: that is what a kill costs', async () => {
  const source = tempDir('source')
  for (let n = 0; n < 6; n++) writeFileSync(join(source, `${n}`), noise(`sink ${n}`, 30 * MiB))
  const { backend, journal } = recordWrites(memoryBackend())
  const repo = await freshRepository({ backend })
  // a clock that stands still: age makes no index due
  await backup(repo, plainBackup([source]), testRun({ now: () => Date.UTC(2026, 0, 1) }))

  const unnamed = new Map<string, number>()
  let [most, indexes] = [0, 0]
  for (const { file, data } of journal) {
    if (file.kind === 'pack') unnamed.set(file.name, data!.length)
    if (file.kind === 'index') {
      indexes++
      const { packs } = decodeIndex(await repo.loadUnpacked('index', file.name, new AbortController().signal))
      for (const { id } of packs) unnamed.delete(id)
    }
    const bytes = [...unnamed.values()].reduce((sum, size) => sum + size, 0)
    most = Math.max(most, bytes)
  }
  expect(unnamed.size).toBe(0)
  // two or three packs make an index due; a few more may be on their way meanwhile
  expect(most).toBeLessThan(130 * MiB)
  expect(indexes).toBeGreaterThanOrEqual(3)
  expect(indexes).toBeLessThanOrEqual(8)
})
