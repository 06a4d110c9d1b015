import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Backend } from '../../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import { backup } from '../../../src/main/engine/backup.ts'
import { check, type CheckResult } from '../../../src/main/engine/check.ts'
import { rawFromText } from '../../../src/main/engine/format/raw.ts'
import { defaultMemoryBytes } from '../../../src/main/engine/memory.ts'
import { initRepository, openRepository } from '../../../src/main/engine/repository.ts'
import { stats } from '../../../src/main/engine/stats.ts'
import { manifestDifferences, readManifest, subManifest } from '../../support/manifest.ts'
import { memoryBackend } from '../../support/memory-backend.ts'
import { plainBackup, quickCost, testPassword } from '../../support/repo.ts'
import { restoreInto } from '../../support/restoring.ts'
import { testRun } from '../../support/run.ts'
import { buildTree } from '../../support/seeded-tree.ts'
import { tempDir } from '../../support/tmp.ts'

const who = { hostname: 'atlas', username: 'ada' }
const made = async (backend: Backend) => {
  const repo = await initRepository(backend, { password: testPassword, who, cost: quickCost }, testRun())
  await repo.close()
}
const opened = (backend: Backend, memoryBytes: number) =>
  openRepository(backend, testPassword, testRun(), { memoryBytes })
/** No index is small enough. */
const least = 1

test('with next to no memory: the same backups, the same restore, the same findings', async () => {
  const dir = tempDir('small-memory')
  const source = join(dir, 'source')
  buildTree(source, { files: 120, seed: 5 })
  const root = join(dir, 'repo')
  mkdirSync(root)
  await made(localBackend(root))

  const first = await opened(localBackend(root), least)
  const stored = await backup(first, plainBackup([source], { threads: 2 }), testRun())
  await first.close()
  expect(stored.dataBlobs).toBeGreaterThan(50)

  // All is known now, from files, and threads must find it there.
  const second = await opened(localBackend(root), least)
  const again = await backup(second, plainBackup([source], { full: true, threads: 2 }), testRun())
  expect(again).toMatchObject({ parent: null, dataBlobs: 0 })
  expect(again.treeBlobs).toBeLessThan(5) // of the folders above, which have changed meanwhile
  expect(second.index.share().file?.starts.at(-1)).toBeGreaterThan(stored.dataBlobs)

  await restoreInto(second, again.snapshot!, join(dir, 'out'), { verify: true })
  expect(
    manifestDifferences(
      readManifest(source),
      subManifest(readManifest(join(dir, 'out')), rawFromText(source.slice(1))),
    ),
  ).toEqual([])

  const usual = await opened(localBackend(root), defaultMemoryBytes)
  await usual.loadIndex(testRun())
  expect(usual.index.share().file).toBeNull()
  expect(second.index.size).toBe(usual.index.size)
  for (const mode of ['raw-data', 'blobs-per-file'] as const) {
    expect(await stats(second, [again.snapshot!], mode, testRun())).toEqual(
      await stats(usual, [again.snapshot!], mode, testRun()),
    )
  }
  await second.close()
  await usual.close()
})

test('with next to no memory a check finds the same damage', async () => {
  const source = tempDir('small-memory')
  buildTree(source, { files: 60, seed: 6 })
  const backend = memoryBackend()
  await made(backend)
  const repo = await opened(backend, least)
  await backup(repo, plainBackup([source]), testRun())
  await repo.close()

  async function found(memoryBytes: number): Promise<Omit<CheckResult, 'durationMs'>> {
    const repo = await opened(backend, memoryBytes)
    const result = await check(repo, { readData: { kind: 'all' }, lock: false, threads: 0 }, testRun())
    await repo.close()
    const { durationMs: _, ...rest } = result
    return rest
  }
  expect((await found(least)).problems).toEqual([])
  expect(await found(least)).toEqual(await found(defaultMemoryBytes))

  const pack = [...backend.files.keys()].find(name => name.startsWith('pack/'))!
  backend.files.get(pack)![100]! ^= 1
  const damaged = await found(least)
  expect(damaged.problems.some(({ level }) => level === 'error')).toBe(true)
  expect(damaged).toEqual(await found(defaultMemoryBytes))
})
