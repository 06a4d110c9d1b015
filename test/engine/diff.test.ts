import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test as plainTest } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { diff, type DiffEntry, type DiffStats } from '../../src/main/engine/diff.ts'
import { textFromRaw } from '../../src/main/engine/format/raw.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { anySnapshot, findSnapshot } from '../../src/main/engine/snapshots.ts'
import { noise } from '../support/content.ts'
import { dataBlob, file, folder, node, putTree, treeBlob } from '../support/crafted.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, type Restic } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { buildTree, nextDay } from '../support/seeded-tree.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'
import { goldenArchive, vectors } from '../support/vectors.ts'

const { test } = needs('restic')
const run = testRun()

async function ours(repo: Repository, from: string, to: string, metadata: boolean) {
  const entries: DiffEntry[] = []
  const stats = await diff(
    repo,
    await findSnapshot(repo, from, anySnapshot, run.signal),
    await findSnapshot(repo, to, anySnapshot, run.signal),
    { metadata, onEntry: entry => entries.push(entry) },
    run.signal,
  )
  return { lines: entries.map(({ change, path }) => `${change} ${textFromRaw(path)}`), stats }
}

interface Side {
  files: number
  dirs: number
  others: number
  data_blobs: number
  tree_blobs: number
  bytes: number
}
type Line =
  | { message_type: 'change'; path: string; modifier: string }
  | { message_type: 'statistics'; changed_files: number; added: Side; removed: Side }

async function theirs(judge: Restic, from: string, to: string, metadata: boolean, password?: string) {
  const args = ['diff', ...(metadata ? ['--metadata'] : []), from, to]
  const found = await judge.json<Line>(args, password === undefined ? {} : { password })
  const lines = found.flatMap(line =>
    line.message_type === 'change' ? [`${line.modifier} ${line.path}`] : [],
  )
  const last = found.at(-1)!
  if (last.message_type !== 'statistics') throw new Error('restic diff printed no statistics')
  const side = ({ data_blobs, tree_blobs, ...rest }: Side) => ({
    ...rest,
    dataBlobs: data_blobs,
    treeBlobs: tree_blobs,
  })
  const stats: DiffStats = {
    changedFiles: last.changed_files,
    added: side(last.added),
    removed: side(last.removed),
  }
  return { lines, stats }
}

describe('as restic sees it', () => {
  let root: string
  let repo: Repository
  let judge: Restic
  const snapshots: string[] = []

  beforeAll(async () => {
    root = makeTemp('diff')
    repo = await freshRepository({ backend: localBackend(join(root, 'repo')) })
    judge = restic(join(root, 'repo'))
    const tree = join(root, 'tree')
    const at = (path: string) => join(tree, path)
    buildTree(tree, { files: 60, seed: 3 })
    for (const path of ['special', 'keep/deep', 'twin', 'moves/inner', 'becomes-file']) {
      mkdirSync(at(path), { recursive: true })
    }
    writeFileSync(at('special/big'), noise('big', 2_500_000))
    writeFileSync(at('special/one'), 'one')
    linkSync(at('special/one'), at('special/hard'))
    symlinkSync('nowhere', at('special/link'))
    execFileSync('mkfifo', [at('special/fifo')])
    writeFileSync(at('special/becomes-link'), 'x')
    writeFileSync(at('becomes-file/x'), 'in a folder')
    writeFileSync(at('keep/deep/same'), 'also elsewhere')
    writeFileSync(at('special/vanishes'), 'also elsewhere') // its blob stays in use below an unchanged folder
    writeFileSync(at('moves/inner/file'), 'moves')
    writeFileSync(at('twin/a'), 'twin')
    cpSync(at('twin'), at('twin2'), { recursive: true, preserveTimestamps: true })
    snapshots.push(await judge.backup([tree]))

    appendFileSync(at('special/big'), 'more')
    writeFileSync(at('special/one'), 'two') // the hard link changes with it
    rmSync(at('special/becomes-link'))
    symlinkSync('x', at('special/becomes-link'))
    rmSync(at('becomes-file'), { recursive: true })
    writeFileSync(at('becomes-file'), 'now a file')
    rmSync(at('special/vanishes'))
    rmSync(at('special/link'))
    symlinkSync('elsewhere', at('special/link'))
    renameSync(at('moves'), at('moved'))
    chmodSync(at('special/hard'), 0o600)
    chmodSync(at('twin/a'), 0o600)
    if (process.getuid?.() === 0) execFileSync('chown', ['12345:54321', at('twin2/a')])
    snapshots.push(await judge.backup([tree]))

    nextDay(tree, { seed: 3 })
    rmSync(at('becomes-file'))
    mkdirSync(at('becomes-file'))
    snapshots.push(await judge.backup([tree]))
  })
  afterAll(() => removeTree(root))

  test.each([
    [0, 1],
    [1, 0],
    [0, 2],
    [2, 1],
    [1, 1],
  ])('snapshot %i against %i', async (from, to) => {
    for (const metadata of [false, true]) {
      const mine = await ours(repo, snapshots[from]!, snapshots[to]!, metadata)
      expect(mine).toEqual(await theirs(judge, snapshots[from]!, snapshots[to]!, metadata))
      if (from !== to) expect(mine.lines.length).toBeGreaterThan(5)
    }
  })

  test('the golden snapshots', async () => {
    execFileSync('tar', ['-xzf', fileURLToPath(goldenArchive), '-C', root])
    const golden = await openRepository(localBackend(join(root, 'golden-repo')), vectors.password, run)
    const [a, b] = vectors.snapshots.map(({ id }) => id).sort()
    for (const metadata of [false, true]) {
      const judge = restic(join(root, 'golden-repo'))
      expect(await ours(golden, a!, b!, metadata)).toEqual(
        await theirs(judge, a!, b!, metadata, vectors.password),
      )
    }
  })
})

describe('beyond restic 0.14', () => {
  plainTest('folders inside snapshots are compared, even of one snapshot', async () => {
    const repo = await freshRepository()
    const [one, two] = [dataBlob('one'), dataBlob('two!')]
    const left = treeBlob([file('same', one.id), file('gone', one.id)])
    const right = treeBlob([file('same', one.id), file('new', two.id)])
    const { snapshot } = await putTree(
      repo,
      [folder('left', left.id), folder('right', right.id)],
      [one, two, left, right],
    )
    const { lines, stats } = await ours(repo, `${snapshot.id}:left`, `latest:/right/`, true)
    expect(lines).toEqual(['- /gone', '+ /new'])
    expect(stats).toEqual({
      changedFiles: 0,
      added: { files: 1, dirs: 0, others: 0, dataBlobs: 1, treeBlobs: 1, bytes: 4 + right.plain.length },
      removed: { files: 1, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 1, bytes: left.plain.length },
    })
    for (const subpath of ['nowhere', 'left/same']) {
      await expect(ours(repo, `${snapshot.id}:${subpath}`, 'latest', false)).rejects.toMatchObject({
        code: 'not_found',
      })
    }
  })

  plainTest('extended attributes count, their order does not', async () => {
    const repo = await freshRepository()
    const [a, b] = ['a', 'b'].map(name => ({ name: name as never, value: Buffer.from(name) }))
    const tree = (...xattrs: (typeof a)[]) => treeBlob([node('file', { xattrs: xattrs.map(x => x!) })])
    const left = tree(a, b)
    const right = tree(b, a)
    const other = tree(a, { ...b!, value: Buffer.from('c') })
    await putTree(
      repo,
      [folder('left', left.id), folder('right', right.id), folder('other', other.id)],
      [left, right, other],
    )
    expect((await ours(repo, 'latest:left', 'latest:right', true)).lines).toEqual([])
    expect((await ours(repo, 'latest:left', 'latest:other', true)).lines).toEqual(['U /file'])
  })

  plainTest('a blob in no index is told, not counted as nothing', async () => {
    const repo = await freshRepository()
    const [left, right] = [treeBlob([]), treeBlob([file('new', dataBlob('lost').id)])]
    await putTree(repo, [folder('left', left.id), folder('right', right.id)], [left, right])
    await expect(ours(repo, 'latest:left', 'latest:right', false)).rejects.toMatchObject({
      code: 'data_corrupt',
    })
  })
})
