import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { backup } from '../../src/main/engine/backup.ts'
import { noRules } from '../../src/main/engine/files/exclude.ts'
import { check } from '../../src/main/engine/check.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { listSnapshots, anySnapshot } from '../../src/main/engine/snapshots.ts'
import { noise } from '../support/content.ts'
import { withFaults } from '../support/faults.ts'
import { recordWrites, replay } from '../support/journal.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { tempDir } from '../support/tmp.ts'
import { buildZoo } from '../support/zoo.ts'

const { test: resticTest } = needs('linux', 'root', 'getfattr', 'setfattr', 'setfacl', 'restic')

const onDisk = async (dir: string, version: 1 | 2 = 2): Promise<Repository> =>
  freshRepository({ backend: localBackend(join(dir, 'repo')), version })

const treeOf = async (repo: Repository, id: string) =>
  (await listSnapshots(repo, anySnapshot, testRun().signal)).find(snapshot => snapshot.id === id)!.tree

/** What the tree holds, but for the times of the folders above the test's own. */
async function shownTree(repo: Repository, id: string): Promise<unknown> {
  const nodes = await repo.loadTree(id, testRun().signal)
  return Promise.all(
    nodes.map(async node =>
      /^(tmp|holdfast-tests-.*|worker-\d)$/.test(node.name)
        ? { name: node.name, mode: node.mode, below: await shownTree(repo, node.subtree!) }
        : node,
    ),
  )
}

/** A folder with a few small files and one of several chunks. */
function sampleTree(dir: string): string {
  const root = join(dir, 'source')
  mkdirSync(join(root, 'sub/deeper'), { recursive: true })
  writeFileSync(join(root, 'one.txt'), 'one')
  writeFileSync(join(root, 'sub/two.txt'), 'two')
  writeFileSync(join(root, 'sub/deeper/large.bin'), noise('large', 3_000_000))
  return root
}

const problems = async (repo: Repository) =>
  (await check(repo, { readData: { kind: 'all' }, lock: false }, testRun())).problems.filter(
    ({ level }) => level === 'error',
  )

describe('restic as judge', () => {
  resticTest.each([1, 2] as const)(
    'a zoo in a version %i repository: restic finds no fault, gets the same tree, and restores it equal',
    async version => {
      const dir = tempDir('backup')
      const zoo = join(dir, 'zoo')
      mkdirSync(zoo)
      await buildZoo(zoo, { longPaths: false })
      // The two things in which we store more than restic 0.14: a link's attributes, and a target that is not UTF-8.
      rmSync(join(zoo, 'xattrs/link'))
      rmSync(join(zoo, 'links/invalid-target'))
      const repo = await onDisk(dir, version)
      const judge = restic(join(dir, 'repo'))

      const run = testRun()
      const { snapshot } = await backup(repo, plainBackup([zoo], { threads: 2 }), run)
      expect(run.warnings).toEqual([])
      await judge.check(['--read-data'])

      const theirs = await judge.backup([zoo], ['--force', '--host', 'atlas'])
      await repo.loadIndex(run)
      expect(await shownTree(repo, await treeOf(repo, theirs))).toEqual(await shownTree(repo, snapshot!.tree))

      await judge.restore(snapshot!.id, join(dir, 'back'))
      const differences = manifestDifferences(readManifest(zoo), readManifest(join(dir, 'back', zoo)), {
        // restic 0.14 stores no sockets and sets times after 2262 wrong.
        without: (path, { type }) => type === 'socket' || path.endsWith('/far-future'),
      })
      expect(differences).toEqual([])
    },
  )

  resticTest('names targets as restic does', async () => {
    const dir = tempDir('targets')
    for (const path of ['a/b', 'a/c', 'work', 'other/work']) {
      mkdirSync(join(dir, path), { recursive: true })
      writeFileSync(join(dir, path, 'file'), path)
    }
    const repo = await onDisk(dir)
    const judge = restic(join(dir, 'repo'), { cwd: dir })
    const here = process.cwd()
    process.chdir(dir)
    try {
      for (const paths of [
        ['work'],
        ['a/b', 'a/c/file', join(dir, 'work')],
        ['a', 'a/b/file'],
        ['work', '../' + dir.split('/').at(-1) + '/other/work', join(dir, 'other')],
        ['./other/./work/'],
        ['a/b', '.'],
      ]) {
        const options = plainBackup(paths, { full: true, rules: { ...noRules, excludes: ['repo'] } })
        const { snapshot } = await backup(repo, options, testRun())
        const theirs = await judge.backup(paths, ['--force', '--host', 'atlas', '--exclude', 'repo'])
        await repo.loadIndex(testRun())
        expect([paths, await shownTree(repo, await treeOf(repo, theirs))]).toEqual([
          paths,
          await shownTree(repo, snapshot!.tree),
        ])
      }
    } finally {
      process.chdir(here)
    }
  })

  resticTest('large files, sparse and not: the same chunks as restic, from several threads', async () => {
    const dir = tempDir('large')
    const source = join(dir, 'source')
    mkdirSync(source)
    const hole = Buffer.alloc(3_000_000)
    const [a, b] = [noise('a', 21_000_000), noise('b', 9_000_000)]
    writeFileSync(join(source, 'random'), Buffer.concat([a, b]))
    writeFileSync(join(source, 'holes'), Buffer.concat([hole, b, hole, hole, a.subarray(0, 700_001), hole]))
    const sparse = join(source, 'sparse')
    writeFileSync(sparse, 'begins')
    truncateSync(sparse, 90_000_000)
    appendFileSync(sparse, 'ends')
    const repo = await onDisk(dir)
    const judge = restic(join(dir, 'repo'))
    const { snapshot } = await backup(repo, plainBackup([source], { threads: 2 }), testRun())
    const theirs = await judge.backup([source], ['--force', '--host', 'atlas'])
    await repo.loadIndex(testRun())
    expect(await shownTree(repo, await treeOf(repo, theirs))).toEqual(await shownTree(repo, snapshot!.tree))
    await judge.check(['--read-data'])
  })

  resticTest('whoever stored a file first, the other adds no data', async () => {
    const dir = tempDir('mixed')
    const source = sampleTree(dir)
    const judge = restic(join(dir, 'repo'))
    await judge.init()
    await judge.backup([source], ['--host', 'atlas'])
    const repo = await openRepository(localBackend(join(dir, 'repo')), testPassword, testRun())

    const second = await backup(repo, plainBackup([source]), testRun())
    // Trees of the folders above are new when other tests have changed /tmp meanwhile.
    expect(second).toMatchObject({ parent: expect.any(String), filesUnmodified: 3, dataBlobs: 0 })
    const third = await backup(repo, plainBackup([source], { full: true }), testRun())
    expect(third).toMatchObject({ parent: null, filesNew: 3, dataBlobs: 0 })
    expect(third.treeBlobs).toBeLessThanOrEqual(2)

    writeFileSync(join(source, 'new.bin'), noise('new', 1_500_000))
    expect(await backup(repo, plainBackup([source]), testRun())).toMatchObject({
      filesNew: 1,
      filesUnmodified: 3,
    })
    const [summary] = await judge
      .json<{ message_type: string; data_blobs: number }>(['backup', '--host', 'atlas', source])
      .then(lines => lines.filter(({ message_type }) => message_type === 'summary'))
    expect(summary).toMatchObject({ files_new: 0, files_changed: 0, files_unmodified: 4, data_blobs: 0 })
    await judge.check(['--read-data'])
  })
})

describe('what changed', () => {
  test('only changed files are read; their unchanged parts are not stored again', async () => {
    const dir = tempDir('changed')
    const source = sampleTree(dir)
    const repo = await freshRepository()
    const first = await backup(repo, plainBackup([source]), testRun())
    expect(first).toMatchObject({ filesNew: 3, dirsNew: expect.any(Number), totalBytesProcessed: 3_000_006 })
    appendFileSync(join(source, 'sub/deeper/large.bin'), 'appended')
    rmSync(join(source, 'one.txt'))
    const second = await backup(repo, plainBackup([source]), testRun())
    expect(second).toMatchObject({
      parent: first.snapshot!.id,
      filesNew: 0,
      filesChanged: 1,
      filesUnmodified: 1,
      dataBlobs: 1,
    })
    expect(second.dataAdded).toBeLessThan(2_500_000)
    expect(await problems(repo)).toEqual([])
  })

  test('a parent whose blobs are gone, or whose tree is damaged, makes files be read again', async () => {
    const dir = tempDir('lost')
    const source = sampleTree(dir)
    const backend = memoryBackend()
    const repo = await freshRepository({ backend })
    await backup(repo, plainBackup([source]), testRun())
    const packs = [...backend.files.keys()].filter(key => key.startsWith('pack/'))
    for (const key of [...packs, ...[...backend.files.keys()].filter(key => key.startsWith('index/'))]) {
      backend.files.delete(key)
    }
    const run = testRun()
    const again = await backup(await openRepository(backend, testPassword, run), plainBackup([source]), run)
    expect(again).toMatchObject({ filesUnmodified: 0, dataBlobs: expect.any(Number) })
    expect(again.dataBlobs).toBeGreaterThan(2)
    expect(run.warnings).toMatchObject([{ kind: 'note', message: expect.stringMatching(/read again/) }])
  })

  test('a dry run says what would be added and writes nothing', async () => {
    const dir = tempDir('dry')
    const source = sampleTree(dir)
    const backend = memoryBackend()
    const repo = await freshRepository({ backend })
    const before = new Map(backend.files)
    const dry = await backup(repo, plainBackup([source], { dryRun: true, lock: true }), testRun())
    expect(backend.files).toEqual(before)
    const real = await backup(repo, plainBackup([source]), testRun())
    expect(dry.snapshot).toBeNull()
    for (const key of ['filesNew', 'dataBlobs', 'treeBlobs'] as const) {
      expect([key, dry[key]]).toEqual([key, real[key]])
    }
    // The times of /tmp, which other tests change meanwhile, may take a few digits more or less.
    for (const key of ['dataAdded', 'dataAddedPacked'] as const) {
      expect(Math.abs(dry[key] - real[key])).toBeLessThan(100)
    }
  })

  test('skipIfUnchanged writes no snapshot of an unchanged tree', async () => {
    const dir = tempDir('skip')
    const source = sampleTree(dir)
    const repo = await freshRepository()
    await backup(repo, plainBackup([source]), testRun())
    expect(
      (await backup(repo, plainBackup([source], { skipIfUnchanged: true }), testRun())).snapshot,
    ).toBeNull()
    writeFileSync(join(source, 'one.txt'), 'changed')
    expect(
      (await backup(repo, plainBackup([source], { skipIfUnchanged: true }), testRun())).snapshot,
    ).not.toBeNull()
  })

  test('compression off stores data as it is, and trees compressed', async () => {
    const dir = tempDir('raw')
    const source = join(dir, 'source')
    mkdirSync(source)
    writeFileSync(join(source, 'zeros'), Buffer.alloc(100_000))
    const repo = await freshRepository()
    await backup(repo, plainBackup([source], { compression: 'off' }), testRun())
    const stored = [...repo.index.packs()].flatMap(({ blobs }) => blobs)
    expect(stored.filter(({ type }) => type === 'data')).toMatchObject([
      { length: 100_032, uncompressedLength: 0 },
    ])
    for (const tree of stored.filter(({ type }) => type === 'tree'))
      expect(tree.uncompressedLength).toBeGreaterThan(0)
  })
})

describe('sources that misbehave', () => {
  test.each([[['/nonexistent/folder']], [['SOURCE', '/nonexistent/folder']]])(
    'a missing one fails, and nothing is stored: %j',
    async paths => {
      const dir = tempDir('missing')
      const source = sampleTree(dir)
      const backend = memoryBackend()
      const repo = await freshRepository({ backend })
      const before = new Map(backend.files)
      const options = plainBackup(paths.map(path => (path === 'SOURCE' ? source : path)))
      await expect(backup(repo, options, testRun())).rejects.toMatchObject({ code: 'source_missing' })
      expect(backend.files).toEqual(before)
    },
  )

  needs('linux', 'root').test('an unreadable file is listed, and the rest is saved', async () => {
    const dir = tempDir('unreadable')
    const source = sampleTree(dir)
    const repo = await freshRepository()
    const run = testRun()
    // A regular file that refuses to be read, even by root.
    const result = await backup(repo, plainBackup([source, '/proc/self/mem']), run)
    expect(result).toMatchObject({ unreadable: 1, filesNew: 3, snapshot: { tree: expect.any(String) } })
    expect(run.warnings).toMatchObject([{ kind: 'unreadable', path: '/proc/self/mem' }])
    expect(await problems(repo)).toEqual([])
    await expect(backup(repo, plainBackup(['/proc/self/mem']), testRun())).rejects.toMatchObject({
      code: 'source_unreadable',
    })
  })

  test('what vanishes, changes or becomes something else while it is read', async () => {
    const dir = tempDir('moving')
    const source = join(dir, 'source')
    mkdirSync(source)
    // Fills the folder's own job, so that the rest is left to later ones.
    writeFileSync(join(source, '0-first'), noise('first', 5_000_000))
    writeFileSync(join(source, '1-large'), noise('large', 40_000_000))
    for (const name of ['2-vanishes', '3-becomes-a-folder', '4-stays'])
      writeFileSync(join(source, name), name)
    const repo = await freshRepository()
    let touched = false
    const run = testRun()
    const meddling = {
      ...run,
      report: (progress: Parameters<typeof run.report>[0]) => {
        if (touched || progress.phase !== 'store' || !progress.path.endsWith('1-large')) return
        touched = true
        appendFileSync(join(source, '1-large'), 'more')
        rmSync(join(source, '2-vanishes'))
        rmSync(join(source, '3-becomes-a-folder'))
        mkdirSync(join(source, '3-becomes-a-folder'))
      },
    }
    const result = await backup(repo, plainBackup([source]), meddling)
    expect(touched).toBe(true)
    expect(run.warnings.map(({ kind, path }) => [kind, path]).sort()).toEqual([
      ['note', join(source, '1-large')],
      ['unreadable', join(source, '3-becomes-a-folder')],
    ])
    expect(result).toMatchObject({ filesNew: 3, unreadable: 1 })
    expect(await problems(repo)).toEqual([])
    // What changed while it was read is read again by the next backup, not taken for unchanged.
    expect(await backup(repo, plainBackup([source]), testRun())).toMatchObject({ filesChanged: 1 })
  })

  test('the repository inside a source is left out with a word, and is no source itself', async () => {
    const dir = tempDir('inside')
    const source = sampleTree(dir)
    const repo = await onDisk(source)
    const run = testRun()
    expect(await backup(repo, plainBackup([source]), run)).toMatchObject({ filesNew: 3 })
    expect(run.warnings).toMatchObject([{ kind: 'note', path: join(source, 'repo') }])
    await expect(backup(repo, plainBackup([join(source, 'repo')]), testRun())).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })
})

describe('failure and cancel', () => {
  test('a cancelled run leaves a valid repository, and the next one reuses what was stored', async () => {
    const dir = tempDir('cancel')
    const source = join(dir, 'source')
    mkdirSync(source)
    for (let i = 0; i < 6; i++) writeFileSync(join(source, `${i}`), noise(`file ${i}`, 9_000_000))
    const backend = memoryBackend()
    const repo = await freshRepository({ backend })
    const run = testRun()
    const cancelling = {
      ...run,
      report: (progress: Parameters<typeof run.report>[0]) => {
        if (progress.phase === 'store' && progress.doneBytes > 40_000_000)
          run.abort(new Error('cancelled here'))
      },
    }
    const options = plainBackup([source], { lock: true })
    await expect(backup(repo, options, cancelling)).rejects.toThrow('cancelled here')
    const opened = await openRepository(backend, testPassword, testRun())
    expect([...backend.files.keys()].filter(key => /^(snapshot|lock)\//.test(key))).toEqual([])
    expect(await problems(opened)).toEqual([])
    const next = await backup(opened, options, testRun())
    expect(next.filesNew).toBe(6)
    expect(next.dataAdded).toBeLessThan(54_000_000 - 30_000_000)
    expect(await problems(opened)).toEqual([])
  })

  test('a run that is held back stores nothing until it may go on', async () => {
    const dir = tempDir('gate')
    const source = join(dir, 'source')
    mkdirSync(source)
    buildTree(source, { files: 60, seed: 4 })
    const run = testRun()
    const repo = await freshRepository({ backend: memoryBackend() })
    const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>()
    const held = { ...run, gate: () => mayGoOn }
    let ended = false
    const result = backup(repo, plainBackup([source]), held).finally(() => (ended = true))
    await new Promise(resolve => setTimeout(resolve, 300))
    expect([ended, run.reports.filter(({ phase }) => phase === 'store')]).toEqual([false, []])
    goOn()
    expect((await result).filesNew).toBe(60)
  })

  test.each(['before', 'after'] as const)('losing any one call (%s it acts) damages nothing', async when => {
    const dir = tempDir('faults')
    const source = sampleTree(dir)
    const start = memoryBackend()
    await backup(await freshRepository({ backend: start }), plainBackup([source]), testRun())
    writeFileSync(join(source, 'b.txt'), noise('b', 700_000))
    for (let nth = 1; ; nth++) {
      const disk = memoryBackend(new Map(start.files))
      const faulty = withFaults(disk, nth, when)
      const failure = await openRepository(faulty.backend, testPassword, testRun())
        .then(repo => backup(repo, plainBackup([source], { lock: true }), testRun()))
        .then(
          () => null,
          (error: unknown) => error,
        )
      const repo = await openRepository(disk, testPassword, testRun())
      expect([nth, await problems(repo)]).toEqual([nth, []])
      if (!faulty.fired()) {
        expect(failure).toBeNull()
        expect(nth).toBeGreaterThan(10)
        return
      }
      expect([nth, failure]).toMatchObject([nth, { code: 'backend_unreachable' }])
      expect(await backup(repo, plainBackup([source]), testRun())).toMatchObject({ totalFilesProcessed: 4 })
    }
  })

  test('at every prefix of what a backup writes, the repository is valid', async () => {
    const dir = tempDir('prefix')
    const source = join(dir, 'source')
    mkdirSync(source)
    buildTree(source, { files: 60, seed: 3 })
    writeFileSync(join(source, 'large'), noise('large', 35_000_000))
    const disk = memoryBackend()
    await freshRepository({ backend: disk })
    const start = new Map(disk.files)
    const { backend, journal } = recordWrites(disk)
    const repo = await openRepository(backend, testPassword, testRun())
    await backup(repo, plainBackup([source], { lock: true }), testRun())
    renameSync(join(source, 'large'), join(source, 'larger'))
    await backup(repo, plainBackup([source], { lock: true }), testRun())
    expect(journal.length).toBeGreaterThan(8)
    for (let length = 0; length <= journal.length; length++) {
      const then = await openRepository(
        memoryBackend(replay(start, journal.slice(0, length))),
        testPassword,
        testRun(),
      )
      expect([length, await problems(then)]).toEqual([length, []])
    }
  })
})
