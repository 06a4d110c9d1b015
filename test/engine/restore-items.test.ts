import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import type { RestoreItem, RestoreOptions } from '../../src/main/engine/restore.ts'
import { backup } from '../../src/main/engine/backup.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { testRun } from '../support/run.ts'
import { makeFiles, restoreInto } from '../support/restoring.ts'
import { makeTemp, removeTree, tempDir } from '../support/tmp.ts'

const tree = {
  'home/ada/docs/plan.txt': 'the plan',
  'home/ada/docs/a*b.txt': 'a star',
  'home/ada/docs/aXb.txt': 'no star',
  'home/ada/docs/deep/er/end.txt': 'the end',
  'home/ada/pictures/[1].jpg': 'a picture',
  'home/ada/top.txt': 'top',
  'etc/hosts': 'hosts',
}
const label = 'restored 2026-11-19 02-04'

let repo: Repository
let snapshot: SavedSnapshot
beforeAll(async () => {
  repo = await freshRepository()
  snapshot = await snapshotOf(repo, tree)
})

/** A snapshot of these files; its root is the folder they are in. */
async function snapshotOf(repo: Repository, files: Readonly<Record<string, string>>): Promise<SavedSnapshot> {
  const source = makeTemp('source')
  makeFiles(source, files)
  const cwd = process.cwd()
  process.chdir(source)
  try {
    return (await backup(repo, plainBackup(['.']), testRun())).snapshot!
  } finally {
    process.chdir(cwd)
    removeTree(source)
  }
}

const read = (...names: string[]) => readFileSync(join(...names), 'utf8')
const all = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length))
    .toSorted()

describe('exactly these items', () => {
  test.each<[string, 'name' | 'path', string, string[], string[]]>([
    ['a name with a star is no pattern', 'name', '', ['/home/ada/docs/a*b.txt'], ['/a*b.txt']],
    [
      'from several folders',
      'name',
      '',
      ['/etc/hosts', '/home/ada/pictures'],
      ['/hosts', '/pictures/[1].jpg'],
    ],
    [
      'with the folders above',
      'path',
      '',
      ['/etc/hosts', '/home/ada/docs/deep'],
      ['/etc/hosts', '/home/ada/docs/deep/er/end.txt'],
    ],
    [
      'below a folder',
      'path',
      '/home/ada',
      ['/home/ada/docs/deep', '/home/ada/top.txt'],
      ['/docs/deep/er/end.txt', '/top.txt'],
    ],
    [
      'one in another adds nothing',
      'name',
      '',
      ['/home/ada/docs/deep', '/home/ada/docs/deep/er'],
      ['/deep/er/end.txt'],
    ],
    ['all', 'path', '/home/ada/docs', ['/'], ['/a*b.txt', '/aXb.txt', '/deep/er/end.txt', '/plan.txt']],
  ])('%s', async (_, placedBy, subpath, paths, expected) => {
    const target = join(tempDir(), 'out')
    const { result } = await restoreInto(repo, snapshot, target, { subpath, items: { paths, placedBy } })
    expect(all(target)).toEqual(expected)
    expect(result).toMatchObject({ failed: 0, filesRestored: expected.length })
  })

  test('one that is not there: nothing is restored at all', async () => {
    const target = join(tempDir(), 'out')
    const items = { paths: ['/etc/hosts', '/home/ada/nothing'], placedBy: 'name' } as const
    await expect(restoreInto(repo, snapshot, target, { items })).rejects.toMatchObject({ code: 'not_found' })
    expect(existsSync(target)).toBe(false)
  })

  test('folders on the way stay as they are; those that are missing are made as they were', async () => {
    const target = join(tempDir(), 'out')
    mkdirSync(join(target, 'home'), { recursive: true, mode: 0o711 })
    utimesSync(join(target, 'home'), 1_000, 1_000)
    const items = { paths: ['/home/ada/top.txt'], placedBy: 'path' } as const
    const restored = await restoreInto(repo, snapshot, target, { items, overwrite: 'if-changed' })
    expect(restored.items).toEqual(['create /home/ada', 'create /home/ada/top.txt'])
    expect(statSync(join(target, 'home')).mode & 0o777).toBe(0o711)
  })

  test('a symlink on the way is not followed, and stays', async () => {
    const [target, elsewhere] = [tempDir(), tempDir()]
    symlinkSync(elsewhere, join(target, 'home'))
    const items = { paths: ['/home/ada/top.txt', '/etc/hosts'], placedBy: 'path' } as const
    for (const overwrite of ['always', 'if-changed', 'keep-both'] as const) {
      const { result } = await restoreInto(repo, snapshot, target, {
        items,
        overwrite,
        delete: overwrite !== 'keep-both',
      })
      expect(result.failed).toBe(1)
      expect(readdirSync(elsewhere)).toEqual([])
      expect(lstatSync(join(target, 'home')).isSymbolicLink()).toBe(true)
      expect(read(target, 'etc/hosts')).toBe('hosts')
    }
  })

  test('a mirror removes in the folders that were asked for, and nowhere else', async () => {
    const target = tempDir()
    makeFiles(target, {
      'home/ada/docs/deep/mine': 'x',
      'home/ada/docs/mine': 'x',
      'home/mine': 'x',
      mine: 'x',
    })
    for (const placedBy of ['path', 'name'] as const) {
      if (placedBy === 'name') makeFiles(target, { 'deep/mine': 'x' })
      const items = { paths: ['/home/ada/docs/deep'], placedBy }
      await restoreInto(repo, snapshot, target, { items, overwrite: 'if-changed', delete: true })
    }
    expect(all(target)).toEqual([
      '/deep/er/end.txt',
      '/home/ada/docs/deep/er/end.txt',
      '/home/ada/docs/mine',
      '/home/mine',
      '/mine',
    ])
  })

  test('what is left out is neither restored nor removed', async () => {
    const target = tempDir()
    makeFiles(target, { 'docs/own/state': 'mine', 'docs/plan.txt': 'mine', 'docs/other': 'x' })
    const items = { paths: ['/home/ada/docs'], placedBy: 'name' } as const
    const leaveOut = [join(target, 'docs/own'), join(target, 'docs/plan.txt'), '/somewhere/else']
    await restoreInto(repo, snapshot, target, { items, leaveOut, overwrite: 'always', delete: true })
    expect(read(target, 'docs/plan.txt')).toBe('mine')
    expect(read(target, 'docs/own/state')).toBe('mine')
    expect(existsSync(join(target, 'docs/other'))).toBe(false)
  })
})

describe('keep both', () => {
  const items = { paths: ['/home/ada/docs', '/home/ada/top.txt'], placedBy: 'name' } as const
  const options = { items, overwrite: 'keep-both', besideLabel: label } as const

  test('what differs comes beside; nothing that exists is touched', async () => {
    const target = tempDir()
    makeFiles(target, { 'docs/plan.txt': 'my plan', 'docs/aXb.txt': 'no star', 'top.txt/in the way': 'x' })
    writeFileSync(join(target, 'docs/deep'), 'a file')
    for (const name of ['docs', 'docs/plan.txt', 'docs/aXb.txt', 'top.txt'])
      utimesSync(join(target, name), 1_000, 1_000)
    const predicted = await restoreInto(repo, snapshot, target, { ...options, dryRun: true })
    const { items, result } = await restoreInto(repo, snapshot, target, { ...options, verify: true })
    expect(items).toEqual(predicted.items)
    expect(items).toEqual([
      'create /docs/a*b.txt',
      `create /docs/deep (${label})/er`,
      `create /docs/deep (${label})/er/end.txt`,
      `keep-both /docs/deep (${label})`,
      `keep-both /docs/plan (${label}).txt`,
      `keep-both /top (${label}).txt`,
      'unchanged /docs',
      'unchanged /docs/aXb.txt',
    ])
    expect(result).toMatchObject({ failed: 0, filesRestored: 4, filesUnchanged: 1 })
    expect(read(target, 'docs/plan.txt')).toBe('my plan')
    expect(read(target, `docs/plan (${label}).txt`)).toBe('the plan')
    expect(statSync(join(target, 'docs/plan.txt')).mtimeMs).toBe(1_000_000)
    expect(statSync(join(target, 'docs/aXb.txt')).mtimeMs).toBe(1_000_000) // same content, other time: it stays
    expect(read(target, 'docs/deep')).toBe('a file')

    const again = await restoreInto(repo, snapshot, target, options)
    expect(again.items.filter(item => !item.startsWith('unchanged'))).toEqual([])
  })

  test('names that are taken are passed over, also those of the snapshot itself', async () => {
    const own = await snapshotOf(repo, { x: 'one', [`x (${label})`]: 'two' })
    const target = tempDir()
    makeFiles(target, { x: 'mine', [`x (${label} 2)`]: 'also mine' })
    const { items } = await restoreInto(repo, own, target, { overwrite: 'keep-both', besideLabel: label })
    expect(items).toEqual([`create /x (${label})`, `keep-both /x (${label} 3)`])
  })

  test('a long name keeps its ending and whole characters', async () => {
    const name = `${'ü'.repeat(125)}.txt`
    const long = await snapshotOf(repo, { [name]: 'one' })
    const target = tempDir()
    makeFiles(target, { [name]: 'mine' })
    await restoreInto(repo, long, target, { overwrite: 'keep-both', besideLabel: label })
    expect(all(target)).toContainEqual(expect.stringMatching(new RegExp(`^/ü{111} \\(${label}\\)\\.txt$`)))
  })

  test('what exists gets no further names: a second name of it is a file of its own', async () => {
    const source = tempDir()
    makeFiles(source, { one: 'shared' })
    linkSync(join(source, 'one'), join(source, 'two'))
    linkSync(join(source, 'one'), join(source, 'xyz'))
    const linked = (await backup(repo, plainBackup([source]), testRun())).snapshot!
    const linkedInto = async (files: Record<string, string>) => {
      const target = tempDir()
      makeFiles(target, files)
      const options = { subpath: source, overwrite: 'keep-both', besideLabel: label } as const
      await restoreInto(repo, linked, target, options)
      return target
    }
    const first = await linkedInto({ one: 'shared' })
    expect(all(first)).toEqual(['/one', '/two', '/xyz'])
    expect(statSync(join(first, 'one')).nlink).toBe(1)
    expect(statSync(join(first, 'two')).ino).toBe(statSync(join(first, 'xyz')).ino)
    const second = await linkedInto({ two: 'mine' })
    expect(all(second)).toEqual(['/one', '/two', `/two (${label})`, '/xyz'])
    expect(read(second, 'two')).toBe('mine')
    expect(statSync(join(second, 'two')).nlink).toBe(1)
  })
})

test('an item says what lies in its place, and when both are from', async () => {
  const target = tempDir()
  makeFiles(target, { 'top.txt': 'longer than top', gone: '' })
  utimesSync(join(target, 'top.txt'), 2_000, 2_000)
  const heard: RestoreItem[] = []
  const options: Partial<RestoreOptions> = {
    subpath: '/home/ada',
    items: { paths: ['/home/ada/top.txt', '/home/ada/pictures'], placedBy: 'path' },
    overwrite: 'if-changed',
    onItem: item => void heard.push(item),
  }
  for (const dryRun of [true, false]) {
    heard.length = 0
    await restoreInto(repo, snapshot, target, { ...options, dryRun })
    expect(heard.find(({ path }) => path === '/top.txt')).toMatchObject({
      action: 'overwrite',
      onDisk: { type: 'file', sizeBytes: 15, modifiedAtMs: 2_000_000 },
      modifiedAtMs: expect.any(Number),
    })
    expect(heard.find(({ path }) => path === '/pictures/[1].jpg')).toMatchObject({
      action: 'create',
      onDisk: null,
    })
  }
})
