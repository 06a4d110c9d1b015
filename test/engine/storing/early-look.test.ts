import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { setImmediate as breath } from 'node:timers/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backup } from '../../../src/main/engine/backup.ts'
import { compileExcludes, noRules } from '../../../src/main/engine/files/exclude.ts'
import { arrangeTargets } from '../../../src/main/engine/files/targets.ts'
import { itemsIn, namesIn, type ItemStat, type Walk } from '../../../src/main/engine/files/walk.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'
import type { Repository } from '../../../src/main/engine/repository.ts'
import { lookEarly } from '../../../src/main/engine/storing/early-look.ts'
import { unpackLook } from '../../../src/main/engine/workers/look.ts'
import { freshRepository, plainBackup } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { buildTree } from '../../support/seeded-tree.ts'
import { tempDir } from '../../support/tmp.ts'

const walkOf = (rules = noRules): Walk => ({
  excluder: compileExcludes(rules),
  warn: () => undefined,
  leaveOut: null,
})

/** Lets it come to its end: it breathes between spells, each of which is one turn. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await breath()
}

test('what is looked at early is what is found later, to the last number', async () => {
  const source = tempDir('source')
  buildTree(source, { files: 60, seed: 3 })
  symlinkSync('nowhere', join(source, 'link'))
  const walk = walkOf()
  const look = lookEarly(arrangeTargets([source], namesIn), walk, new Promise(() => undefined))
  await turns(50)
  const folders = [source as Raw]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const found = look.take(folder)
    expect(found).not.toBeNull()
    const items = itemsIn(folder, walk)
    const early = unpackLook(folder, found!)
    expect(early.map(({ name, path }) => ({ name, path }))).toEqual(
      items.map(({ name, path }) => ({ name, path })),
    )
    for (const [nth, { stat }] of early.entries()) {
      const later = items[nth]!.stat
      expect(later).toMatchObject({ ...stat })
      const kind = (of: ItemStat) => [of.isFile(), of.isDirectory(), of.isSocket()]
      expect(kind(stat)).toEqual(kind(later))
      if (later.isDirectory()) folders.push(items[nth]!.path)
    }
    expect(look.take(folder)).toBeNull() // once: a second look would be an old one
  }
})

test('times before 1970 and numbers beyond 63 bits survive the way to another thread', () => {
  const stat = {
    dev: 2n ** 64n - 1n,
    ino: 2n ** 63n,
    mode: 0o100644n,
    nlink: 1n,
    uid: 2n ** 32n - 1n,
    gid: 0n,
  }
  const item = { ...stat, rdev: 0n, size: 5n, mtimeNs: -1n, ctimeNs: 1n }
  const numbers = BigInt64Array.from(Object.values(item))
  const [found] = unpackLook('/a' as Raw, { names: ['b' as Raw], numbers, warnings: [] })
  expect(found).toMatchObject({ name: 'b', path: '/a/b', stat: item })
  expect(found!.stat.isFile()).toBe(true)
})

test('once the repository is open it looks no further, and what is excluded it never enters', async () => {
  const source = tempDir('source')
  mkdirSync(join(source, 'in'))
  mkdirSync(join(source, 'out'))
  const rules = { ...noRules, excludes: ['out'] }
  const targets = arrangeTargets([source], namesIn)
  const look = lookEarly(targets, walkOf(rules), new Promise(() => undefined))
  await turns(10)
  expect(look.take(join(source, 'in') as Raw)).not.toBeNull()
  expect(look.take(join(source, 'out') as Raw)).toBeNull()

  const late = lookEarly(targets, walkOf(), Promise.resolve())
  await turns(10)
  expect(late.take(source as Raw)).toBeNull()
})

test('a backup that looked while the repository was opened stores what is there by then', async () => {
  const source = tempDir('source')
  mkdirSync(join(source, 'sub'))
  for (const name of ['stays', 'changes', 'goes']) writeFileSync(join(source, 'sub', name), name)
  const plain = await freshRepository()
  const late = await freshRepository()
  const opened = Promise.withResolvers<Repository>()
  const run = testRun()
  const result = backup({ backend: late.backend, opened: opened.promise }, plainBackup([source]), run)
  await turns(20)
  writeFileSync(join(source, 'sub', 'changes'), 'longer than before')
  rmSync(join(source, 'sub', 'goes'))
  opened.resolve(late)
  const { snapshot } = await result
  expect(run.warnings).toEqual([])

  const expected = await backup(plain, plainBackup([source]), testRun())
  // The folder's own times are from the early look; what is in it is as it is now.
  const contents = async (repo: Repository, tree: string): Promise<unknown> =>
    Promise.all(
      (await repo.loadTree(tree, run.signal)).map(async ({ name, content, subtree }) =>
        subtree === null ? [name, content] : [name, await contents(repo, subtree)],
      ),
    )
  expect(await contents(late, snapshot!.tree)).toEqual(await contents(plain, expected.snapshot!.tree))
})

test('a repository that can not be opened ends the backup with its reason', async () => {
  const source = tempDir('source')
  const repo = await freshRepository()
  const reason = new Error('wrong password')
  const opening = { backend: repo.backend, opened: Promise.reject<Repository>(reason) }
  await expect(backup(opening, plainBackup([source], { threads: 1 }), testRun())).rejects.toBe(reason)
})
