import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { backup } from '../../src/main/engine/backup.ts'
import { check } from '../../src/main/engine/check.ts'
import { openRepository } from '../../src/main/engine/repository.ts'
import { restore } from '../../src/main/engine/restore.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { testPassword } from '../support/restic.ts'
import { plainRestore } from '../support/restoring.ts'
import { testRun } from '../support/run.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { mountSmallDisk, needsSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { tempDir } from '../support/tmp.ts'

const test = needsSmallDisk()
const MiB = 2 ** 20

function smallDisk(dir: string, sizeBytes: number): SmallDisk {
  const disk = mountSmallDisk(join(dir, 'disk'), 'tmpfs', sizeBytes)
  onTestFinished(() => disk.unmount())
  return disk
}

/** 12 MiB that don't compress, in small files and a large one, beside some small ones that are there from the start. */
function makeSource(source: string): { grow: () => void } {
  buildTree(source, { files: 30, seed: 1 })
  return {
    grow() {
      buildTree(join(source, 'more'), { files: 600, seed: 2, meanBytes: 5_000 })
      writeFileSync(join(source, 'large'), noise('large', 10 * MiB))
    },
  }
}

const names = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ name }) => name)

describe.each([1.5, 6])('a disk of %d MiB', mib => {
  test('under the repository: a clean failure, nothing lost, and the next run completes', async () => {
    const dir = tempDir('disk-full')
    const source = join(dir, 'source')
    const disk = smallDisk(dir, mib * MiB)
    const { grow } = makeSource(source)
    const root = join(disk.path, 'repo')
    const repo = await freshRepository({ backend: localBackend(root) })
    const options = plainBackup([source], { lock: true })
    const { snapshot } = await backup(repo, options, testRun())
    const before = readManifest(source)
    grow()

    await expect(backup(repo, options, testRun())).rejects.toMatchObject({
      code: 'disk_full',
      hint: expect.stringContaining('Free some space'),
    })
    expect(names(root).filter(name => name !== 'config' && !/^[0-9a-f]{64}$/.test(name))).toEqual([])
    expect([readdirSync(join(root, 'locks')), readdirSync(join(root, 'snapshots'))]).toEqual([
      [],
      [snapshot!.id],
    ])
    const opened = await openRepository(localBackend(root), testPassword, testRun())
    const errors = async () =>
      (await check(opened, { readData: { kind: 'all' }, lock: false }, testRun())).problems.filter(
        ({ level }) => level === 'error',
      )
    expect(await errors()).toEqual([])
    const target = join(dir, 'old')
    await restore(opened, plainRestore(snapshot!, target), testRun())
    expect(manifestDifferences(before, readManifest(join(target, source)))).toEqual([])

    disk.grow(40 * MiB)
    const again = await backup(opened, options, testRun())
    expect(again).toMatchObject({ parent: snapshot!.id, unreadable: 0 })
    expect(await errors()).toEqual([])
    await restore(opened, plainRestore(again.snapshot!, join(dir, 'new')), testRun())
    expect(manifestDifferences(readManifest(source), readManifest(join(dir, 'new', source)))).toEqual([])
  })

  test('under the target: a clean failure, whole files only, and the next run completes', async () => {
    const dir = tempDir('disk-full')
    const source = join(dir, 'source')
    const disk = smallDisk(dir, mib * MiB)
    makeSource(source).grow()
    const root = join(dir, 'repo')
    const repo = await freshRepository({ backend: localBackend(root) })
    const { snapshot } = await backup(repo, plainBackup([source]), testRun())
    const target = join(disk.path, 'target')
    mkdirSync(target)

    await expect(
      restore(repo, plainRestore(snapshot!, target, { lock: true }), testRun()),
    ).rejects.toMatchObject({
      code: 'disk_full',
      hint: expect.stringContaining('Free some space'),
    })
    expect(names(target).filter(name => name.startsWith('.holdfast'))).toEqual([])
    const manifest = readManifest(source)
    const partly = readManifest(join(target, source))
    for (const [path, { sha256 }] of partly)
      expect([path, sha256]).toEqual([path, manifest.get(path)?.sha256])
    expect(partly.size).toBeLessThan(manifest.size)
    expect(readdirSync(join(root, 'locks'))).toEqual([])

    disk.grow(40 * MiB)
    await restore(repo, plainRestore(snapshot!, target, { lock: true }), testRun())
    expect(manifestDifferences(manifest, readManifest(join(target, source)))).toEqual([])
  })
})
