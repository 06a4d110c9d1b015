import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { noise } from '../../support/content.ts'
import { realWait } from '../../support/real-wait.ts'
import { fill, repoFiles, world, type World } from './world.ts'

const minute = 60_000
const never = new AbortController().signal

/** A hook that goes on until it is let go; and how to do that. */
function barrier(w: World, name = 'go'): { command: string; open(): void } {
  const flag = join(w.folder, name)
  return {
    command: `echo at ${name}; while [ ! -e '${flag}' ]; do sleep 0.02; done`,
    open: () => writeFileSync(flag, ''),
  }
}

/** Enough folders that there is always work left when the first is done. */
function manyFolders(w: World, name: string): string {
  const root = join(w.folder, 'sources', name)
  for (let n = 0; n < 60; n++) fill(root, { [`${n}/file`]: noise(`${name} ${n}`, 40_000) })
  return root
}

/** A clock on which so much time has passed at each look that all progress is told. */
function ticking(): { now: () => number } {
  let nowMs = Date.UTC(2026, 0, 5, 12)
  return { now: () => (nowMs += 300) }
}

const isStoring = ({ state, progress }: { state: string; progress: { phase: string } | null }) =>
  state === 'running' && progress?.phase === 'store'

describe('the queue', () => {
  test('one run at a time for a repository, in their order; another repository is not held up', async () => {
    const w = await world()
    const [drive, other] = [await w.destination(), await w.destination('Other')]
    const gate = barrier(w)
    const slow = w.plan(drive.id, { hooks: { before: [{ command: gate.command }] } })
    const quick = w.plan(drive.id, { name: 'Photos' })
    const elsewhere = w.plan(other.id, { name: 'Music' })
    const first = w.ask(slow)
    await w.when(first.id, 'running')
    const byTime = w.ask(quick, { trigger: 'schedule' })
    const byHand = w.ask(quick)
    expect((await w.ended(w.ask(elsewhere).id)).state).toBe('succeeded')
    for (const { id } of [byTime, byHand]) {
      expect(w.catalogue.runs.get(id)).toMatchObject({
        state: 'waiting',
        waitingFor: 'Waiting for “Documents” to finish.',
      })
    }
    expect(w.runs.active().map(({ id }) => id)).toEqual([first.id, byTime.id, byHand.id])
    gate.open()
    await w.runs.idle()
    expect(w.runs.active()).toEqual([])
    const began = w.events.flatMap(({ name, value }) =>
      name === 'run.changed' && value.state === 'running' && value.progress === null ? [value.id] : [],
    )
    expect(began.filter((id, at) => began.indexOf(id) === at && id !== began[1])).toEqual([
      first.id,
      byHand.id,
      byTime.id,
    ])
    expect(repoFiles(drive.path, 'snapshots')).toHaveLength(3)
  })

  test('a condition holds a run back and is told; a change of conditions lets it go', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id)
    w.hold('The computer runs on battery.')
    const run = w.ask(plan, { trigger: 'schedule', dueAtMs: w.clock.now() })
    await w.when(run.id, ({ waitingFor }) => waitingFor === 'The computer runs on battery.')
    w.hold('The drive with Documents is not connected.')
    await w.when(run.id, ({ waitingFor }) => waitingFor === 'The drive with Documents is not connected.')
    await w.runs.idle()
    w.hold(null)
    expect((await w.ended(run.id)).state).toBe('succeeded')
  })

  test('one that is due and may not begin in time is missed, and says what it waited for', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id, { conditions: { catchUpMinutes: 10 } })
    w.hold('The computer runs on battery.')
    const ends: string[] = []
    w.runs.onEnd(run => ends.push(run.state))
    const due = w.ask(plan, { trigger: 'schedule', dueAtMs: w.clock.now() })
    const byHand = w.ask(plan)
    await w.clock.advance(10 * minute)
    expect(w.catalogue.runs.get(due.id)?.state).toBe('waiting')
    await w.clock.advance(minute)
    expect(w.catalogue.runs.get(due.id)).toMatchObject({
      state: 'missed',
      waitingFor: 'The computer runs on battery.',
      startedAtMs: null,
      error: null,
    })
    await w.clock.advance(30 * 24 * 60 * minute)
    expect(w.catalogue.runs.get(byHand.id)?.state).toBe('waiting')
    expect(ends).toEqual(['missed'])
  })

  test('a run of a plan that was removed meanwhile ends without a word to the repository', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    w.hold('Not now.')
    const run = w.ask(plan)
    await w.when(run.id, 'waiting')
    w.catalogue.plans.remove(plan.id)
    w.hold(null)
    expect((await w.ended(run.id)).state).toBe('cancelled')
    expect(w.lines(run.id)).toEqual(['Its plan was removed before it began.'])
    expect(repoFiles(drive.path, 'snapshots')).toEqual([])
    expect(() => w.ask(plan)).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

describe('cancel', () => {
  test('what is queued or waits ends at once; what has ended is refused', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id)
    const queued = w.ask(plan)
    expect(w.runs.cancel(queued.id)).toMatchObject({ state: 'cancelled', startedAtMs: null })
    w.hold('Not now.')
    const waiting = w.ask(plan)
    await w.when(waiting.id, 'waiting')
    expect(w.runs.cancel(waiting.id).state).toBe('cancelled')
    for (const wish of ['cancel', 'pause', 'resume'] as const) {
      expect(() => w.runs[wish](waiting.id)).toThrow(expect.objectContaining({ code: 'conflict' }))
      expect(() => w.runs[wish]('no such run')).toThrow(expect.objectContaining({ code: 'not_found' }))
    }
    w.hold(null)
    await w.runs.idle()
    expect(repoFiles(drive.path, 'snapshots')).toEqual([])
  })

  test('in the midst of the work: no snapshot, no lock, and the next one completes', async () => {
    const w = await world(ticking())
    const drive = await w.destination()
    const source = manyFolders(w, 'many')
    const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [source] }] })
    const run = w.ask(plan)
    w.at(isStoring, ({ id }) => expect(w.runs.cancel(id).state).toBe('cancelling'))
    const ended = await w.ended(run.id)
    expect(ended).toMatchObject({ state: 'cancelled', error: null, snapshotId: null, counts: null })
    expect(repoFiles(drive.path, 'snapshots')).toEqual([])
    expect(repoFiles(drive.path, 'locks')).toEqual([])
    const again = await w.ended(w.ask(plan).id)
    expect(again.state).toBe('succeeded')
    expect(again.counts!.filesTotal).toBe(60)
  })

  test('while a hook hangs before the backup: the hook goes, the hooks after it run', async () => {
    const w = await world()
    const drive = await w.destination()
    const plan = w.plan(drive.id, {
      hooks: {
        before: [{ command: 'echo hangs; exec sleep 600' }],
        after: [{ command: 'echo "after $HOLDFAST_STATE"' }],
        onFailure: [{ command: 'echo never' }],
      },
    })
    const run = w.ask(plan)
    await w.when(run.id, 'running')
    w.runs.cancel(run.id)
    expect((await w.ended(run.id)).state).toBe('cancelled')
    expect(w.lines(run.id)).toContain('after cancelled')
    expect(w.lines(run.id)).not.toContain('never')
    expect(repoFiles(drive.path, 'locks')).toEqual([])
  })

  test('at the very moment at which it begins', async () => {
    const w = await world()
    const drive = await w.destination()
    const run = w.ask(w.plan(drive.id, { hooks: { before: [{ command: 'echo never' }] } }))
    w.at(
      ({ state }) => state === 'running',
      ({ id }) => w.runs.cancel(id),
    )
    expect((await w.ended(run.id)).state).toBe('cancelled')
    expect(w.lines(run.id)).not.toContain('never')
  })

  test.each([1, 2])(
    'while a hook hangs after the backup: the snapshot is there, and so it says (cancel %i)',
    async cancels => {
      const w = await world()
      const drive = await w.destination()
      const [source, flag] = [manyFolders(w, 'many'), join(w.folder, 'hangs')]
      const plan = w.plan(drive.id, {
        sources: [{ kind: 'files', paths: [source] }],
        hooks: { after: [{ command: `touch '${flag}'; exec sleep 600` }] },
      })
      const run = w.ask(plan)
      if (cancels === 2) {
        // the first stops the work; the hook that follows is given its time, until it is asked for again
        await w.when(run.id, 'running')
        w.runs.cancel(run.id)
      }
      while (!existsSync(flag)) await realWait(5, never)
      expect(w.runs.cancel(run.id).state).toBe('cancelling')
      const ended = await w.ended(run.id)
      expect(ended).toMatchObject({ state: cancels === 1 ? 'succeeded' : 'cancelled', warnings: 1 })
      expect(repoFiles(drive.path, 'snapshots')).toEqual(cancels === 1 ? [ended.snapshotId] : [])
    },
  )
})

describe('pause', () => {
  test('holds the work and keeps the lock; resume lets it go on; its time is not counted', async () => {
    const w = await world()
    const drive = await w.destination()
    const gate = barrier(w)
    const plan = w.plan(drive.id, { maxRunMinutes: 5, hooks: { before: [{ command: gate.command }] } })
    const run = w.ask(plan)
    expect(() => w.runs.pause(run.id)).toThrow(expect.objectContaining({ code: 'conflict' }))
    await w.when(run.id, 'running')
    expect(w.runs.pause(run.id).state).toBe('paused')
    expect(w.runs.pause(run.id).state).toBe('paused')
    gate.open()
    while (repoFiles(drive.path, 'locks').length === 0) await realWait(5, never)
    await w.clock.advance(60 * minute)
    expect(w.catalogue.runs.get(run.id)?.state).toBe('paused')
    expect(repoFiles(drive.path, 'snapshots')).toEqual([])
    expect(w.runs.resume(run.id).state).toBe('running')
    expect((await w.ended(run.id)).state).toBe('succeeded')
    expect(repoFiles(drive.path, 'locks')).toEqual([])
  })

  test('what is held can be cancelled', async () => {
    const w = await world(ticking())
    const drive = await w.destination()
    const source = manyFolders(w, 'many')
    const plan = w.plan(drive.id, { sources: [{ kind: 'files', paths: [source] }] })
    const run = w.ask(plan)
    w.at(isStoring, ({ id }) => w.runs.pause(id))
    await w.when(run.id, 'paused')
    w.runs.cancel(run.id)
    expect((await w.ended(run.id)).state).toBe('cancelled')
    expect(repoFiles(drive.path, 'locks')).toEqual([])
  })
})

test('a run that takes too long is cancelled cleanly and says that the next one goes on from there', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id, {
    maxRunMinutes: 5,
    hooks: {
      before: [{ command: 'exec sleep 600', timeoutSeconds: 600 }],
      onFailure: [{ command: 'echo told' }],
    },
  })
  const run = w.ask(plan)
  await w.when(run.id, 'running')
  await w.clock.advance(5 * minute - 1)
  expect(w.catalogue.runs.get(run.id)?.state).toBe('running')
  await w.clock.advance(1)
  const ended = await w.ended(run.id)
  expect(ended).toMatchObject({
    state: 'failed',
    error: { code: 'timed_out', message: 'It took longer than the 5 min that its plan allows.' },
  })
  expect(ended.error?.hint).toContain('The next run goes on from there')
  expect(w.lines(run.id)).toContain('told')
  await w.runs.idle()
  expect(w.runs.active()).toEqual([]) // it is not tried again by itself
})

describe('a failure that may pass', () => {
  test('is tried again after growing pauses, in sight, as often as the plan says', async () => {
    const w = await world()
    const drive = await w.destination()
    const flag = join(w.folder, 'works')
    const plan = w.plan(drive.id, { retries: 2, hooks: { before: [{ command: `[ -e '${flag}' ]` }] } })
    const ends: [string, string | null][] = []
    w.runs.onEnd((run, next) => ends.push([run.state, next?.id ?? null]))
    const first = w.ask(plan, { trigger: 'schedule', scheduleId: 'daily', dueAtMs: w.clock.now() })
    const failed = await w.ended(first.id)
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'hook_failed' } })
    await w.runs.idle()
    const [second] = w.runs.active()
    expect(second).toMatchObject({
      state: 'waiting',
      trigger: 'retry',
      scheduleId: 'daily',
      dueAtMs: first.dueAtMs,
      attempt: 2,
      followsRunId: first.id,
    })
    expect(second!.waitingFor).toMatch(/^Tries again at /)
    await w.clock.advance(minute - 1)
    expect(w.catalogue.runs.get(second!.id)?.state).toBe('waiting')
    await w.clock.advance(1)
    expect((await w.ended(second!.id)).state).toBe('failed')
    writeFileSync(flag, '')
    await w.runs.idle()
    const [third] = w.runs.active()
    await w.clock.advance(2 * minute)
    expect(await w.ended(third!.id)).toMatchObject({ state: 'succeeded', attempt: 3 })
    await w.runs.idle()
    expect(ends).toEqual([
      ['failed', second!.id],
      ['failed', third!.id],
      ['succeeded', null],
    ])
  })

  test('ends with the last try; and a clock set back a year does not put the next one off', async () => {
    const w = await world()
    const plan = w.plan((await w.destination()).id, { retries: 1, hooks: { before: [{ command: 'false' }] } })
    const first = await w.ended(w.ask(plan).id)
    await w.runs.idle()
    const [second] = w.runs.active()
    expect(second!.followsRunId).toBe(first.id)
    w.clock.set(w.clock.now() - 365 * 24 * 60 * minute)
    await w.clock.advance(minute)
    const last = await w.ended(second!.id)
    expect(last.state).toBe('failed')
    expect(last.endedAtMs).toBeGreaterThanOrEqual(last.startedAtMs!)
    await w.runs.idle()
    expect(w.runs.active()).toEqual([])
  })
})

describe('the end of the application', () => {
  test('finish: what works comes to its end, what waits is kept for the next start', async () => {
    const w = await world()
    const drive = await w.destination()
    const gate = barrier(w)
    const plan = w.plan(drive.id, { hooks: { before: [{ command: gate.command }] } })
    const works = w.ask(plan)
    await w.when(works.id, 'running')
    const waits = w.ask(plan)
    await w.when(waits.id, 'waiting')
    const stopped = w.runs.stop('finish')
    expect(() => w.ask(plan)).toThrow(expect.objectContaining({ code: 'conflict' }))
    gate.open()
    await stopped
    expect(w.catalogue.runs.get(works.id)?.state).toBe('succeeded')
    expect(w.catalogue.runs.get(waits.id)?.state).toBe('waiting')
    const next = w.restart()
    expect(next.recover().map(({ id }) => id)).toEqual([waits.id])
    await next.idle()
    expect(w.catalogue.runs.get(waits.id)?.state).toBe('succeeded')
  })

  test.each(['cancel', 'finish'] as const)(
    '%s: what is cut off, or held, is finished after the next start',
    async how => {
      const w = await world()
      const drive = await w.destination()
      const gate = barrier(w)
      const plan = w.plan(drive.id, { hooks: { before: [{ command: gate.command }] } })
      const run = w.ask(plan)
      await w.when(run.id, 'running')
      if (how === 'finish') w.runs.pause(run.id)
      await w.runs.stop(how)
      expect(w.catalogue.runs.get(run.id)).toMatchObject({ state: 'interrupted', error: null })
      gate.open()
      expect(existsSync(join(drive.path, 'locks'))).toBe(true)
      expect(repoFiles(drive.path, 'locks')).toEqual([])
      const next = w.restart()
      const [finisher] = next.recover()
      expect(finisher).toMatchObject({ trigger: 'recovery', followsRunId: run.id })
      await next.idle()
      expect(w.catalogue.runs.get(finisher!.id)?.state).toBe('succeeded')
    },
  )
})
