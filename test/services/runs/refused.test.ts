import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import { passwordName } from '../../../src/main/services/destinations.ts'
import { withLock } from '../../../src/main/engine/locks.ts'
import { openRepository } from '../../../src/main/engine/repository.ts'
import { AppError } from '../../../src/shared/errors.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository, testPassword } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { mountSmallDisk, whyNoDisk } from '../../support/small-disk.ts'
import { fill, repoFiles, world, type World } from './world.ts'

const everything = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()

async function failed(w: World, plan: Parameters<World['ask']>[0], more?: Parameters<World['ask']>[1]) {
  const run = await w.ended(w.ask(plan, more).id)
  expect(run.state).toBe('failed')
  expect(run.error?.hint).toEqual(expect.any(String))
  expect(w.lines(run.id).join('\n')).toContain(run.error!.message)
  return run.error!
}

describe('sources', () => {
  test('a vanished folder fails the run before anything is stored: never an empty snapshot', async () => {
    const w = await world()
    const drive = await w.destination()
    const [here, gone] = [join(w.folder, 'here'), join(w.folder, 'gone')]
    fill(here, { a: 'a' })
    const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [here, gone] }], retries: 0 })
    const before = everything(drive.path)
    const error = await failed(w, plan)
    expect(error).toMatchObject({
      code: 'source_missing',
      message: `There is nothing at ${gone}, which was to be backed up.`,
    })
    expect(everything(drive.path)).toEqual(before)
  })

  const reason = whyNoDisk('tmpfs')
  const withDisk = reason === null ? test : needs('mount', 'root').test
  withDisk(
    'a drive that is not mounted leaves an empty folder: refused, until a full run says that it is meant',
    async () => {
      const w = await world()
      const drive = await w.destination()
      const place = join(w.folder, 'mnt')
      const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [place] }] })
      const disk = mountSmallDisk(place, 'tmpfs', 1 << 20)
      fill(place, { 'photo.jpg': 'x' })
      expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
      disk.unmount()
      mkdirSync(place)
      await w.runs.idle()
      const error = await failed(w, plan)
      expect(error.code).toBe('source_missing')
      expect(error.message).toContain(`${place} is empty and on another device`)
      expect(repoFiles(drive.path, 'snapshots')).toHaveLength(1)
      expect((await w.ended(w.ask(plan, { type: 'full' }).id)).state).toBe('succeeded')
    },
  )

  test('a folder that somebody emptied is backed up empty', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id)
    const source = join(w.folder, 'sources', 'Documents')
    expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
    await w.runs.idle()
    for (const name of readdirSync(source)) rmSync(join(source, name), { recursive: true })
    expect(await w.ended(w.ask(plan).id)).toMatchObject({ state: 'succeeded', counts: { filesTotal: 0 } })
  })
})

describe('the repository', () => {
  test('an unplugged drive is no place for a new repository', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    renameSync(drive.path, `${drive.path}-away`)
    expect(await failed(w, plan)).toMatchObject({
      code: 'repository_missing',
      message: `The repository of "Drive" is not at ${drive.path}.`,
    })
    mkdirSync(drive.path) // the mount point, without the drive
    expect((await failed(w, plan)).code).toBe('repository_missing')
    expect(readdirSync(drive.path)).toEqual([])
    rmSync(drive.path, { recursive: true })
    renameSync(`${drive.path}-away`, drive.path)
    expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
  })

  test('another repository in its place is never written to', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    rmSync(drive.path, { recursive: true })
    await freshRepository({ backend: localBackend(drive.path) })
    const before = everything(drive.path)
    expect((await failed(w, plan)).code).toBe('conflict')
    expect(everything(drive.path)).toEqual(before)
  })

  test('one that was never opened before is remembered from then on', async () => {
    const changed: unknown[] = []
    const w = await world({ destinationChanged: ({ repositoryId }) => void changed.push(repositoryId) })
    const drive = await w.destination()
    const stored = w.catalogue.destinations.get(drive.id)!
    w.catalogue.destinations.update({ ...stored, repositoryId: null }, null)
    const plan = w.plan(drive.id)
    expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
    expect(w.catalogue.destinations.get(drive.id)?.repositoryId).toBe(stored.repositoryId)
    expect(changed).toEqual([stored.repositoryId])
  })

  test('one that another machine works on is waited for, in words, and tried again', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id, { hooks: { before: [{ command: 'echo once' }] } })
    const other = await openRepository(localBackend(drive.path), testPassword, testRun())
    const free = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const theirs = withLock(other, 'exclusive', testRun(), () => (held.resolve(), free.promise))
    await held.promise
    const run = w.ask(plan)
    const waiting = await w.when(run.id, 'waiting')
    expect(waiting.waitingFor).toMatch(
      new RegExp(`^The repository at ${drive.path} is exclusively locked by process ${process.pid} of `),
    )
    expect(() => w.runs.pause(run.id)).toThrow(expect.objectContaining({ code: 'conflict' }))
    await w.clock.advance(5_000)
    await w.when(run.id, ({ revision, state }) => state === 'waiting' && revision > waiting.revision)
    free.resolve()
    await theirs
    await w.clock.advance(10_000)
    expect((await w.ended(run.id)).state).toBe('succeeded')
    expect(w.lines(run.id).filter(text => text === 'once')).toEqual(['once'])
  })

  test('held as it finds the lock, it stays held until it is let go', async () => {
    const w = await world()
    const drive = await w.destination()
    const flag = join(w.folder, 'go')
    const plan = w.plan(drive.id, {
      hooks: {
        before: [{ command: `while [ ! -e '${flag}' ]; do sleep 0.02; done`, timeoutSeconds: 86_400 }],
      },
    })
    const other = await openRepository(localBackend(drive.path), testPassword, testRun())
    const free = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const theirs = withLock(other, 'exclusive', testRun(), () => (held.resolve(), free.promise))
    await held.promise
    const run = w.ask(plan)
    await w.when(run.id, 'running')
    w.runs.pause(run.id)
    fill(w.folder, { go: '' })
    const log = () => w.catalogue.runs.log(run.id, 0, 100).map(({ text }) => text)
    while (!log().some(text => text.includes('exclusively locked'))) await w.clock.advance(1_000) // it is written in batches
    expect(w.catalogue.runs.get(run.id)?.state).toBe('paused')
    w.runs.resume(run.id)
    await w.when(run.id, 'waiting')
    free.resolve()
    await theirs
    await w.clock.advance(10_000)
    expect((await w.ended(run.id)).state).toBe('succeeded')
  })

  test('while it waits for another machine it can be cancelled; after an hour it fails', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id, { retries: 0 })
    const other = await openRepository(localBackend(drive.path), testPassword, testRun())
    const free = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const theirs = withLock(other, 'exclusive', testRun(), () => (held.resolve(), free.promise))
    await held.promise
    const cancelled = w.ask(plan)
    await w.when(cancelled.id, 'waiting')
    w.runs.cancel(cancelled.id)
    expect((await w.ended(cancelled.id)).state).toBe('cancelled')
    const run = w.ask(plan)
    for (;;) {
      const { state } = await w.when(run.id, ({ state }) => state === 'waiting' || state === 'failed')
      if (state === 'failed') break
      await w.clock.advance(60_000)
    }
    const done = w.ended(run.id)
    expect(await done).toMatchObject({ state: 'failed', error: { code: 'repository_locked' } })
    expect(w.clock.now() - run.createdAtMs).toBeGreaterThan(60 * 60_000)
    free.resolve()
    await theirs
  })
})

describe('passwords', () => {
  test('wrong, or lost', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    await w.vault.set(passwordName(drive.id), 'not the password')
    expect((await failed(w, plan)).code).toBe('wrong_password')
    await w.vault.remove(passwordName(drive.id))
    expect(await failed(w, plan)).toMatchObject({
      code: 'secret_missing',
      message: 'The password of "Drive" is not where passwords are kept.',
    })
  })

  test('a locked keychain: who watches hears at once, what is due waits until it is open', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id)
    w.vault.lock()
    const byHand = await w.ended(w.ask(plan).id)
    expect(byHand).toMatchObject({ state: 'failed', error: { code: 'vault_locked' } })
    const due = w.ask(plan, { trigger: 'schedule', dueAtMs: w.clock.now() })
    const waiting = await w.when(due.id, 'waiting')
    expect(waiting).toMatchObject({
      startedAtMs: null,
      waitingFor: 'The place where passwords are kept is locked.',
    })
    await w.clock.advance(5 * 60_000)
    expect(w.catalogue.runs.get(due.id)?.state).toBe('waiting')
    await w.vault.unlock('')
    await w.clock.advance(30_000)
    expect((await w.ended(due.id)).state).toBe('succeeded')
  })

  test('appear neither in the catalogue nor in logs, events or errors', async () => {
    const canary = 'canary-5e0b6f1d'
    const w = await world({
      environment: { PATH: process.env['PATH'], HOLDFAST_PASSWORD: canary, RESTIC_PASSWORD: canary },
    })
    const drive = await w.destination()
    const plan = w.plan(drive.id, {
      hooks: { before: [{ command: 'env; cat /proc/$PPID/cmdline | tr "\\0" " "' }] },
      retries: 0,
    })
    await w.vault.set(passwordName(drive.id), canary)
    expect((await failed(w, plan)).code).toBe('wrong_password')
    await w.vault.set(passwordName(drive.id), testPassword)
    expect((await w.ended(w.ask(plan).id)).state).toBe('succeeded')
    await w.runs.idle()
    const files = everything(join(w.folder, 'data')).map(name => readFileSync(join(w.folder, 'data', name)))
    expect(files.length).toBeGreaterThan(2)
    for (const secret of [canary, testPassword]) {
      for (const bytes of files) expect(bytes.includes(secret)).toBe(false)
      expect(JSON.stringify([w.events, w.catalogue.runs.page({ limit: 10 })])).not.toContain(secret)
      expect(w.troubles.map(String).join()).not.toContain(secret)
    }
  })
})

describe('hooks', () => {
  test('one that fails before the backup ends the run before anything is read; those after it still run', async () => {
    const w = await world()
    const drive = await w.destination()
    const before = everything(drive.path)
    const plan = w.plan(drive.id, {
      retries: 0,
      hooks: {
        before: [{ command: 'echo why >&2; exit 7' }, { command: 'echo second' }],
        after: [{ command: 'echo "after $HOLDFAST_STATE"' }],
        onFailure: [{ command: 'echo "told: $HOLDFAST_ERROR"' }],
      },
    })
    expect((await failed(w, plan)).message).toBe(
      'The command before the backup ended with code 7, so nothing was backed up.',
    )
    const [run] = w.catalogue.runs.page({ limit: 1 }).runs
    const lines = w.lines(run!.id)
    expect(lines).toContain('why')
    expect(lines).toContain('after failed')
    expect(lines).toContain(
      'told: The command before the backup ended with code 7, so nothing was backed up.',
    )
    expect(lines).not.toContain('second')
    expect(everything(drive.path)).toEqual(before)
  })

  test('one that hangs is stopped at its time limit', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id, {
      retries: 0,
      hooks: { before: [{ command: 'exec sleep 600', timeoutSeconds: 5 }] },
    })
    const run = w.ask(plan)
    await w.when(run.id, 'running')
    await w.clock.advance(5_000)
    expect((await w.ended(run.id)).error).toMatchObject({
      code: 'hook_failed',
      message:
        'The command before the backup took longer than 5.0 s and was stopped, so nothing was backed up.',
    })
  })
})

describe('a catalogue that can not be written', () => {
  /** From now on every write of it fails as on a full disk, until told otherwise. */
  function failing(w: World): { full: boolean } {
    const disk = { full: false }
    const { runs } = w.catalogue
    for (const name of ['save', 'appendLog', 'appendWarnings'] as const) {
      const real = runs[name] as (...input: unknown[]) => void
      Object.assign(runs, {
        [name]: (...input: unknown[]) => {
          if (disk.full) throw new AppError('disk_full', 'No space is left for the catalogue.')
          real(...input)
        },
      })
    }
    return disk
  }

  test('nothing is begun that could not be recorded: asked by hand it is refused, what waits goes on waiting', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    const disk = failing(w)
    const waits = w.ask(plan)
    disk.full = true
    expect(() => w.ask(plan)).toThrow(expect.objectContaining({ code: 'disk_full' }))
    await w.runs.idle()
    expect(w.runs.active()).toMatchObject([
      {
        id: waits.id,
        state: 'waiting',
        waitingFor: 'No space is left for the catalogue.',
        startedAtMs: null,
      },
    ])
    expect(repoFiles(drive.path, 'snapshots')).toEqual([])
    disk.full = false
    await w.clock.advance(30_000)
    expect((await w.ended(waits.id)).state).toBe('succeeded')
    expect(w.catalogue.runs.get(waits.id)?.state).toBe('succeeded')
  })

  test('a run that works goes on; what it has to tell is written when there is room again', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id, { hooks: { before: [{ command: 'echo said' }] } })
    const disk = failing(w)
    const run = w.ask(plan)
    w.at(
      ({ state }) => state === 'running',
      () => (disk.full = true),
    )
    await w.when(run.id, 'succeeded')
    await w.runs.idle()
    expect(repoFiles(drive.path, 'snapshots')).toHaveLength(1)
    expect(w.catalogue.runs.get(run.id)?.state).toBe('running')
    expect(w.troubles).toEqual([expect.objectContaining({ code: 'disk_full' })])
    disk.full = false
    await w.clock.advance(10_000)
    expect(w.catalogue.runs.get(run.id)?.state).toBe('succeeded')
    expect(w.lines(run.id)).toContain('said')
  })
})
