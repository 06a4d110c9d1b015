import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test as plainTest } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import { anySnapshot, listSnapshots } from '../../src/main/engine/snapshots.ts'
import { stats, type StatsMode } from '../../src/main/engine/stats.ts'
import { noise } from '../support/content.ts'
import { dataBlob, file, putTree } from '../support/crafted.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, type Restic } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { buildTree, nextDay } from '../support/seeded-tree.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'

const { test } = needs('restic')
const run = testRun()
const modes: StatsMode[] = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data']

let root: string
const repos: Record<1 | 2, { repo: Repository; judge: Restic }> = {} as never

beforeAll(async () => {
  root = makeTemp('stats')
  const tree = join(root, 'tree')
  const at = (path: string) => join(tree, path)
  for (const version of [1, 2] as const) {
    const path = join(root, `repo-${version}`)
    repos[version] = {
      repo: await freshRepository({ backend: localBackend(path), version }),
      judge: restic(path),
    }
  }
  const backup = () => Promise.all(Object.values(repos).map(({ judge }) => judge.backup([tree])))
  buildTree(tree, { files: 60, seed: 5 })
  mkdirSync(at('twin'))
  writeFileSync(at('twin/a'), 'twin')
  cpSync(at('twin'), at('twin2'), { recursive: true, preserveTimestamps: true })
  writeFileSync(at('big'), Buffer.concat([noise('big', 3_000_000), noise('big', 3_000_000)]))
  for (const name of ['hard2', 'hard3']) linkSync(at('big'), at(name))
  writeFileSync(at('empty'), '')
  symlinkSync('big', at('link'))
  linkSync(at('link'), at('link2'))
  execFileSync('mkfifo', [at('fifo')])
  await backup()
  nextDay(tree, { seed: 5 })
  writeFileSync(at('twin/a'), 'no twin any more')
  chmodSync(at('hard2'), 0o600)
  await backup()
})
afterAll(() => removeTree(root))

interface Told {
  total_size: number
  total_file_count: number
  total_blob_count?: number
  snapshots_count: number
}

test.each(([1, 2] as const).flatMap(version => modes.map(mode => [version, mode] as const)))(
  'version %i, %s: as restic counts',
  async (version, mode) => {
    const { repo, judge } = repos[version]
    const snapshots = await listSnapshots(repo, anySnapshot, run.signal)
    for (const some of [snapshots, snapshots.slice(0, 1), snapshots.slice(1)]) {
      const [told] = await judge.json<Told>(['stats', '--mode', mode, ...some.map(({ id }) => id)])
      const { totalSizeBytes, totalFiles, totalBlobs, snapshots: count } = await stats(repo, some, mode, run)
      expect({
        total_size: totalSizeBytes,
        total_file_count: totalFiles,
        total_blob_count: totalBlobs,
        snapshots_count: count,
      }).toEqual({ total_blob_count: 0, ...told })
    }
  },
)

plainTest('raw data tells what compression does, where there is any', async () => {
  const repo = await freshRepository()
  const text = dataBlob('compressible '.repeat(1_000))
  const raw = { ...dataBlob('not compressed'), raw: true }
  const { snapshot, packs } = await putTree(repo, [file('a', text.id), file('b', raw.id)], [text, raw])
  const entries = packs.flatMap(({ blobs }) => blobs)
  const sum = (of: typeof entries, what: (entry: (typeof entries)[number]) => number) =>
    of.reduce((total, entry) => total + what(entry), 0)
  const compressed = entries.filter(entry => entry.uncompressedLength > 0)
  const stored = sum(entries, ({ length }) => length)
  const plain = sum(compressed, entry => entry.uncompressedLength + 32) + raw.plain.length + 32
  expect(await stats(repo, [snapshot], 'raw-data', run)).toEqual({
    totalSizeBytes: stored,
    totalFiles: 0,
    totalBlobs: 3,
    snapshots: 1,
    totalUncompressedBytes: plain,
    compressionRatio: (plain - raw.plain.length - 32) / sum(compressed, ({ length }) => length),
    compressionProgressPercent: ((plain - raw.plain.length - 32) / plain) * 100,
    compressionSpaceSavingPercent: (1 - stored / plain) * 100,
  })
  const [first] = await listSnapshots(repos[1].repo, anySnapshot, run.signal)
  expect(await stats(repos[1].repo, [first!], 'raw-data', run)).toMatchObject({
    totalUncompressedBytes: null,
    compressionRatio: null,
  })
})

plainTest('a blob in no index is told, not counted as nothing', async () => {
  const repo = await freshRepository()
  const { snapshot } = await putTree(repo, [file('a', dataBlob('lost').id)], [])
  for (const mode of ['blobs-per-file', 'raw-data'] as const) {
    await expect(stats(repo, [snapshot], mode, run)).rejects.toMatchObject({ code: 'data_corrupt' })
  }
})
