import { beforeAll, describe, expect, test } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { find, type FindOptions } from '../../src/main/engine/find.ts'
import { textFromRaw } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import { parseTime } from '../../src/main/engine/format/time.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { anySnapshot, listSnapshots } from '../../src/main/engine/snapshots.ts'
import { dataBlob, file, folder as dir, putTree, treeBlob, putSnapshot } from '../support/crafted.ts'
import { goldenFolder } from '../support/golden-folder.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { vectors } from '../support/vectors.ts'

const { signal } = new AbortController()
let golden: string
let repo: Repository
let snapshots: SavedSnapshot[]

beforeAll(async () => {
  golden = goldenFolder()
  repo = await openRepository(localBackend(golden), vectors.password, testRun())
  snapshots = await listSnapshots(repo, anySnapshot, signal)
  await repo.loadIndex({ signal })
})

const search = async (patterns: string[], more: Partial<FindOptions> = {}, where = { repo, snapshots }) => {
  const options = { patterns, ignoreCase: false, newestNs: null, oldestNs: null, ...more }
  const found: Record<string, string[]> = {}
  for await (const { snapshot, matches } of find(where.repo, where.snapshots, options, signal)) {
    found[snapshot.id] = matches.map(({ path }) => textFromRaw(path))
  }
  return found
}

const { describe: withRestic } = needs('restic')
withRestic('agrees with restic', () => {
  test.each<[string, Partial<FindOptions>, string[]]>([
    ['*.txt', {}, []],
    ['*.TXT', { ignoreCase: true }, ['--ignore-case']],
    ['hello*', {}, []],
    ['a', {}, []], // a folder: all that is in it
    ['/tree/a', {}, []],
    ['/tree/*/b', {}, []],
    ['a/b', {}, []],
    ['b/**/one-byte', {}, []],
    ['/nowhere/*', {}, []],
    ['*', {}, []],
    ['[a-h]*', {}, []],
    ['日本語*', {}, []],
    ['*', { oldestNs: parseTime('2024-02-29T12:40:00Z') }, ['--oldest', '2024-02-29 12:40:00']],
    ['*', { newestNs: parseTime('2020-01-01T00:00:00Z') }, ['--newest', '2020-01-01 00:00:00']],
  ])('%s %o', async (pattern, options, args) => {
    const tool = restic(golden, { password: vectors.password, env: { TZ: 'UTC' } })
    const [said] = await tool.json<{ snapshot: string; matches: { path: string }[] }[]>([
      'find',
      '--no-lock',
      ...args,
      pattern,
    ])
    const theirs = Object.fromEntries(
      said!.map(each => [each.snapshot, each.matches.map(({ path }) => path)]),
    )
    expect(await search([pattern], options)).toEqual(theirs)
  })
})

describe('find', () => {
  test('takes several patterns, and tells the newest snapshot first', async () => {
    const found = await search(['one-byte', 'hello.txt'])
    expect(Object.keys(found)).toEqual(snapshots.toReversed().map(({ id }) => id))
    expect(Object.values(found)[0]).toEqual(['/tree/a/b/c/one-byte', '/tree/a/hello.txt'])
  })

  test('a bad pattern is refused in words', async () => {
    await expect(search(['[a'])).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('reads a shared tree once, and still tells its two places apart', async () => {
    const repo = await freshRepository()
    const x = dataBlob('x')
    const shared = treeBlob([file('match', x.id)])
    const { snapshot } = await putTree(repo, [dir('p', shared.id), dir('q', shared.id)], [shared, x])
    const again = await putSnapshot(repo, snapshot.tree, { time: '2025-01-01T00:00:00Z' })
    await repo.loadIndex({ signal })
    let reads = 0
    const counting = {
      ...repo,
      loadTree: (...args: Parameters<Repository['loadTree']>) => (reads++, repo.loadTree(...args)),
    }

    const where = { repo: counting, snapshots: [snapshot, again] }
    expect(await search(['p/match'], {}, where)).toEqual({
      [snapshot.id]: ['/p/match'],
      [again.id]: ['/p/match'],
    })
    expect(reads).toBe(3) // the root, and the shared tree in each of its two places
  })
})
