import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backup } from '../../src/main/engine/backup.ts'
import type { Backend } from '../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { check } from '../../src/main/engine/check.ts'
import { rawFromText } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest, subManifest } from '../support/manifest.ts'
import { memoryCopy } from '../support/memory-copy.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { testPassword } from '../support/restic.ts'
import { restoreInto } from '../support/restoring.ts'
import { testRun } from '../support/run.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { makeTemp, removeTree, tempDir } from '../support/tmp.ts'

/** Everything else about restore and check is tested on one thread: here it is only that two of them do the same. */
let place: string
let source: string
let local: Repository
let snapshot: SavedSnapshot
let packs: string[]

beforeAll(async () => {
  place = makeTemp('threads')
  source = join(place, 'source')
  buildTree(source, { files: 700, seed: 11, meanBytes: 3000 })
  const large = noise('large', 20 * 1024 * 1024)
  large.fill(0, 3_000_000, 9_000_000)
  mkdirSync(join(source, 'large'))
  writeFileSync(join(source, 'large/one'), large)
  writeFileSync(join(source, 'large/two'), large.subarray(0, 5_000_000))
  writeFileSync(join(source, 'large/three'), noise('three', 700_000))
  writeFileSync(join(source, 'large/small'), 'small')
  writeFileSync(join(source, 'empty'), '')
  // Times that no double holds, and one before 1970.
  execFileSync('touch', ['-d', '2024-02-29 12:34:56.123456789', join(source, 'large/two')])
  utimesSync(join(source, 'empty'), -1000.25, -1000.25)
  chmodSync(join(source, 'large/three'), 0o4751)
  local = await freshRepository({ backend: localBackend(join(place, 'repo')) })
  snapshot = (await backup(local, plainBackup([source]), testRun())).snapshot!
  packs = readdirSync(join(place, 'repo/data'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.length > 60)
    .map(name => join(place, 'repo/data', name))
})
afterAll(() => removeTree(place))

const inSource = (target: string) => subManifest(readManifest(target), rawFromText(source.slice(1)))
const open = (backend: Backend) => openRepository(backend, testPassword, testRun())
const temporaries = (target: string) =>
  readdirSync(target, { recursive: true, encoding: 'utf8' }).filter(name => name.includes('.holdfast-'))

describe('restore', () => {
  test.each<[string, () => Promise<Backend>]>([
    ['a local repository, whose packs the threads read', async () => localBackend(join(place, 'repo'))],
    ['any other, whose bytes are given to them', () => memoryCopy(join(place, 'repo'))],
  ])('%s: every file is as it was, and it can be done again', async (_, backend) => {
    const repo = await open(await backend())
    const target = join(tempDir(), 'out')
    const limits = { items: 300, blobs: 1000 }
    const fresh = await restoreInto(repo, snapshot, target, { threads: 2, verify: true }, undefined, {
      limits,
    })
    expect(fresh.run.warnings).toEqual([])
    expect(fresh.result).toMatchObject({ failed: 0, filesRestored: fresh.result.totalFiles })
    expect(fresh.result.filesVerified).toBe(fresh.result.totalFiles)
    expect(manifestDifferences(readManifest(source), inSource(target))).toEqual([])
    expect(statSync(join(target, source, 'large/one')).blocks * 512).toBeLessThan(16 * 1024 * 1024)

    for (const name of ['large/one', 'large/three', 'empty'])
      writeFileSync(join(target, source, name), 'other')
    const again = await restoreInto(repo, snapshot, target, { threads: 2 })
    expect(again.result).toMatchObject({ failed: 0, filesRestored: 3 })
    expect(manifestDifferences(readManifest(source), inSource(target))).toEqual([])
  })

  test('cancelled at any moment: the error is the reason, no temporary file stays', async () => {
    for (const nth of [0, 100, 700, 800, 1200]) {
      const target = join(tempDir(), 'out')
      const run = testRun()
      let left = nth
      const report = () => void (left-- === 0 && run.abort(new Error('enough')))
      const limits = { items: 200, blobs: 1000 }
      await restoreInto(local, snapshot, target, { threads: 2 }, { ...run, report }, { limits }).catch(
        error => expect(error.message).toBe('enough'),
      )
      expect(existsSync(target) ? temporaries(target) : []).toEqual([])
    }
  })

  const { test: mounted } = needs('root', 'mount', 'linux')
  mounted('a full disk stops all threads in words', async () => {
    const target = tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'none', target])
    try {
      const full = restoreInto(local, snapshot, target, { threads: 2 })
      await expect(full).rejects.toMatchObject({ code: 'disk_full' })
      expect(temporaries(target)).toEqual([])
    } finally {
      execFileSync('umount', [target])
    }
  })

  const { test: withAcls } = needs('root', 'linux', 'setfacl')
  withAcls('access rules that a folder hands down are not left on what is restored into it', async () => {
    const target = join(tempDir(), 'out')
    await restoreInto(local, snapshot, target, { threads: 2, includes: ['large'] })
    const folder = join(target, source, 'large')
    execFileSync('setfacl', ['-d', '-m', 'u:65534:rwx', folder])
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'other')
    await restoreInto(local, snapshot, target, { threads: 2, overwrite: 'always', includes: ['large/*'] })
    expect(readFileSync(join(folder, 'small'), 'utf8')).toBe('small')
    const rules = execFileSync('getfacl', ['-cpn', ...readdirSync(folder).map(name => join(folder, name))])
    expect(rules.toString()).not.toContain('65534')
  })
})

describe('check', () => {
  test('finds the same on two threads as on one, in a repository of either kind', async () => {
    const harmed = join(makeTemp('harmed'), 'repo')
    try {
      execFileSync('cp', ['-r', join(place, 'repo'), harmed])
      const names = packs.map(path => path.replace(join(place, 'repo'), harmed)).sort()
      const [first, second] = names.sort((a, b) => statSync(b).size - statSync(a).size)
      for (const name of names) chmodSync(name, 0o600)
      const bytes = readFileSync(first!)
      bytes[5_000_000]! ^= 1
      bytes[bytes.length - 10]! ^= 1
      writeFileSync(first!, bytes)
      truncateSync(second!, statSync(second!).size - 1000)

      const results = []
      for (const backend of [localBackend(harmed), await memoryCopy(harmed)]) {
        const repo = await open(backend)
        for (const threads of [0, 2]) {
          const result = await check(repo, { readData: { kind: 'all' }, lock: false, threads }, testRun())
          results.push({ ...result, durationMs: 0 })
        }
      }
      expect(results[0]!.problems.length).toBeGreaterThan(4)
      for (const result of results) expect(result).toEqual(results[0])
    } finally {
      removeTree(join(harmed, '..'))
    }
  })

  test('a pack that is gone meanwhile is damage, not a crash', async () => {
    const backend = localBackend(join(place, 'repo'))
    const repo = await open({ ...backend, localPath: () => join(place, 'nowhere') })
    const found = await check(repo, { readData: { kind: 'all' }, lock: false, threads: 2 }, testRun())
    expect(found.problems).toEqual([]) // asked for in the storage's own way, they are there
    expect(found.packsRead).toBe(packs.length)
    const target = join(tempDir(), 'out')
    expect((await restoreInto(repo, snapshot, target, { threads: 2 })).result.failed).toBe(0)
  })
})
