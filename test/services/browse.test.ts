import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { application, type Application } from './application.ts'

const password = 'canary'

function write(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** An application with two snapshots of a folder that changed in between. */
async function world() {
  const app = await application()
  const source = join(app.folder, 'documents')
  const destination = await app.call('destination.create', {
    draft: { name: 'Disk', location: { kind: 'local', path: join(app.folder, 'disk') } },
    password,
    create: true,
  })
  const plan = await app.call('plan.create', {
    draft: { name: 'Docs', sources: [{ kind: 'files', paths: [source] }], destinationIds: [destination.id] },
  })
  const snapshots: string[] = []
  const backUp = async () => {
    const run = await app.ended((await app.call('run.start', { planId: plan.id })).id)
    snapshots.push(run.snapshotId!)
    const indexed = async () => (await app.call('snapshot.list', {})).filter(({ indexed }) => indexed).length
    await expect.poll(indexed, { timeout: 30_000 }).toBe(snapshots.length)
  }
  write(source, {
    'plan.txt': 'one',
    'gone.txt': 'gone',
    'img10.png': 'x',
    'img2.png': 'x',
    'letters/a.txt': 'aa',
  })
  await backUp()
  rmSync(join(source, 'gone.txt'))
  write(source, { 'plan.txt': 'second' })
  await backUp()
  return {
    app,
    source,
    destinationId: destination.id,
    planId: plan.id,
    first: snapshots[0]!,
    second: snapshots[1]!,
  }
}

const names = (answer: { rows: { name: string; deleted: boolean }[] }) =>
  answer.rows.map(({ name, deleted }) => (deleted ? `(${name})` : name))

test('a folder over all time, as of a snapshot, and with what was deleted before it', async () => {
  const { app, source, destinationId, planId, first, second } = await world()
  const folder = (asOf: string | null, showDeleted = false) =>
    app.call('browse.folder', { destinationId, planId, path: source, asOf, showDeleted })
  const merged = await folder(null)
  expect(names(merged)).toEqual(['letters', '(gone.txt)', 'img2.png', 'img10.png', 'plan.txt'])
  expect(merged).toMatchObject({ total: 5, notIndexed: 0 })
  expect(merged.rows.find(({ name }) => name === 'plan.txt')).toMatchObject({
    type: 'file',
    sizeBytes: 6,
    versions: 2,
    snapshotId: second,
  })
  expect(merged.rows.find(({ name }) => name === 'gone.txt')).toMatchObject({ snapshotId: first })
  expect(names(await folder(second))).toEqual(['letters', 'img2.png', 'img10.png', 'plan.txt'])
  expect(names(await folder(second, true))).toEqual([
    'letters',
    '(gone.txt)',
    'img2.png',
    'img10.png',
    'plan.txt',
  ])
  expect(names(await folder(first, true))).toEqual([
    'letters',
    'gone.txt',
    'img2.png',
    'img10.png',
    'plan.txt',
  ])
  expect((await folder(first)).rows.at(-1)).toMatchObject({
    name: 'plan.txt',
    sizeBytes: 3,
    snapshotId: first,
  })
})

test('pages, versions, and how much a selection is', async () => {
  const { app, source, destinationId, first, second } = await world()
  const page = await app.call('browse.folder', {
    destinationId,
    path: source,
    asOf: second,
    offset: 1,
    limit: 2,
  })
  expect([names(page), page.total]).toEqual([['img2.png', 'img10.png'], 4])
  expect(await app.call('browse.versions', { destinationId, path: join(source, 'plan.txt') })).toMatchObject([
    { sizeBytes: 6, snapshots: 1, newestSnapshotId: second },
    { sizeBytes: 3, snapshots: 1, newestSnapshotId: first },
  ])
  const measure = (snapshotId: string, ...paths: string[]) =>
    app.call('browse.measure', { destinationId, snapshotId, paths })
  expect(await measure(first, source)).toEqual({ files: 5, folders: 2, bytes: 11 })
  expect(await measure(second, join(source, 'letters'), join(source, 'letters/a.txt'))).toEqual({
    files: 1,
    folders: 1,
    bytes: 2,
  })
  await expect(measure(second, join(source, 'gone.txt'))).rejects.toMatchObject({ code: 'not_found' })
})

test('a snapshot that is not indexed is read from the repository', async () => {
  const { app, source, destinationId, first, second } = await world()
  const { app: other, destinationId: id } = await elsewhere(app, destinationId)
  expect(await other.call('snapshot.list', {})).toEqual([])
  const folder = await other.call('browse.folder', { destinationId: id, path: source, asOf: first })
  expect(names(folder)).toEqual(['letters', 'gone.txt', 'img2.png', 'img10.png', 'plan.txt'])
  expect(folder).toMatchObject({ total: 5, notIndexed: 1 })
  expect(folder.rows[1]).toMatchObject({ type: 'file', sizeBytes: 4, versions: 1, snapshotId: first })
  const paths = [source, join(source, 'letters')]
  expect(await other.call('browse.measure', { destinationId: id, snapshotId: first, paths })).toEqual({
    files: 5,
    folders: 2,
    bytes: 11,
  })
  expect(await other.call('browse.folder', { destinationId: id, path: '/', asOf: null })).toEqual({
    rows: [],
    total: 0,
    notIndexed: 0,
  })
  for (const [path, asOf, code] of [
    [join(source, 'plan.txt'), second, 'not_found'],
    [join(source, 'nothing'), second, 'not_found'],
    [source, 'abcdef12', 'snapshot_missing'],
  ] as const)
    await expect(other.call('browse.folder', { destinationId: id, path, asOf })).rejects.toMatchObject({
      code,
    })
})

/** Another application that has the same repository, and has read nothing of it yet. */
async function elsewhere(app: Application, destinationId: string) {
  const [destination] = await app.call('destination.list', undefined)
  expect(destination!.id).toBe(destinationId)
  const other = await application()
  const { name, location } = destination!
  const made = await other.call('destination.create', { draft: { name, location }, password, create: false })
  return { app: other, destinationId: made.id }
}

test('preview and compare', async () => {
  const { app, source, destinationId, first, second } = await world()
  const path = join(source, 'plan.txt')
  expect(await app.call('browse.preview', { destinationId, snapshotId: first, path })).toEqual({
    kind: 'text',
    text: 'one',
    truncated: false,
  })
  const { entries } = await app.call('browse.compare', { destinationId, before: first, after: second })
  expect(entries).toEqual([
    { path: join(source, 'gone.txt'), change: 'removed', type: 'file', beforeBytes: 4, afterBytes: null },
    { path, change: 'changed', type: 'file', beforeBytes: 3, afterBytes: 6 },
  ])
})
