import { beforeAll, describe, expect, test } from 'vitest'
import { textFromRaw } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import { ls } from '../../src/main/engine/ls.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { anySnapshot, listSnapshots } from '../../src/main/engine/snapshots.ts'
import { goldenFolder } from '../support/golden-folder.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { needs } from '../support/needs.ts'
import { restic } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { goldenManifest, vectors } from '../support/vectors.ts'

const { signal } = new AbortController()
let folder: string
let repo: Repository
let snapshots: SavedSnapshot[]

beforeAll(async () => {
  folder = goldenFolder()
  repo = await openRepository(localBackend(folder), vectors.password, testRun())
  snapshots = await listSnapshots(repo, anySnapshot, signal)
  await repo.loadIndex({ signal })
})

const list = async (snapshot: SavedSnapshot, folders: string[], recursive: boolean) =>
  Array.fromAsync(ls(repo, snapshot, { folders, recursive }, signal), ({ path }) => textFromRaw(path))

test('lists the golden snapshots whole, parents first, in the order of names', async () => {
  for (const snapshot of snapshots) {
    const found = await Array.fromAsync(ls(repo, snapshot, { folders: [], recursive: false }, signal))
    expect(found.map(({ path }) => Buffer.from(path, 'latin1').toString('hex'))).toEqual(
      goldenManifest.trees[snapshot.id]!.map(entry => entry.path_raw_hex),
    )
    expect(found.map(({ node }) => node.size)).toEqual(
      goldenManifest.trees[snapshot.id]!.map(entry => (entry.type === 'file' ? entry.size : 0)),
    )
  }
})

const { describe: withRestic } = needs('restic')
withRestic('agrees with restic', () => {
  test.each([
    [[], true],
    [['/'], false],
    [['/tree'], false],
    [['/tree/a'], false],
    [['/tree/a'], true],
    [['/tree/a/b', '/tree/a'], false],
    [['/tree/a/hello.txt', '/tree/a/b'], true],
    [['/tree/a/b/c/one-byte'], false],
  ] as [string[], boolean][])('%j, recursive: %j', async (folders, recursive) => {
    const tool = restic(folder, { password: vectors.password })
    for (const snapshot of snapshots) {
      const options = ['ls', '--no-lock', ...(recursive ? ['--recursive'] : [])]
      const said = await tool.json<{ struct_type: string; path: string }>([
        ...options,
        snapshot.id,
        ...folders,
      ])
      const nodes = said.filter(({ struct_type }) => struct_type === 'node')
      expect(await list(snapshot, folders, recursive)).toEqual(nodes.map(({ path }) => path))
    }
  })
})

describe('bad input', () => {
  test.each(['/nowhere', '/tree/nowhere', '/tree/a/hello.txt/below', '/..'])(
    '%s is not in it',
    async path => {
      await expect(list(snapshots[0]!, [path], true)).rejects.toMatchObject({ code: 'not_found' })
    },
  )

  test('a relative path is refused', async () => {
    await expect(list(snapshots[0]!, ['tree'], true)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('slashes more or less do not matter', async () => {
    expect(await list(snapshots[0]!, ['//tree/./a/'], false)).toEqual(
      await list(snapshots[0]!, ['/tree/a'], false),
    )
  })

  test('stops when told to', async () => {
    const controller = new AbortController()
    const listing = ls(repo, snapshots[0]!, { folders: [], recursive: true }, controller.signal)
    await listing.next()
    controller.abort(new Error('enough'))
    await expect(listing.next()).rejects.toThrow('enough')
  })
})
