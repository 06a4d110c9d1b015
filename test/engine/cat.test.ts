import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test as plainTest } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { cat, indentJson, type CatKind } from '../../src/main/engine/cat.ts'
import { idOf } from '../../src/main/engine/format/id.ts'
import { encodeLock } from '../../src/main/engine/format/lock.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { dataBlob, file, folder, putTree, treeBlob } from '../support/crafted.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, type Restic } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'
import { goldenArchive, vectors } from '../support/vectors.ts'

const { test } = needs('restic')
const run = testRun()

describe('the golden repository, byte for byte as restic prints it', () => {
  let root: string
  let repo: Repository
  let judge: Restic
  beforeAll(async () => {
    root = makeTemp('cat')
    execFileSync('tar', ['-xzf', fileURLToPath(goldenArchive), '-C', root])
    repo = await openRepository(localBackend(join(root, 'golden-repo')), vectors.password, run)
    judge = restic(join(root, 'golden-repo'), { password: vectors.password })
  })
  afterAll(() => removeTree(root))

  const text = vectors.tree_blobs[0]!
  test.each<[CatKind, string]>([
    ['masterkey', ''],
    ['config', ''],
    ...vectors.snapshots.map(({ id }): [CatKind, string] => ['snapshot', id]),
    ['index', vectors.index[0]!.id],
    ['key', vectors.keys[0]!.file],
    ['blob', text.id],
  ])('%s %s', async (kind, id) => {
    const mine = await cat(repo, kind, id, run.signal)
    expect(mine.toString()).toBe(await judge.ok(['cat', kind, ...(id === '' ? [] : [id])]))
  })

  plainTest('a lock', async () => {
    const lock = { exclusive: true, hostname: 'atlas', username: 'ada', pid: 7, uid: 1000, gid: 1000 }
    const json = encodeLock({ ...lock, time: '2024-01-01T00:00:00Z' })
    const id = await repo.saveUnpacked('lock', json, run.signal)
    const mine = await cat(repo, 'lock', id.slice(0, 10), run.signal)
    expect(mine.toString()).toBe(await judge.ok(['--no-lock', 'cat', 'lock', id]))
    await repo.removeFile('lock', id, run.signal)
  })

  plainTest('packs and blobs are raw bytes', async () => {
    for (const { id } of vectors.packs) expect(idOf(await cat(repo, 'pack', id, run.signal))).toBe(id)
    for (const { id } of vectors.data_blobs) {
      expect(idOf(await cat(repo, 'blob', id.slice(0, 12), run.signal))).toBe(id)
    }
  })

  plainTest('trees, by snapshot and path or by their own ID', async () => {
    const first = vectors.snapshots.find(({ id }) => id.startsWith('bb07'))!
    const jsonOf = (start: string) => vectors.tree_blobs.find(({ id }) => id.startsWith(start))!.json
    const tree = async (name: string) => (await cat(repo, 'tree', name, run.signal)).toString()
    expect(await tree(first.id)).toBe(jsonOf('9cacf064'))
    expect(await tree('bb07:/tree/a/b')).toBe(jsonOf('e6a4bc6b'))
    expect(await tree('e6a4')).toBe(jsonOf('e6a4bc6b'))
  })
})

describe('what is not there, or not whole', () => {
  const backend = memoryBackend()
  let repo: Repository
  const one = dataBlob('one')
  beforeAll(async () => {
    repo = await freshRepository({ backend })
    const sub = treeBlob([file('a', one.id)])
    await putTree(repo, [folder('sub', sub.id)], [one, sub])
  })

  plainTest.each<[CatKind, string, string]>([
    ['blob', 'a'.repeat(64), 'not_found'],
    ['blob', 'zz', 'not_found'],
    ['pack', 'a'.repeat(64), 'not_found'],
    ['pack', '', 'not_found'],
    ['index', 'a'.repeat(64), 'not_found'],
    ['key', 'a'.repeat(64), 'not_found'],
    ['lock', 'a', 'not_found'],
    ['snapshot', 'a'.repeat(64), 'snapshot_missing'],
    ['tree', one.id, 'not_found'],
    ['tree', 'latest:nowhere', 'not_found'],
    ['tree', 'latest:sub/a', 'not_found'],
  ])('%s %s', async (kind, id, code) => {
    await expect(cat(repo, kind, id, run.signal)).rejects.toMatchObject({ code })
  })

  plainTest('an ambiguous prefix names the candidates', async () => {
    const ids = ['abc1', 'abc2'].map(start => start.padEnd(64, '0'))
    await expect(cat({ ...repo, listIds: async () => ids }, 'pack', 'abc', run.signal)).rejects.toMatchObject(
      {
        code: 'not_found',
        message: '2 packs have IDs that begin with abc.',
        hint: 'Type more of the ID: abc10000, abc20000.',
      },
    )
  })

  plainTest('a damaged pack is not printed', async () => {
    const name = [...backend.files.keys()].find(name => name.startsWith('pack/'))!
    backend.files.get(name)![0]! ^= 1
    await expect(cat(repo, 'pack', name.slice(5), run.signal)).rejects.toMatchObject({ code: 'data_corrupt' })
  })
})

plainTest('indenting keeps numbers, escapes and order as they are', () => {
  const json = '{"b":18446744073709551615,"a":["\\u003c{\\"x\\\\",{}, [] ,true],"c":{"d":null,"e":-1.50e3}}'
  expect(indentJson(json)).toBe(
    [
      '{',
      '  "b": 18446744073709551615,',
      '  "a": [',
      '    "\\u003c{\\"x\\\\",',
      '    {},',
      '    [],',
      '    true',
      '  ],',
      '  "c": {',
      '    "d": null,',
      '    "e": -1.50e3',
      '  }',
      '}',
    ].join('\n'),
  )
  expect(JSON.parse(indentJson(json))).toEqual(JSON.parse(json))
})
