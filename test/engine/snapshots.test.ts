import { beforeEach, describe, expect, test } from 'vitest'
import { shortId } from '../../src/main/engine/format/id.ts'
import { findByPrefix } from '../../src/main/engine/prefix.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import {
  anySnapshot,
  findSnapshot,
  listSnapshots,
  type SnapshotFilter,
} from '../../src/main/engine/snapshots.ts'
import { putSnapshot, treeBlob } from '../support/crafted.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { freshRepository } from '../support/repo.ts'
import { testRun } from '../support/run.ts'

const { signal } = testRun()
const tree = treeBlob([]).id
let backend: ReturnType<typeof memoryBackend>
let repo: Repository
beforeEach(async () => {
  backend = memoryBackend()
  repo = await freshRepository({ backend })
})

const fill = async () => {
  // In order of time; the texts are not, for their zones differ.
  const early = await putSnapshot(repo, tree, {
    time: '2024-03-02T01:00:00+05:30',
    hostname: 'atlas',
    tags: ['a', 'b'],
  })
  const middle = await putSnapshot(repo, tree, {
    time: '2024-03-01T20:00:00Z',
    hostname: 'atlas',
    paths: ['/src', '/home'],
  })
  const late = await putSnapshot(repo, tree, {
    time: '2024-03-01T15:00:00.5-08:00',
    hostname: 'borg',
    tags: ['b'],
  })
  return { early: early.id, middle: middle.id, late: late.id }
}
const list = async (filter: Partial<SnapshotFilter>) =>
  (await listSnapshots(repo, { ...anySnapshot, ...filter }, signal)).map(({ id }) => id)

describe('listSnapshots', () => {
  test('oldest first, by instant', async () => {
    const { early, middle, late } = await fill()
    expect(await list({})).toEqual([early, middle, late])
  })

  test('hosts, tags and paths', async () => {
    const { early, middle, late } = await fill()
    expect(await list({ hosts: ['borg', 'nobody'] })).toEqual([late])
    expect(await list({ tags: [['a', 'b']] })).toEqual([early])
    expect(await list({ tags: [['b']] })).toEqual([early, late])
    expect(await list({ tags: [['a'], ['']] })).toEqual([early, middle])
    expect(await list({ tags: [['a', 'c']] })).toEqual([])
    expect(await list({ paths: ['/src'] })).toEqual([early, middle, late])
    expect(await list({ paths: ['/src', '/home'] })).toEqual([middle])
    expect(await list({ hosts: ['atlas'], tags: [['b']], paths: ['/src'] })).toEqual([early])
  })

  test('a damaged file is never left out in silence', async () => {
    const { middle } = await fill()
    backend.files.get(`snapshot/${middle}`)![40]! ^= 1
    await expect(list({})).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringContaining(shortId(middle)) as string,
    })
  })

  test('one whose content is no snapshot is named', async () => {
    const id = await repo.saveUnpacked('snapshot', Buffer.from('{"time":"never"}'), signal)
    await expect(list({})).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringContaining(shortId(id)) as string,
    })
  })

  test('one that is forgotten while we read is not there', async () => {
    const { early, middle, late } = await fill()
    const racing = { ...repo, listIds: async () => [early, middle, late, 'f'.repeat(64)] }
    const found = await listSnapshots(racing, anySnapshot, signal)
    expect(found.map(({ id }) => id)).toEqual([early, middle, late])
  })
})

describe('findSnapshot', () => {
  const find = (name: string, filter: Partial<SnapshotFilter> = {}) =>
    findSnapshot(repo, name, { ...anySnapshot, ...filter }, signal).then(({ snapshot, subpath }) => [
      snapshot.id,
      subpath,
    ])

  test('latest, whole IDs, prefixes, and a path behind them', async () => {
    const { early, middle, late } = await fill()
    expect(await find('latest')).toEqual([late, ''])
    expect(await find('latest', { hosts: ['atlas'] })).toEqual([middle, ''])
    expect(await find('latest:/home/ada')).toEqual([late, '/home/ada'])
    expect(await find(early)).toEqual([early, ''])
    expect(await find(`${early}:a:b`)).toEqual([early, 'a:b'])
    expect(await find(shortId(middle), { hosts: ['nobody'] })).toEqual([middle, ''])
  })

  test.each([
    ['an ID that is not there', 'a'.repeat(64), 'There is no snapshot aaaaaaaa.'],
    [
      'a prefix that is not there',
      'x'.repeat(3),
      '“xxx” is not the ID of a snapshot: IDs are made of the digits 0-9 and a-f.',
    ],
    ['upper case', 'ABC', '“ABC” is not the ID of a snapshot: IDs are made of the digits 0-9 and a-f.'],
    ['no name', '', '“” is not the ID of a snapshot: IDs are made of the digits 0-9 and a-f.'],
  ])('%s', async (_what, name, message) => {
    await fill()
    await expect(find(name)).rejects.toMatchObject({
      code: 'snapshot_missing',
      message,
      hint: 'Run `holdfast snapshots` to list what is there.',
    })
  })

  test('latest of none', async () => {
    await expect(find('latest')).rejects.toMatchObject({
      code: 'snapshot_missing',
      message: 'The repository at memory has no snapshots yet.',
    })
    await fill()
    await expect(find('latest', { hosts: ['nobody'] })).rejects.toMatchObject({
      code: 'snapshot_missing',
      message: 'No snapshot has that host, those tags and those paths.',
    })
  })
})

describe('findByPrefix', () => {
  const ids = ['ab12345678aa', 'ab12345678bb', 'cd', 'ee1', 'ee2'].map(start => start.padEnd(64, '0'))
  const find = (text: string) => findByPrefix(ids, text, 'key', 'not_found', 'List them.')

  test('the one', () => {
    expect(find('c')).toBe(ids[2])
    expect(find('ab12345678b')).toBe(ids[1])
  })

  test('several: the hint tells them apart', () => {
    expect(() => find('ab')).toThrow(
      expect.objectContaining({
        code: 'not_found',
        message: '2 keys have IDs that begin with ab.',
        hint: 'Type more of the ID: ab12345678a, ab12345678b.',
      }),
    )
  })

  test('none', () => {
    expect(() => find('f')).toThrow(
      expect.objectContaining({ message: 'There is no key whose ID begins with f.', hint: 'List them.' }),
    )
  })

  test('many', () => {
    const many = Array.from({ length: 9 }, (_, n) => `a${n}`.padEnd(64, '0'))
    expect(() => findByPrefix(many, 'a', 'key', 'not_found', '')).toThrow(
      expect.objectContaining({
        hint: 'Type more of the ID: a0000000, a1000000, a2000000, a3000000, a4000000 and 4 more.',
      }),
    )
  })
})
