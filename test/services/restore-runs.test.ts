import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import type { CallInput } from '../../src/shared/contract.ts'
import type { RestoreItem } from '../../src/shared/entities/browse.ts'
import type { Run } from '../../src/shared/entities/run.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { mountSmallDisk, needsSmallDisk } from '../support/small-disk.ts'
import { application, type Application } from './application.ts'

type Request = CallInput<'restore.start'>['request']

interface World {
  readonly app: Application
  readonly source: string
  readonly out: string
  readonly destinationId: string
  readonly repository: string
  readonly planId: string
  readonly snapshotId: string
  restore(more?: Partial<Request>, dryRun?: boolean): Promise<Run>
  items(run: Run, actions?: RestoreItem['action'][]): Promise<RestoreItem[]>
}

const files = {
  'plan.txt': 'the plan',
  'same.txt': 'the same',
  'a*b[1].txt': 'a star',
  'aXb1.txt': 'no star',
  'deep/er/end.txt': 'the end',
}

function write(folder: string, content: Record<string, string | Buffer>): void {
  for (const [name, text] of Object.entries(content)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}
const read = (...names: string[]) => readFileSync(join(...names), 'utf8')
const all = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !lstatSync(join(folder, name)).isDirectory())
    .toSorted()

/** The snapshot that a run of the plan makes, once it is known and indexed. */
async function backUp(app: Application, planId: string): Promise<string> {
  const { state, error, snapshotId } = await app.ended((await app.call('run.start', { planId })).id)
  expect({ state, error }).toEqual({ state: 'succeeded', error: null })
  const isIndexed = async () =>
    (await app.call('snapshot.list', {})).find(({ id }) => id === snapshotId)?.indexed
  await expect.poll(isIndexed, { timeout: 30_000 }).toBe(true)
  return snapshotId!
}

/** An application with a snapshot of some files. */
async function world(more: Record<string, string | Buffer> = {}): Promise<World> {
  const app = await application()
  const source = join(app.folder, 'documents')
  write(source, { ...files, ...more })
  const repository = join(app.folder, 'disk')
  const destination = await app.call('destination.create', {
    draft: { name: 'Disk', location: { kind: 'local', path: repository } },
    password: 'canary correct horse',
    create: true,
  })
  const plan = await app.call('plan.create', {
    draft: {
      name: 'Documents',
      sources: [{ kind: 'files', paths: [source] }],
      destinationIds: [destination.id],
    },
  })
  const snapshotId = await backUp(app, plan.id)
  const out = join(app.folder, 'out')
  return {
    app,
    source,
    out,
    destinationId: destination.id,
    repository,
    planId: plan.id,
    snapshotId,
    async restore(more = {}, dryRun = false) {
      const request: Request = {
        destinationId: destination.id,
        snapshotId,
        paths: [source],
        target: { kind: 'folder', path: out },
        ...more,
      }
      return app.ended((await app.call('restore.start', { request, dryRun })).id)
    },
    items: (run, actions) =>
      app.call('run.items', { id: run.id, limit: 1000, ...(actions === undefined ? {} : { actions }) }),
  }
}

const actions = (items: readonly RestoreItem[]) =>
  items.map(({ action, path }) => `${action} ${path}`).toSorted()

describe('a restore is a run', () => {
  test('recorded, with its items, in history; plans and their status take no notice', async () => {
    const { app, out, planId, snapshotId, restore, items } = await world()
    const before = await app.call('app.status', undefined)
    const run = await restore()
    expect(run).toMatchObject({
      kind: 'restore',
      state: 'succeeded',
      planId,
      planName: 'Documents',
      snapshotId,
      askedBy: 'test',
      warnings: 0,
      restore: { conflicts: 'keep-both', target: { kind: 'folder', path: out, keepFolders: false } },
      restoreCounts: {
        create: 8,
        overwrite: 0,
        failed: 0,
        filesVerified: 5,
        bytesToWrite: 36,
        bytesWritten: 36,
      },
    })
    expect(run.restoreCounts!.freeBytes).toBeGreaterThan(0)
    expect(all(join(out, 'documents'))).toEqual(Object.keys(files).toSorted())
    expect(read(out, 'documents/deep/er/end.txt')).toBe('the end')
    expect(actions(await items(run))).toContain(`create ${out}/documents/plan.txt`)
    expect(await app.call('run.get', { id: run.id })).toMatchObject({ state: 'succeeded' })
    expect((await app.call('run.list', { limit: 10 })).total).toBe(2)
    expect((await app.call('run.log', { id: run.id })).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('5 files read again from the disk'),
    )
    const { revision: _1, ...status } = await app.call('app.status', undefined)
    const { revision: _2, ...was } = before
    expect(status.plans[0]!.lastRunId).toBe(was.plans[0]!.lastRunId)
    expect(status.state).toBe(was.state)
    const progress = app.events.filter(e => e.name === 'run.changed' && e.value.id === run.id)
    expect(progress.some(e => e.name === 'run.changed' && e.value.state === 'running')).toBe(true)
  })

  test('items come by page and by what happened', async () => {
    const { app, out, restore } = await world()
    write(join(out, 'documents'), { 'plan.txt': 'mine' })
    const run = await restore({ conflicts: 'overwrite' })
    const first = await app.call('run.items', { id: run.id, limit: 3 })
    const rest = await app.call('run.items', { id: run.id, afterSeq: first.at(-1)!.seq, limit: 1000 })
    expect([...first, ...rest].map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(await app.call('run.items', { id: run.id, actions: ['overwrite'] })).toMatchObject([
      {
        action: 'overwrite',
        path: join(out, 'documents/plan.txt'),
        sizeBytes: 8,
        onDiskBytes: 4,
        note: 'newer on disk',
      },
    ])
    expect(await app.call('run.items', { id: run.id, actions: [] })).toEqual([])
  })

  test('a name with glob characters is that name', async () => {
    const { source, out, restore } = await world()
    await restore({ paths: [join(source, 'a*b[1].txt')] })
    expect(all(out)).toEqual(['a*b[1].txt'])
  })

  test('from several folders, each by its name or with the folders above', async () => {
    const { source, out, restore } = await world()
    const paths = [join(source, 'deep/er'), join(source, 'plan.txt')]
    await restore({ paths })
    expect(all(out)).toEqual(['er/end.txt', 'plan.txt'])
    rmSync(out, { recursive: true })
    await restore({ paths, target: { kind: 'folder', path: out, keepFolders: true } })
    expect(all(out)).toEqual([`${source}/deep/er/end.txt`, `${source}/plan.txt`].map(path => path.slice(1)))
  })
})

describe('to where it came from', () => {
  test('what was lost is there again, as it was', async () => {
    const { source, restore } = await world()
    const before = readManifest(source)
    rmSync(source, { recursive: true })
    expect(await restore({ target: { kind: 'original' } })).toMatchObject({ state: 'succeeded' })
    expect(manifestDifferences(before, readManifest(source))).toEqual([])
  })

  test('of one file: nothing else is touched', async () => {
    const { source, restore, items } = await world()
    write(source, { 'plan.txt': 'spoiled', 'same.txt': 'edited' })
    utimesSync(join(source, 'deep'), 1_000, 1_000)
    const run = await restore({
      paths: [join(source, 'plan.txt'), join(source, 'deep/er/end.txt')],
      target: { kind: 'original' },
      conflicts: 'overwrite',
    })
    expect(actions(await items(run))).toEqual([
      `overwrite ${source}/plan.txt`,
      `unchanged ${source}/deep/er/end.txt`,
    ])
    expect([read(source, 'plan.txt'), read(source, 'same.txt')]).toEqual(['the plan', 'edited'])
    expect(statSync(join(source, 'deep')).mtimeMs).toBe(1_000_000)
  })

  test('a symlink that stands where a folder was is never followed', async () => {
    const { app, source, restore } = await world()
    const elsewhere = join(app.folder, 'elsewhere')
    mkdirSync(elsewhere)
    rmSync(join(source, 'deep'), { recursive: true })
    symlinkSync(elsewhere, join(source, 'deep'))
    const one: Partial<Request> = { paths: [join(source, 'deep/er/end.txt')], target: { kind: 'original' } }
    expect(await restore({ ...one, conflicts: 'mirror' })).toMatchObject({
      state: 'partial',
      restoreCounts: { failed: 1 },
    })
    expect(readdirSync(elsewhere)).toEqual([])
    const run = await restore({ target: { kind: 'original' }, conflicts: 'mirror' })
    expect(run).toMatchObject({ state: 'succeeded' })
    expect(readdirSync(elsewhere)).toEqual([])
    expect(read(source, 'deep/er/end.txt')).toBe('the end')
  })

  test('the folder of the running application is left alone, by a mirror too', async () => {
    const app = await application()
    const inside = join(app.folder, 'data')
    expect(readdirSync(inside)).toContain('catalogue.db')
    const destination = await app.call('destination.create', {
      draft: { name: 'Disk', location: { kind: 'local', path: join(app.folder, 'disk') } },
      password: 'canary',
      create: true,
    })
    write(app.folder, { 'kept.txt': 'kept' })
    const plan = await app.call('plan.create', {
      draft: {
        name: 'Home',
        sources: [{ kind: 'files', paths: [app.folder] }],
        destinationIds: [destination.id],
      },
    })
    const snapshotId = await backUp(app, plan.id)
    write(app.folder, { 'later.txt': 'later', 'data/later.txt': 'later' })
    const request: Request = {
      destinationId: destination.id,
      snapshotId,
      paths: [app.folder],
      target: { kind: 'original' },
      conflicts: 'mirror',
    }
    const run = await app.ended((await app.call('restore.start', { request, dryRun: false })).id)
    expect(run.state).toBe('succeeded')
    expect(existsSync(join(app.folder, 'later.txt'))).toBe(false)
    expect(readdirSync(inside)).toEqual(expect.arrayContaining(['catalogue.db', 'later.txt']))
    const log = await app.call('run.log', { id: run.id })
    expect(log.map(({ text }) => text)).toContainEqual(
      expect.stringContaining(`${inside} is in use by Holdfast`),
    )
  })
})

describe('conflicts', () => {
  /** A target in every state that there is. */
  function disturb(folder: string): void {
    write(folder, {
      'plan.txt': 'newer',
      'same.txt': 'the same',
      'aXb1.txt': 'older',
      extra: 'mine',
      'deep/extra': 'mine',
    })
    utimesSync(join(folder, 'aXb1.txt'), 1_000, 1_000)
  }

  test.each<[Exclude<Request['conflicts'], undefined>, Record<string, string>]>([
    ['overwrite', { 'plan.txt': 'the plan', 'aXb1.txt': 'no star', extra: 'mine' }],
    ['if-newer', { 'plan.txt': 'newer', 'aXb1.txt': 'no star', extra: 'mine' }],
    ['skip', { 'plan.txt': 'newer', 'aXb1.txt': 'older', extra: 'mine' }],
    ['mirror', { 'plan.txt': 'the plan', 'aXb1.txt': 'no star' }],
    [
      'keep-both',
      { 'plan.txt': 'newer', 'plan (LABEL).txt': 'the plan', 'aXb1.txt': 'older', extra: 'mine' },
    ],
  ])(
    '%s: the predicted plan is what happens, and the prediction writes nothing',
    async (conflicts, expected) => {
      const { app, out, restore, items } = await world()
      const [snapshot] = await app.call('snapshot.list', {})
      const athens = new Date(snapshot!.timeMs).toLocaleString('sv-SE', { timeZone: 'Europe/Athens' })
      const label = `restored ${athens.slice(0, 16).replace(':', '-')}`
      const folder = join(out, 'documents')
      disturb(folder)
      write(out, { 'outside.txt': 'mine' })
      const before = readManifest(out)
      const predicted = await restore({ conflicts }, true)
      expect(predicted).toMatchObject({
        state: 'succeeded',
        dryRun: true,
        restoreCounts: { bytesWritten: 0 },
      })
      expect(manifestDifferences(before, readManifest(out))).toEqual([])

      const run = await restore({ conflicts })
      expect(run.state).toBe('succeeded')
      expect(actions(await items(run))).toEqual(actions(await items(predicted)))
      const facts = ({ restoreCounts: counts }: Run) => ({
        ...counts,
        bytesWritten: 0,
        filesVerified: 0,
        freeBytes: 0,
      })
      expect(facts(run)).toEqual(facts(predicted))
      const found = all(folder).map(name => [name.replace(label, 'LABEL'), read(folder, name)])
      expect(Object.fromEntries(found)).toMatchObject(expected)
      expect(existsSync(join(folder, 'extra'))).toBe(conflicts !== 'mirror')
      expect(existsSync(join(folder, 'deep/extra'))).toBe(conflicts !== 'mirror')
      expect(read(out, 'outside.txt')).toBe('mine')
      expect(app.troubles).toEqual([])
    },
  )
})

describe('bad targets and damage, in words', () => {
  test('inside the repository', async () => {
    const { app, repository, restore } = await world()
    const run = await restore({ target: { kind: 'folder', path: join(repository, 'data') } })
    expect(run).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
    expect(run.error!.message).toMatch(/inside the repository/)
    expect(run.error!.hint).not.toMatch(/--/)
    expect(app.troubles).toEqual([])
  })

  test('a file where the folder should be', async () => {
    const { out, restore } = await world()
    writeFileSync(out, 'a file')
    expect(await restore()).toMatchObject({ state: 'failed', error: { code: 'target_refused' } })
  })

  test('a relative target, and two items of one name, are refused before there is a run', async () => {
    const { app, source, restore } = await world({ 'deep/plan.txt': 'other' })
    await expect(restore({ target: { kind: 'folder', path: 'out' } })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    const paths = [join(source, 'plan.txt'), join(source, 'deep/plan.txt')]
    await expect(restore({ paths })).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await app.call('run.list', {})).total).toBe(1)
  })

  test('a snapshot nobody knows, and one that vanished since', async () => {
    const { repository, snapshotId, restore } = await world()
    await expect(restore({ snapshotId: 'abcd1234' })).rejects.toMatchObject({ code: 'snapshot_missing' })
    rmSync(join(repository, 'snapshots', snapshotId))
    expect(await restore()).toMatchObject({ state: 'failed', error: { code: 'snapshot_missing' } })
  })

  test('an item that is not in the snapshot: nothing is restored', async () => {
    const { source, out, restore } = await world()
    const run = await restore({ paths: [join(source, 'plan.txt'), join(source, 'nothing')] })
    expect(run).toMatchObject({ state: 'failed', error: { code: 'not_found' } })
    expect(existsSync(out)).toBe(false)
  })

  test('a damaged pack: what it held fails by name, all else is restored', async () => {
    const { app, source, repository, out, planId, destinationId, items } = await world()
    write(source, { 'second.txt': 'in a pack of its own' })
    const before = new Set(packs(repository))
    const snapshotId = await backUp(app, planId)
    for (const pack of packs(repository).filter(pack => !before.has(pack))) {
      const bytes = readFileSync(pack)
      if (bytes.length > 400) continue // trees
      bytes[20]! ^= 1
      chmodSync(pack, 0o600)
      writeFileSync(pack, bytes)
    }
    const request: Request = {
      destinationId,
      snapshotId,
      paths: [source],
      target: { kind: 'folder', path: out },
    }
    const run = await app.ended((await app.call('restore.start', { request, dryRun: false })).id)
    expect(run).toMatchObject({ state: 'partial', restoreCounts: { failed: 1 }, warnings: 1 })
    expect(await items(run, ['failed'])).toMatchObject([
      { path: join(out, 'documents/second.txt'), note: expect.stringMatching(/damaged|hash|seal/i) },
    ])
    expect(all(out)).toEqual(
      Object.keys(files)
        .map(name => `documents/${name}`)
        .toSorted(),
    )
  })

  needsSmallDisk()('no space: it says so, and leaves nothing unfinished', async () => {
    const { app, restore } = await world({
      large: Buffer.alloc(3 * 1024 * 1024, 'x'),
      noise: noise('two', 2 * 1024 * 1024),
    })
    const path = join(app.folder, 'small')
    const disk = mountSmallDisk(path, 'tmpfs', 1024 * 1024)
    onTestFinished(() => disk.unmount())
    const run = await restore({ target: { kind: 'folder', path } })
    expect(run).toMatchObject({ state: 'failed', error: { code: 'disk_full' } })
    expect(all(path).filter(name => name.includes('.holdfast-'))).toEqual([])
  })
})

describe('beside others', () => {
  test('two into one place go one after the other; dry runs and other places do not wait', async () => {
    const { app, source, out, destinationId, snapshotId } = await world()
    const start = (path: string, dryRun = false) =>
      app.call('restore.start', {
        request: { destinationId, snapshotId, paths: [source], target: { kind: 'folder', path } },
        dryRun,
      })
    const first = await start(out)
    const second = await start(join(out, 'below'))
    const dry = await start(out, true)
    const other = await start(join(app.folder, 'other'))
    expect([first, second, dry, other].map(({ state }) => state)).toEqual([
      'running',
      'waiting',
      'running',
      'running',
    ])
    expect(second.waitingFor).toMatch(/Waiting for the restore/)
    for (const { id } of [first, second, dry, other])
      expect(await app.ended(id)).toMatchObject({ state: 'succeeded' })
    const order = app.events.flatMap(event =>
      event.name === 'run.changed' && [first.id, second.id].includes(event.value.id)
        ? [`${event.value.id === first.id ? 'first' : 'second'} ${event.value.state}`]
        : [],
    )
    expect(order.lastIndexOf('first succeeded')).toBeLessThan(order.indexOf('second running'))
  })

  test('cancelled: no unfinished file stays, what is whole does; and one that waits ends at once', async () => {
    const { app, source, out, destinationId, snapshotId } = await world({
      noise: noise('many', 24 * 1024 * 1024),
    })
    const request: Request = {
      destinationId,
      snapshotId,
      paths: [source],
      target: { kind: 'folder', path: out },
    }
    const { id } = await app.call('restore.start', { request, dryRun: false })
    const waiting = await app.call('restore.start', { request, dryRun: false })
    expect(await app.call('run.cancel', { id: waiting.id })).toMatchObject({ state: 'cancelled' })
    await expect.poll(() => existsSync(out)).toBe(true)
    await app.call('run.cancel', { id })
    const run = await app.ended(id)
    expect(['cancelled', 'succeeded']).toContain(run.state)
    if (existsSync(out)) {
      const left = all(out)
      expect(left.filter(name => name.includes('.holdfast-'))).toEqual([])
      for (const name of left)
        expect(readFileSync(join(out, name)).equals(readFileSync(join(source, name.slice(10))))).toBe(true)
    }
    await expect(app.call('run.cancel', { id })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('held and resumed', async () => {
    const { app, source, out, destinationId, snapshotId } = await world()
    const request: Request = {
      destinationId,
      snapshotId,
      paths: [source],
      target: { kind: 'folder', path: out },
    }
    const { id } = await app.call('restore.start', { request, dryRun: false })
    expect(await app.call('run.pause', { id })).toMatchObject({ state: 'paused' })
    expect(await app.call('run.resume', { id })).toMatchObject({ state: 'running' })
    expect(await app.ended(id)).toMatchObject({ state: 'succeeded' })
  })

  test('a destination that is restored from is not removed', async () => {
    const { app, source, out, destinationId, snapshotId, planId } = await world()
    await app.call('plan.remove', { id: planId })
    const request: Request = {
      destinationId,
      snapshotId,
      paths: [source],
      target: { kind: 'folder', path: out },
    }
    const { id } = await app.call('restore.start', { request, dryRun: false })
    await expect(app.call('destination.remove', { id: destinationId })).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await app.ended(id)).toMatchObject({ state: 'succeeded', planId: null, planName: 'atlas' })
    await app.call('destination.remove', { id: destinationId })
  })
})

const packs = (repository: string): string[] =>
  readdirSync(join(repository, 'data'), { recursive: true, encoding: 'utf8' })
    .map(name => join(repository, 'data', name))
    .filter(path => statSync(path).isFile())

describe('after a crash', () => {
  test('what was in the middle is marked, and nothing is begun by itself', async () => {
    const { app, restore, out } = await world()
    const ended = await restore()
    const dataDirectory = join(app.folder, 'data')
    const [begun, queued] = [randomUUID(), randomUUID()]
    await app.app.stop('finish')
    const left = openCatalogue(dataDirectory, { now: () => 0 })
    const open = { ...ended, endedAtMs: null, error: null }
    left.runs.save({ ...open, id: begun, state: 'running' })
    left.runs.save({ ...open, id: queued, state: 'queued', startedAtMs: null })
    left.close()
    rmSync(out, { recursive: true })
    const next = await application({
      dataDirectory,
      vault: app.vault,
      catalogue: openCatalogue(dataDirectory, { now: () => 0 }),
    })
    expect(await next.call('run.get', { id: begun })).toMatchObject({ state: 'interrupted' })
    expect(await next.call('run.get', { id: queued })).toMatchObject({ state: 'cancelled' })
    expect((await next.call('run.log', { id: begun }))[0]!.text).toMatch(/ended before this restore did/)
    expect((await next.call('run.list', {})).total).toBe(4)
    expect(existsSync(out)).toBe(false)
  })
})
