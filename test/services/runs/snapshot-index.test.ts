import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refreshSnapshots } from '../../../src/main/services/runs/snapshot-index.ts'
import { needs } from '../../support/needs.ts'
import { restic } from '../../support/restic.ts'
import { buildTree, nextDay } from '../../support/seeded-tree.ts'
import { fill, world, type World } from './world.ts'

const { test: withRestic } = needs('restic')
const never = new AbortController().signal

const refresh = (w: World, id: string, signal = never) =>
  refreshSnapshots(w.catalogue.destinations.get(id)!, w.ports, signal)

const paths = (w: World, query: string) =>
  w.catalogue.snapshots
    .search({ query, limit: 1000 })
    .found.map(({ path }) => path)
    .sort()

test('after a run what it stored is found, with its versions', async () => {
  const w = await world()
  const plan = w.plan((await w.destination()).id)
  const file = join(w.folder, 'sources', 'Documents', 'one.txt')
  await w.ended(w.ask(plan).id)
  await w.runs.idle()
  expect(paths(w, 'one.txt')).toEqual([file])
  fill(w.folder, { 'sources/Documents/one.txt': 'another one' })
  w.clock.set(w.clock.now() + 60_000)
  const second = await w.ended(w.ask(plan).id)
  await w.runs.idle()
  expect(w.catalogue.snapshots.search({ query: 'one.txt', limit: 10 }).found).toMatchObject([
    { path: file, versions: 2, snapshots: 2, deleted: false, newestSnapshotId: second.snapshotId },
  ])
  expect(paths(w, 'three')).toEqual([join(w.folder, 'sources', 'Documents', 'below', 'deeper', 'three.txt')])
  expect(w.troubles).toEqual([])
})

withRestic(
  'what restic made is read in too, and what it forgot is gone; plans are known by their tags',
  async () => {
    const changed: (number | null)[] = []
    const w = await world({ destinationChanged: ({ refreshedAtMs }) => void changed.push(refreshedAtMs) })
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    const source = join(w.folder, 'tree')
    buildTree(source, { files: 300, seed: 3, meanBytes: 200 })
    const older = await restic(drive.path).backup([source], ['--tag', `plan:${plan.id}`])
    nextDay(source, { seed: 4 })
    const newer = await restic(drive.path).backup([source])
    await refresh(w, drive.id)
    expect(w.catalogue.snapshots.list({}).map(({ id, planId, indexed }) => [id, planId, indexed])).toEqual([
      [newer, null, true],
      [older, plan.id, true],
    ])
    expect(changed).toEqual([w.clock.now()])
    expect(w.catalogue.destinations.get(drive.id)?.refreshedAtMs).toBe(w.clock.now())
    const listed = await restic(drive.path).json<{ type?: string; path: string }>(['ls', newer])
    const files = listed.filter(({ type }) => type === 'file').map(({ path }) => path)
    for (const path of files.slice(0, 20)) expect(paths(w, path.split('/').at(-1)!)).toContain(path)

    fill(w.folder, { 'tree/only-in-the-last': 'x' })
    const last = await restic(drive.path).backup([source])
    await refresh(w, drive.id)
    expect(paths(w, 'only-in-the-last')).toEqual([join(source, 'only-in-the-last')])
    await restic(drive.path).ok(['forget', '--prune', last])
    await refresh(w, drive.id)
    expect(paths(w, 'only-in-the-last')).toEqual([])
    expect(w.catalogue.snapshots.list({}).map(({ id }) => id)).toEqual([newer, older])
  },
)

test('cut off anywhere it goes on from there, and gets everything', async () => {
  const w = await world()
  const drive = await w.destination()
  const source = join(w.folder, 'tree')
  buildTree(source, { files: 3_000, seed: 5, meanBytes: 20 })
  // the same folders in two places: one listing, held twice
  for (const place of ['a', 'b/c']) fill(source, { [`twins/${place}/deep/deeper/twin.txt`]: 'twin' })
  const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [source] }] })
  // the run itself gets no turn to index
  const add = w.catalogue.snapshots.addTrees
  Object.assign(w.catalogue.snapshots, {
    addTrees() {
      throw new Error('not now')
    },
  })
  expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
  await w.runs.idle()
  expect(w.troubles).toEqual([new Error('not now')])
  expect(w.catalogue.snapshots.list({})).toMatchObject([{ indexed: false }])

  let cuts = 0
  for (let after = 1; ; after++) {
    const stop = new AbortController()
    let slices = 0
    Object.assign(w.catalogue.snapshots, {
      addTrees: (...input: Parameters<typeof add>) => {
        add(...input)
        if (++slices === 1 && after < 100) stop.abort(new Error('cut off'))
      },
    })
    const done = await refresh(w, drive.id, stop.signal).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe('cut off')
        return false
      },
    )
    if (done) break
    cuts++
    expect(w.catalogue.snapshots.list({})).toMatchObject([{ indexed: false }])
  }
  expect(cuts).toBeGreaterThan(3)
  expect(w.catalogue.snapshots.list({})).toMatchObject([{ indexed: true }])
  expect(w.catalogue.snapshots.search({ query: 'file-*', limit: 1 })).toMatchObject({ more: true })
  let found = 0
  for (const ending of ['txt', 'bin']) found += paths(w, `file-1??.${ending}`).length
  expect(found).toBe(100)
  expect(paths(w, 'twin.txt')).toEqual([
    join(source, 'twins/a/deep/deeper/twin.txt'),
    join(source, 'twins/b/c/deep/deeper/twin.txt'),
  ])
})

test('a destination that is away, or whose password is lost, is refused in words', async () => {
  const w = await world()
  const drive = await w.destination()
  rmSync(drive.path, { recursive: true })
  await expect(refresh(w, drive.id)).rejects.toMatchObject({ code: 'repository_missing' })
  await w.vault.remove(`repository/${drive.id}`)
  await expect(refresh(w, drive.id)).rejects.toMatchObject({ code: 'secret_missing' })
})
