import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { restic } from '../support/restic.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { mountSmallDisk, whyNoDisk, type DiskKind } from '../support/small-disk.ts'
import { removeTree } from '../support/tmp.ts'
import { mebibytes, spread, type Campaign, type Figure, type Soak } from './campaign.ts'
import { holdfast, repositoryFiles, said, summaryOf } from './programs.ts'

const MiB = 2 ** 20

export const full: Campaign = {
  name: 'full',
  promise:
    'a full disk, at the repository or at the target of a restore, is a clean failure (exit code 23): the repository stays valid, nothing unfinished is left, and the same command completes when there is room.',
  how: 'a small file system (tmpfs, and ext4 in a loop device) of a random size between too small and almost enough. A backup or restore fills it; then `restic check`, the earlier snapshot restored and compared, the file system grown, the same command again, `restic check --read-data`, everything compared.',
  unavailable: () => whyNoDisk('tmpfs'),

  async run(soak) {
    const passes = soak.count('passes', 10)
    return [...(await fillRepository(soak, passes)), ...(await fillTarget(soak, passes))]
  },
}

function makeSource(source: string): { grow: () => void } {
  buildTree(source, { files: 100, seed: 8, meanBytes: 5_000 })
  return {
    grow() {
      buildTree(join(source, 'small'), { files: 1_500, seed: 9, meanBytes: 6_000 })
      mkdirSync(join(source, 'large'))
      for (const mib of [30, 9, 1]) {
        writeFileSync(join(source, 'large', `${mib}`), noise(`large ${mib}`, mib * MiB))
      }
    },
  }
}

const kinds: readonly DiskKind[] = whyNoDisk('ext4') === null ? ['tmpfs', 'ext4'] : ['tmpfs']
const kindOf = (pass: number): DiskKind => kinds[pass % kinds.length]!

async function fillRepository(soak: Soak, passes: number): Promise<Figure[]> {
  const sizes: number[] = []
  let blocked = 0
  for (let pass = 0; pass < passes; pass++) {
    const source = join(soak.scratch, `source-${pass}`)
    const { grow } = makeSource(source)
    const sizeBytes = Math.round((5 + soak.next() * 37) * MiB)
    sizes.push(sizeBytes)
    const disk = mountSmallDisk(join(soak.scratch, `disk-${pass}`), kindOf(pass), sizeBytes)
    const what = `${kindOf(pass)} of ${mebibytes(sizeBytes)}`
    try {
      const repo = join(disk.path, 'repo')
      await expectCode(soak, `${what}: init`, 0, holdfast(repo, ['init']))
      const first = await expectCode(soak, `${what}: backup`, 0, holdfast(repo, ['backup', '--json', source]))
      const { snapshot_id: old } = summaryOf<{ snapshot_id: string }>(first)
      const oldManifest = readManifest(source)
      grow()
      const failed = await expectCode(soak, `${what}: full`, 23, holdfast(repo, ['backup', source]))
      if (!/full/i.test(failed.stderr)) soak.problem(`${what}: it is not said that the disk is full`)

      const left = repositoryFiles(repo)
      if (left.temporary + left.locks > 0 || left.snapshots !== 1) {
        soak.problem(`${what}: left ${JSON.stringify(left)}`)
      }
      await restic(repo)
        .check(['--no-lock', '--read-data'])
        .catch((error: unknown) => soak.problem(`${what}: ${String(error)}`))
      // A lock may or may not find room; without one it must always work.
      const checked = await holdfast(repo, ['check'])
      if (checked.code === 23) {
        blocked++
        await expectCode(soak, `${what}: check`, 0, holdfast(repo, ['check', '--no-lock']))
      } else if (checked.code !== 0) soak.problem(`${what}: check ${said(checked)}`)
      const target = join(soak.scratch, 'old')
      await expectCode(
        soak,
        `${what}: restore`,
        0,
        holdfast(repo, ['restore', '--no-lock', old, '-t', target]),
      )
      expectEqual(soak, `${what}: the old snapshot`, oldManifest, join(target, source))
      removeTree(target)

      disk.grow(150 * MiB)
      await expectCode(soak, `${what}: grown`, 0, holdfast(repo, ['backup', source]))
      await restic(repo)
        .check(['--read-data'])
        .catch((error: unknown) => soak.problem(`${what}: ${String(error)}`))
      await expectCode(soak, `${what}: restore`, 0, holdfast(repo, ['restore', 'latest', '-t', target]))
      expectEqual(soak, `${what}: the new snapshot`, readManifest(source), join(target, source))
      removeTree(target)
    } finally {
      disk.unmount()
    }
    removeTree(source)
  }
  return [
    ['repositories on a disk that became full', `${passes}, of ${spread(sizes, mebibytes)}`],
    ['of them with no room even for a lock (check then needs --no-lock)', String(blocked)],
  ]
}

async function fillTarget(soak: Soak, passes: number): Promise<Figure[]> {
  const source = join(soak.scratch, 'source')
  makeSource(source).grow()
  const repo = join(soak.scratch, 'repo')
  await expectCode(soak, 'init', 0, holdfast(repo, ['init']))
  await expectCode(soak, 'backup', 0, holdfast(repo, ['backup', source]))
  const manifest = readManifest(source)
  const sizes: number[] = []
  const restored: number[] = []
  for (let pass = 0; pass < passes; pass++) {
    const sizeBytes = Math.round((1 + soak.next() * 42) * MiB)
    sizes.push(sizeBytes)
    const disk = mountSmallDisk(join(soak.scratch, `target-${pass}`), kindOf(pass), sizeBytes)
    const what = `a target on ${kindOf(pass)} of ${mebibytes(sizeBytes)}`
    try {
      const target = join(disk.path, 'target')
      const args = ['restore', 'latest', '-t', target]
      const failed = await expectCode(soak, what, 23, holdfast(repo, args))
      if (!/full/i.test(failed.stderr)) soak.problem(`${what}: it is not said that the disk is full`)
      const names = readdirSync(target, { recursive: true, withFileTypes: true })
      const strays = names.filter(({ name }) => name.startsWith('.holdfast-'))
      if (strays.length > 0) soak.problem(`${what}: ${strays.length} unfinished files are left`)
      restored.push(names.filter(entry => entry.isFile()).length)
      if (readdirSync(join(repo, 'locks')).length > 0) soak.problem(`${what}: the lock is left`)
      disk.grow(150 * MiB)
      await expectCode(soak, `${what}: grown`, 0, holdfast(repo, args))
      expectEqual(soak, what, manifest, join(target, source))
    } finally {
      disk.unmount()
    }
  }
  return [
    ['targets on a disk that became full', `${passes}, of ${spread(sizes, mebibytes)}`],
    ['files that were whole in the target by then', spread(restored, files => files.toFixed(0))],
  ]
}

async function expectCode(soak: Soak, what: string, code: number, work: ReturnType<typeof holdfast>) {
  const ended = await work
  if (ended.code !== code) soak.problem(`${what}: instead of ${code} it ${said(ended)}`)
  return ended
}

function expectEqual(
  soak: Soak,
  what: string,
  wanted: ReturnType<typeof readManifest>,
  folder: string,
): void {
  const differences = manifestDifferences(wanted, readManifest(folder))
  if (differences.length > 0)
    soak.problem(`${what}: ${differences.length} differences: ${differences.slice(0, 5).join('; ')}`)
}
