import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { backup } from '../../src/main/engine/backup.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import type { Overwrite, RestoreOptions } from '../../src/main/engine/restore.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { makeFiles, restoreInto } from '../support/restoring.ts'
import { testRun } from '../support/run.ts'
import { makeTemp, removeTree, tempDir } from '../support/tmp.ts'

const day = 86_400
const then = 1_700_000_000

/** A snapshot of `files`, all of them `then` old, whose root is the folder itself. */
async function snapshotOf(
  repo: Repository,
  files: Readonly<Record<string, string | Buffer>>,
  more: (source: string) => void = () => undefined,
): Promise<SavedSnapshot> {
  const source = makeTemp('source')
  try {
    makeFiles(source, files)
    more(source)
    for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!lstatSync(join(source, name)).isSymbolicLink()) utimesSync(join(source, name), then, then)
    }
    const cwd = process.cwd()
    process.chdir(source)
    try {
      return (await backup(repo, plainBackup(['.']), testRun())).snapshot!
    } finally {
      process.chdir(cwd)
    }
  } finally {
    removeTree(source)
  }
}

const read = (target: string, name: string) => readFileSync(join(target, name), 'utf8')
const age = (target: string, name: string, seconds: number) =>
  utimesSync(join(target, name), seconds, seconds)
const temporaries = (target: string) =>
  readdirSync(target, { recursive: true, encoding: 'utf8' }).filter(name => name.includes('.holdfast-'))

let repo: Repository
let snapshot: SavedSnapshot
const large = noise('large', 9 * 1024 * 1024)

beforeAll(async () => {
  repo = await freshRepository()
  snapshot = await snapshotOf(repo, {
    'a/one.txt': 'one',
    'a/two.log': 'two',
    'a/deep/three.txt': 'three',
    'b/large.bin': large,
    'b/empty': '',
    'c/': '',
    'top.txt': 'top',
  })
})

describe('where to', () => {
  test('makes the target with its parents and leaves nothing else behind', async () => {
    const target = join(tempDir(), 'not/there/yet')
    const { result } = await restoreInto(repo, snapshot, target)
    expect(readdirSync(target).sort()).toEqual(['a', 'b', 'c', 'top.txt'])
    expect(readFileSync(join(target, 'b/large.bin')).equals(large)).toBe(true)
    expect(result).toMatchObject({ totalFiles: 6, filesRestored: 6, bytesRestored: large.length + 14 })
    expect(temporaries(target)).toEqual([])
    expect(statSync(join(target, 'a')).mtimeMs).toBe(then * 1000)
  })

  test('a target reached through a symlink is the folder it leads to', async () => {
    const dir = tempDir()
    mkdirSync(join(dir, 'real'))
    symlinkSync('real', join(dir, 'link'))
    await restoreInto(repo, snapshot, join(dir, 'link'), { includes: ['/top.txt'] })
    expect(read(dir, 'real/top.txt')).toBe('top')
  })

  test.each<[string, (dir: string) => string]>([
    ['is a file', dir => (writeFileSync(join(dir, 'file'), ''), join(dir, 'file'))],
    ['is below a file', dir => (writeFileSync(join(dir, 'file'), ''), join(dir, 'file/below'))],
    ['is a dangling symlink', dir => (symlinkSync('nowhere', join(dir, 'link')), join(dir, 'link'))],
  ])('refuses a target that %s', async (_, make) => {
    const dir = tempDir()
    const target = make(dir)
    const before = readdirSync(dir)
    for (const dryRun of [true, false]) {
      await expect(restoreInto(repo, snapshot, target, { dryRun })).rejects.toMatchObject({
        code: 'target_refused',
      })
    }
    expect(readdirSync(dir)).toEqual(before)
  })

  test('refuses the repository and all below it, under whatever name', async () => {
    const dir = tempDir()
    const own = await freshRepository({ backend: localBackend(join(dir, 'repo')) })
    const saved = await snapshotOf(own, { x: 'x' })
    symlinkSync('repo', join(dir, 'alias'))
    for (const name of ['repo', 'repo/data', 'repo/new/folder', 'alias', 'alias/new']) {
      await expect(restoreInto(own, saved, join(dir, name))).rejects.toMatchObject({ code: 'target_refused' })
    }
    expect(existsSync(join(dir, 'repo/new'))).toBe(false)
  })

  const { test: mounted } = needs('root', 'mount', 'linux')
  mounted('refuses a target on a read-only file system, in words', async () => {
    const dir = tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', dir])
    try {
      for (const dryRun of [true, false]) {
        for (const target of [dir, join(dir, 'new/folder')]) {
          await expect(restoreInto(repo, snapshot, target, { dryRun })).rejects.toMatchObject({
            code: 'target_refused',
            message: expect.stringContaining('read-only'),
          })
        }
      }
    } finally {
      execFileSync('umount', [dir])
    }
  })

  test('--delete on the root of the file system is refused without rules', async () => {
    await expect(restoreInto(repo, snapshot, '/', { delete: true, dryRun: true })).rejects.toMatchObject({
      code: 'target_refused',
    })
  })
})

describe('what', () => {
  const restored = (target: string) =>
    readdirSync(target, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(target.length + 1))
      .sort()

  test.each<[Partial<RestoreOptions>, string[]]>([
    [{ includes: ['*.txt'] }, ['a/deep/three.txt', 'a/one.txt', 'top.txt']],
    [{ includes: ['/a/deep'] }, ['a/deep/three.txt']],
    [{ iincludes: ['TOP.*'] }, ['top.txt']],
    [{ excludes: ['a'], iexcludes: ['LARGE.bin'] }, ['b/empty', 'top.txt']],
    [{ includes: ['/a'], excludes: ['deep'] }, ['a/one.txt', 'a/two.log']],
    [{ subpath: '/a' }, ['deep/three.txt', 'one.txt', 'two.log']],
    [{ subpath: 'a/deep/' }, ['three.txt']],
    [{ subpath: 'a/one.txt' }, ['one.txt']],
    [{ subpath: '/a', includes: ['/deep'] }, ['deep/three.txt']],
  ])('%j', async (options, files) => {
    const target = join(tempDir(), 'out')
    const { result } = await restoreInto(repo, snapshot, target, options)
    expect(restored(target)).toEqual(files)
    expect(result.totalFiles).toBe(files.length)
  })

  test('folders above what is included come with their attributes; those without any do not come', async () => {
    const target = join(tempDir(), 'out')
    await restoreInto(repo, snapshot, target, { includes: ['three.txt'] })
    expect(readdirSync(target)).toEqual(['a'])
    expect(statSync(join(target, 'a')).mtimeMs).toBe(then * 1000)
  })

  test('a subpath that is not in the snapshot is an error, and the target is not made', async () => {
    const target = join(tempDir(), 'out')
    for (const subpath of ['nowhere', 'a/nowhere', 'top.txt/below', '..']) {
      await expect(restoreInto(repo, snapshot, target, { subpath })).rejects.toMatchObject({
        code: 'not_found',
      })
    }
    expect(existsSync(target)).toBe(false)
  })
})

describe('over what is there', () => {
  /** The same, an older other one, a newer other one, and one that only looks the same. */
  async function prepare(): Promise<string> {
    const target = join(tempDir(), 'out')
    await restoreInto(repo, snapshot, target, { excludes: ['b'] })
    makeFiles(target, { 'a/one.txt': 'old', 'a/two.log': 'new', 'a/deep/three.txt': 'THREE' })
    age(target, 'a/one.txt', then - day)
    age(target, 'a/two.log', then + day)
    age(target, 'a/deep/three.txt', then)
    return target
  }

  test.each<[Overwrite, string[], string[]]>([
    [
      'always',
      ['one', 'two', 'three'],
      ['overwrite /a/deep/three.txt', 'overwrite /a/one.txt', 'overwrite /a/two.log', 'unchanged /top.txt'],
    ],
    [
      'if-changed',
      ['one', 'two', 'THREE'],
      ['overwrite /a/one.txt', 'overwrite /a/two.log', 'unchanged /a/deep/three.txt', 'unchanged /top.txt'],
    ],
    [
      'if-newer',
      ['one', 'new', 'THREE'],
      ['overwrite /a/one.txt', 'skip /a/deep/three.txt', 'skip /a/two.log', 'skip /top.txt'],
    ],
    [
      'never',
      ['old', 'new', 'THREE'],
      ['skip /a/deep/three.txt', 'skip /a/one.txt', 'skip /a/two.log', 'skip /top.txt'],
    ],
  ])('--overwrite %s', async (overwrite, contents, expected) => {
    const target = await prepare()
    const { items, result } = await restoreInto(repo, snapshot, target, {
      overwrite,
      includes: ['*.txt', '*.log'],
    })
    expect(['a/one.txt', 'a/two.log', 'a/deep/three.txt'].map(name => read(target, name))).toEqual(contents)
    expect(items.filter(item => /\.\w+$/.test(item))).toEqual(expected)
    expect(result.filesRestored + result.filesUnchanged + result.filesSkipped).toBe(4)
  })

  test('what a restore that was killed left unfinished goes, what another one is writing stays', async () => {
    const target = await prepare()
    const stray = (pid: number) => `.holdfast-${pid}-0123456789ab-0.tmp`
    const nobody = 2 ** 22 + 1 // above any process number of Linux
    const strays = [stray(nobody), `a/deep/${stray(nobody)}`]
    const others = [stray(process.pid), `a/${stray(process.pid)}`, `a/.holdfast-${nobody}.tmp`]
    makeFiles(target, Object.fromEntries([...strays, ...others].map(name => [name, 'unfinished'])))
    await restoreInto(repo, snapshot, target, { dryRun: true })
    const there = (name: string) => existsSync(join(target, name))
    expect(strays.map(there)).toEqual([true, true])
    await restoreInto(repo, snapshot, target)
    expect(strays.map(there)).toEqual([false, false])
    expect(others.map(there)).toEqual([true, true, true])
  })

  test('content that is right is not written again, but its attributes are', async () => {
    const target = await prepare()
    const { ino } = statSync(join(target, 'top.txt'))
    chmodSync(join(target, 'top.txt'), 0o600)
    const { items } = await restoreInto(repo, snapshot, target, { includes: ['top.txt'] })
    expect(items).toEqual(['metadata /top.txt'])
    expect(statSync(join(target, 'top.txt'))).toMatchObject({ ino, mode: 0o100644 })
  })

  test('a file with another name elsewhere gets an inode of its own: nothing outside changes', async () => {
    const dir = tempDir()
    const target = join(dir, 'out')
    for (const content of ['top', 'other']) {
      rmSync(target, { recursive: true, force: true })
      makeFiles(dir, { outside: content, 'out/': '' })
      chmodSync(join(dir, 'outside'), 0o600)
      linkSync(join(dir, 'outside'), join(target, 'top.txt'))
      const before = statSync(join(dir, 'outside'), { bigint: true })

      const { items } = await restoreInto(repo, snapshot, target, { includes: ['top.txt'] })

      expect(items).toEqual(['overwrite /top.txt'])
      expect(read(dir, 'outside')).toBe(content)
      const after = statSync(join(dir, 'outside'), { bigint: true })
      expect([after.mode, after.mtimeNs]).toEqual([before.mode, before.mtimeNs])
      expect(statSync(join(target, 'top.txt')).mode).toBe(0o100644)
      rmSync(join(dir, 'outside'))
    }
  })

  test('symlinks in the place of folders and files are replaced, never followed', async () => {
    const dir = tempDir()
    makeFiles(dir, { 'elsewhere/one.txt': 'precious', 'out/': '' })
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'out/a'))
    symlinkSync(join(dir, 'elsewhere/one.txt'), join(dir, 'out/top.txt'))

    const kept = await restoreInto(repo, snapshot, join(dir, 'out'), {
      overwrite: 'never',
      includes: ['*.txt'],
    })
    expect(kept.result.failed).toBe(1) // the folder a; top.txt exists and is kept
    expect(lstatSync(join(dir, 'out/a')).isSymbolicLink()).toBe(true)

    const { items } = await restoreInto(repo, snapshot, join(dir, 'out'), { includes: ['*.txt'] })
    expect(items).toContain('overwrite /a')
    expect(items).toContain('overwrite /top.txt')
    expect(lstatSync(join(dir, 'out/a')).isDirectory()).toBe(true)
    expect(readdirSync(join(dir, 'elsewhere'))).toEqual(['one.txt'])
    expect(read(dir, 'elsewhere/one.txt')).toBe('precious')
  })

  test('a folder where a file belongs: an empty one makes room, a full one only with --delete', async () => {
    const target = join(tempDir(), 'out')
    makeFiles(target, { 'top.txt/inside/file': 'x', 'a/one.txt/': '' })
    const only = { includes: ['top.txt', 'one.txt'] }

    const { result, run, items } = await restoreInto(repo, snapshot, target, only)
    expect(result).toMatchObject({ failed: 1, filesRestored: 1 })
    expect(items).toContain('overwrite /a/one.txt')
    expect(run.warnings).toMatchObject([{ kind: 'unreadable', path: '/top.txt' }])
    expect(read(target, 'top.txt/inside/file')).toBe('x')

    // What is in the way is not included, hence not to be deleted.
    expect(
      (await restoreInto(repo, snapshot, target, { ...only, excludes: ['file'], delete: true })).result
        .failed,
    ).toBe(1)
    const cleared = await restoreInto(repo, snapshot, target, { ...only, delete: true })
    expect(cleared.items.filter(item => item.includes('top.txt'))).toEqual([
      'delete /top.txt/inside',
      'delete /top.txt/inside/file',
      'overwrite /top.txt',
    ])
    expect(read(target, 'top.txt')).toBe('top')
  })

  test('hard links: one content, made anew when lost, left alone when right', async () => {
    const target = join(tempDir(), 'out')
    const linked = await snapshotOf(repo, { 'l/first': 'shared', 'l/other': 'o' }, source => {
      linkSync(join(source, 'l/first'), join(source, 'l/second'))
      linkSync(join(source, 'l/first'), join(source, 'l/third'))
    })
    const inode = (name: string) => statSync(join(target, 'l', name)).ino

    const first = await restoreInto(repo, linked, target)
    expect(first.result).toMatchObject({ filesRestored: 4, bytesRestored: 7 })
    expect([inode('second'), inode('third')]).toEqual([inode('first'), inode('first')])
    expect((await restoreInto(repo, linked, target)).items.every(item => item.startsWith('unchanged'))).toBe(
      true,
    )

    rmSync(join(target, 'l/second'))
    writeFileSync(join(target, 'l/second'), 'shared')
    const again = await restoreInto(repo, linked, target, { overwrite: 'if-changed' })
    expect(again.items.filter(item => !item.startsWith('unchanged'))).toEqual([
      'metadata /l',
      'overwrite /l/second',
    ])
    expect(inode('second')).toBe(inode('first'))

    // The first name is left out: the next one takes its part.
    const fresh = join(tempDir(), 'out')
    await restoreInto(repo, linked, fresh, { excludes: ['first'] })
    expect(statSync(join(fresh, 'l/second')).ino).toBe(statSync(join(fresh, 'l/third')).ino)
    expect(read(fresh, 'l/third')).toBe('shared')

    // The first name is kept as it is: the others must not become another name of it.
    makeFiles(fresh, { 'l/first': 'mine' })
    rmSync(join(fresh, 'l/second'))
    rmSync(join(fresh, 'l/third'))
    await restoreInto(repo, linked, fresh, { overwrite: 'never' })
    expect(['first', 'second', 'third'].map(name => read(fresh, `l/${name}`))).toEqual([
      'mine',
      'shared',
      'shared',
    ])
  })
})

describe('--delete', () => {
  const extras = { 'a/extra': 'x', 'a/deep/more/inside': 'x', 'extra.keep': 'x', 'b/large.bin': 'x' }

  test('removes what the snapshot does not hold, with what is in it', async () => {
    const target = join(tempDir(), 'out')
    makeFiles(target, extras)
    symlinkSync('/etc', join(target, 'a/link'))
    const { items, result } = await restoreInto(repo, snapshot, target, { delete: true })
    expect(items.filter(item => item.startsWith('delete'))).toEqual([
      'delete /a/deep/more',
      'delete /a/deep/more/inside',
      'delete /a/extra',
      'delete /a/link',
      'delete /extra.keep',
    ])
    expect(result.filesDeleted).toBe(5)
    expect(existsSync('/etc/passwd')).toBe(true)
    expect(statSync(join(target, 'a/deep')).mtimeMs).toBe(then * 1000)
  })

  test('leaves what is excluded, and what the rules do not include', async () => {
    const target = join(tempDir(), 'out')
    makeFiles(target, extras)
    const kept = await restoreInto(repo, snapshot, target, {
      delete: true,
      excludes: ['*.keep', 'inside', 'b'],
    })
    expect(kept.items.filter(item => item.startsWith('delete'))).toEqual(['delete /a/extra'])
    const other = await restoreInto(repo, snapshot, target, { delete: true, includes: ['/a/deep'] })
    expect(other.items.filter(item => item.startsWith('delete'))).toEqual([
      'delete /a/deep/more',
      'delete /a/deep/more/inside',
    ])
    expect(read(target, 'extra.keep')).toBe('x')
  })

  test('never removes the repository, however it is reached', async () => {
    const dir = tempDir()
    const own = await freshRepository({ backend: localBackend(join(dir, 'out/x/repo')) })
    const saved = await snapshotOf(own, { file: 'f' })
    makeFiles(dir, { 'out/x/gone': '', 'out/y': '' })
    const { result, run } = await restoreInto(own, saved, join(dir, 'out'), { delete: true })
    expect(result.failed).toBe(0)
    expect(run.warnings).toMatchObject([{ kind: 'note', path: '/x/repo' }])
    expect(readdirSync(join(dir, 'out')).sort()).toEqual(['file', 'x'])
    expect(readdirSync(join(dir, 'out/x'))).toEqual(['repo'])
    expect(existsSync(join(dir, 'out/x/repo/config'))).toBe(true)
  })

  const { test: mounted } = needs('root', 'mount', 'linux')
  mounted('never goes into another file system', async () => {
    const target = join(tempDir(), 'out')
    makeFiles(target, { 'usb/': '' })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', join(target, 'usb')])
    try {
      makeFiles(target, { 'usb/photo': 'precious' })
      const { run, items } = await restoreInto(repo, snapshot, target, { delete: true })
      expect(items.filter(item => item.startsWith('delete'))).toEqual([])
      expect(run.warnings).toMatchObject([{ kind: 'note', path: '/usb' }])
      expect(read(target, 'usb/photo')).toBe('precious')
    } finally {
      execFileSync('umount', [join(target, 'usb')])
    }
  })
})

describe('the dry-run law', () => {
  const names = [
    'a',
    'a/one.txt',
    'a/two.log',
    'a/deep',
    'a/deep/three.txt',
    'b',
    'b/large.bin',
    'b/empty',
    'c',
    'top.txt',
    'x',
    'a/x',
    'x/y',
  ]
  const things = [
    'nothing',
    'old file',
    'new file',
    'same time',
    'folder',
    'full folder',
    'symlink',
    'fifo',
  ] as const
  const world = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...things), { minKeys: 1 })
  const options = fc.record({
    overwrite: fc.constantFrom<Overwrite[]>('always', 'if-changed', 'if-newer', 'never'),
    delete: fc.boolean(),
    excludes: fc.subarray(['deep', '*.log', '/x']),
    includes: fc.subarray(['/a', '*.txt'], { maxLength: 1 }),
  })

  function furnish(target: string, world: Readonly<Record<string, (typeof things)[number]>>): void {
    for (const [name, thing] of Object.entries(world).sort()) {
      const path = join(target, name)
      try {
        rmSync(path, { recursive: true, force: true })
        mkdirSync(join(path, '..'), { recursive: true })
        if (thing === 'folder' || thing === 'full folder') mkdirSync(path)
        if (thing === 'full folder') writeFileSync(join(path, 'inside'), 'x')
        if (thing === 'symlink') symlinkSync('/etc', path)
        if (thing === 'fifo') execFileSync('mkfifo', [path])
        if (!thing.endsWith('file') && thing !== 'same time') continue
        writeFileSync(path, name === 'top.txt' ? 'top' : 'xxx')
        age(path, '', then + (thing === 'old file' ? -day : thing === 'new file' ? day : 0))
      } catch {
        // Below something that is no folder: then it is not there.
      }
    }
  }

  test('the predicted plan is what happens, and predicting writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(world, options, async (world, options) => {
        const dir = makeTemp('law')
        const target = join(dir, 'out')
        try {
          if (Object.values(world).some(thing => thing !== 'nothing')) furnish(target, world)
          const before = readManifest(dir)
          const plan = await restoreInto(repo, snapshot, target, { ...options, dryRun: true })
          expect(manifestDifferences(before, readManifest(dir))).toEqual([])
          // What `if-changed` trusts may be wrong, and then verifying it would say so.
          const verify = options.overwrite !== 'if-changed'
          const deed = await restoreInto(repo, snapshot, target, { ...options, verify })

          expect(deed.items).toEqual(plan.items)
          expect(deed.run.warnings).toEqual(plan.run.warnings)
          expect({ ...deed.result, filesVerified: 0, durationMs: 0 }).toEqual({
            ...plan.result,
            durationMs: 0,
          })
          // And there is nothing left to do.
          const again = await restoreInto(repo, snapshot, target, { ...options, dryRun: true })
          const todo = again.items.filter(item => /^(create|delete|overwrite|metadata) /.test(item))
          expect(options.overwrite === 'if-newer' ? [] : todo).toEqual([])
        } finally {
          removeTree(dir)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('as somebody who is not root', () => {
  const { test: asRoot } = needs('root', 'linux')
  const nobody = 65_534

  async function asNobody<T>(act: () => Promise<T>): Promise<T> {
    process.setegid!(nobody)
    process.seteuid!(nobody)
    try {
      return await act()
    } finally {
      process.seteuid!(0)
      process.setegid!(0)
    }
  }

  asRoot('read-only folders are restored, restored into again, and stay read-only', async () => {
    const saved = await snapshotOf(repo, { 'ro/in/file': 'f', 'ro/other': 'o' }, source => {
      chmodSync(join(source, 'ro/in'), 0o500)
      chmodSync(join(source, 'ro'), 0o555)
    })
    const dir = tempDir()
    chownSync(dir, nobody, nobody)
    const target = join(dir, 'out')
    const modes = () => ['ro', 'ro/in'].map(name => statSync(join(target, name)).mode & 0o777)

    expect((await asNobody(() => restoreInto(repo, saved, target))).result).toMatchObject({ failed: 0 })
    expect(modes()).toEqual([0o555, 0o500])
    for (const overwrite of ['always', 'never'] as const) {
      rmSync(join(target, 'ro/in/file'))
      const { result, run } = await asNobody(() => restoreInto(repo, saved, target, { overwrite }))
      expect(run.warnings).toEqual([])
      expect(result).toMatchObject({ failed: 0, filesRestored: 1 })
      expect(read(target, 'ro/in/file')).toBe('f')
      expect(modes()).toEqual([0o555, 0o500])
    }
  })

  asRoot('what somebody else owns fails alone', async () => {
    const dir = tempDir()
    makeFiles(dir, { 'a/one.txt': 'mine' })
    chownSync(dir, nobody, nobody)
    const { result, run } = await asNobody(() => restoreInto(repo, snapshot, dir, { excludes: ['b'] }))
    expect(read(dir, 'a/one.txt')).toBe('mine')
    expect(read(dir, 'top.txt')).toBe('top')
    expect(result.failed).toBeGreaterThan(0)
    expect(run.warnings.every(({ path }) => path === '/a' || path.startsWith('/a/'))).toBe(true)
  })
})

describe('how it goes', () => {
  test('counts come to the end they announced', async () => {
    const target = join(tempDir(), 'out')
    makeFiles(target, { 'top.txt': 'top' })
    const { run, result } = await restoreInto(repo, snapshot, target)
    const reports = run.reports.flatMap(report => (report.phase === 'restore' ? [report] : []))
    expect(reports.at(-1)).toMatchObject({
      doneFiles: result.totalFiles,
      totalFiles: result.totalFiles,
      doneBytes: result.totalBytes,
      totalBytes: result.totalBytes,
      errors: 0,
    })
    for (const [nth, report] of reports.entries()) {
      expect(report.doneBytes).toBeGreaterThanOrEqual(reports[nth - 1]?.doneBytes ?? 0)
    }
  })

  test('cancelled at any moment it leaves no temporary file, and the next run completes', async () => {
    const full = testRun()
    await restoreInto(repo, snapshot, join(tempDir(), 'out'), {}, full)
    for (let nth = 0; nth < full.reports.length; nth += 3) {
      const target = join(tempDir(), 'out')
      const run = testRun()
      let left = nth
      const report = () => void (left-- === 0 && run.abort(new Error('enough')))
      await restoreInto(repo, snapshot, target, {}, { ...run, report }).catch(error =>
        expect(error.message).toBe('enough'),
      )
      expect(existsSync(target) ? temporaries(target) : []).toEqual([])
      expect((await restoreInto(repo, snapshot, target, { verify: true })).result).toMatchObject({
        failed: 0,
        filesVerified: 6,
      })
    }
  })

  const { test: mounted } = needs('root', 'mount', 'linux')
  mounted('a full disk stops it in words and leaves no temporary file', async () => {
    const target = tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', target])
    try {
      await expect(restoreInto(repo, snapshot, target)).rejects.toMatchObject({ code: 'disk_full' })
      expect(temporaries(target)).toEqual([])
      execFileSync('mount', ['-o', 'remount,size=20m', target])
      expect((await restoreInto(repo, snapshot, target, { verify: true })).result).toMatchObject({
        failed: 0,
        filesVerified: 6,
      })
    } finally {
      execFileSync('umount', [target])
    }
  })

  mounted('where a hard link cannot be, its content is', async () => {
    const linked = await snapshotOf(repo, { 'a/first': 'shared', 'b/second': '' }, source => {
      rmSync(join(source, 'b/second'))
      linkSync(join(source, 'a/first'), join(source, 'b/second'))
    })
    const target = tempDir()
    mkdirSync(join(target, 'b'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', join(target, 'b')])
    try {
      const { result, run } = await restoreInto(repo, linked, target, { verify: true })
      expect(result).toMatchObject({ failed: 0, filesRestored: 2, filesVerified: 2 })
      expect(run.warnings).toMatchObject([{ kind: 'note', path: '/b/second' }])
      expect(read(target, 'b/second')).toBe('shared')
      expect(statSync(join(target, 'b/second')).mtimeMs).toBe(then * 1000)
    } finally {
      execFileSync('umount', [join(target, 'b')])
    }
  })

  test('what changes on the disk before it is verified is told', async () => {
    const target = join(tempDir(), 'out')
    const changed = new Set<string>()
    const options: Partial<RestoreOptions> = {
      verify: true,
      onItem({ path, type }) {
        if (path === '/top.txt') writeFileSync(join(target, path), 'tap')
        if (type === 'file') changed.add(path)
      },
    }
    const { result, run } = await restoreInto(repo, snapshot, target, options)
    expect(result).toMatchObject({ failed: 1, filesVerified: 5 })
    expect(run.warnings).toMatchObject([{ kind: 'unreadable', path: '/top.txt' }])
  })

  test('what appears meanwhile under the name of an item is not overwritten', async () => {
    const target = join(tempDir(), 'out')
    const onItem = ({ path }: { path: string }) => {
      if (path === '/a') makeFiles(target, { 'top.txt': 'mine', 'b/empty': 'mine' })
    }
    const { result, run } = await restoreInto(repo, snapshot, target, { onItem })
    expect(run.warnings.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'unreadable /b', // made meanwhile as well
      'unreadable /top.txt',
    ])
    expect(result).toMatchObject({ failed: 2, filesRestored: 3 })
    expect([read(target, 'top.txt'), read(target, 'b/empty')]).toEqual(['mine', 'mine'])
    expect(temporaries(target)).toEqual([])
  })

  test('runs of zeros become holes', async () => {
    const zeros = Buffer.alloc(3 * 1024 * 1024)
    zeros.fill(1, 1_000_000, 1_000_100)
    const sparse = await snapshotOf(repo, { file: zeros })
    const target = join(tempDir(), 'out')
    await restoreInto(repo, sparse, target, { verify: true })
    expect(readFileSync(join(target, 'file')).equals(zeros)).toBe(true)
    expect(statSync(join(target, 'file')).blocks * 512).toBeLessThan(256 * 1024)
  })
})
