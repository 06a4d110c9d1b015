import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { needs } from '../../support/needs.ts'
import { restic } from '../../support/restic.ts'
import { commandLine } from '../../../src/main/services/runs/command-line.ts'
import { fill, repoFiles, world, type World } from './world.ts'

const { test: withRestic } = needs('restic')

/** The paths of the files in a snapshot, as restic lists them. */
async function filesIn(path: string, snapshot: string): Promise<string[]> {
  const nodes = await restic(path).json<{ type?: string; path: string }>(['ls', snapshot])
  return nodes.filter(({ type }) => type === 'file').map(({ path }) => path)
}

async function succeed(w: World, plan: Parameters<World['ask']>[0], more?: Parameters<World['ask']>[1]) {
  const run = await w.ended(w.ask(plan, more).id)
  expect(run.error).toBe(null)
  expect(run.state).toBe('succeeded')
  return run
}

test('a run makes a snapshot, and leaves a record of all it did', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id, { tags: ['home'] })
  const asked = w.ask(plan, { askedBy: 'cli ada' })
  expect(asked).toMatchObject({ state: 'queued', startedAtMs: null, attempt: 1 })
  expect(w.catalogue.runs.get(asked.id)).toEqual(asked) // before anything is done
  const run = await w.ended(asked.id)
  await w.runs.idle()

  expect(run).toMatchObject({
    state: 'succeeded',
    planId: plan.id,
    planName: 'Documents',
    destinationId: drive.id,
    askedBy: 'cli ada',
    startedAtMs: w.clock.now(),
    endedAtMs: w.clock.now(),
    progress: null,
    warnings: 0,
    error: null,
    command: commandLine(plan, { location: { kind: 'local', path: drive.path } }, asked),
    counts: { filesNew: 3, filesChanged: 0, filesUnmodified: 0, filesTotal: 3, bytesScanned: 11 },
  })
  expect(run.counts!.bytesStored).toBeGreaterThan(0)
  expect(run.counts!.bytesNew).toBeGreaterThan(11)
  expect(w.catalogue.runs.get(run.id)).toEqual(run)
  expect(repoFiles(drive.path, 'snapshots')).toEqual([run.snapshotId])
  expect(repoFiles(drive.path, 'locks')).toEqual([])
  expect(w.lines(run.id)).toEqual([
    expect.stringMatching(/^Opened repository [0-9a-f]{8} at /),
    'No earlier snapshot: all files were read.',
    expect.stringMatching(/^3 files \(3 new, 0 changed\), 11 B in /),
    expect.stringMatching(/^Stored /),
    expect.stringMatching(/^Snapshot [0-9a-f]{8} saved\.$/),
  ])
  const revisions = w.events.map(({ value }) => (value as { revision: number }).revision)
  expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
  expect(w.catalogue.snapshots.list({ planId: plan.id })).toEqual([
    expect.objectContaining({
      id: run.snapshotId,
      destinationId: drive.id,
      timeMs: run.startedAtMs,
      hostname: 'atlas',
      username: 'ada',
      tags: [`plan:${plan.id}`, 'type:incremental', 'component:files', 'home'],
      files: 3,
      bytes: 11,
      indexed: true,
    }),
  ])
  expect(w.troubles).toEqual([])
})

test('the next one compares with it and stores what is new; a full one reads everything', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id)
  const first = await succeed(w, plan)
  fill(join(w.folder, 'sources', 'Documents'), { 'four.txt': 'four' })
  w.clock.set(w.clock.now() + 60_000)
  const second = await succeed(w, plan)
  expect(second.counts).toMatchObject({ filesNew: 1, filesUnmodified: 3, filesTotal: 4 })
  expect(w.lines(second.id)).toContain(`Compared with snapshot ${first.snapshotId!.slice(0, 8)}.`)
  w.clock.set(w.clock.now() + 60_000)
  const full = await succeed(w, plan, { type: 'full' })
  await w.runs.idle()
  expect(full.counts).toMatchObject({ filesNew: 4, filesUnmodified: 0, filesTotal: 4 })
  expect(w.catalogue.snapshots.list({})[0]?.tags).toContain('type:full')
})

withRestic(
  'sources share a snapshot, each with rules of its own; what must not be opened is left out',
  async () => {
    const w0 = await world()
    const secret = join(w0.folder, 'sources', 'a', 'catalogue[1].db')
    const w = await world({ leaveOut: [secret] })
    const at = (name: string) => join(w0.folder, 'sources', name)
    fill(at(''), {
      'a/keep.txt': 'a',
      'a/no.tmp': 'a',
      'a/catalogue[1].db': 'a',
      'a/catalogue1.db': 'a',
      'b/keep.tmp': 'b',
      'b/no.log': 'b',
      'b/cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
      'b/cache/x': 'b',
    })
    const drive = await w.destination()
    const plan = w.plan(drive.id, {
      sources: [
        { kind: 'files', paths: [at('a')], component: 'database', rules: { excludes: ['*.tmp'] } },
        { kind: 'files', paths: [at('b')], component: 'logs', rules: { excludes: ['*.log'] } },
      ],
    })
    const run = await succeed(w, plan)
    expect(repoFiles(drive.path, 'snapshots')).toHaveLength(1)
    expect(await filesIn(drive.path, run.snapshotId!)).toEqual([
      at('a/catalogue1.db'),
      at('a/keep.txt'),
      at('b/cache/CACHEDIR.TAG'),
      at('b/keep.tmp'),
    ])
    expect((await restic(drive.path).snapshots())[0]).toMatchObject({
      paths: [at('a'), at('b')],
      tags: [`plan:${plan.id}`, 'type:incremental', 'component:database', 'component:logs'],
    })
    await restic(drive.path).check(['--read-data'])
  },
)

test('of type config: only what is marked so; without such a source it is refused in words', async () => {
  const w = await world()
  const drive = await w.destination()
  const [etc, data] = [join(w.folder, 'etc'), join(w.folder, 'data-of-it')]
  fill(etc, { conf: 'x' })
  fill(data, { large: 'y', small: 'z' })
  const plan = w.plan(drive.id, {
    name: 'Server',
    sources: [
      { kind: 'files', paths: [data] },
      { kind: 'files', paths: [etc], component: 'config', isConfig: true },
    ],
  })
  expect((await succeed(w, plan)).counts?.filesTotal).toBe(3)
  const run = await succeed(w, plan, { type: 'config' })
  // its parent is the snapshot that has these paths too
  expect(run.counts).toMatchObject({ filesTotal: 1, filesUnmodified: 1 })

  const without = w.plan(drive.id, { name: 'Without' })
  const refused = await w.ended(w.ask(without, { type: 'config' }).id)
  expect(refused).toMatchObject({
    state: 'failed',
    error: { code: 'invalid_input', message: 'No source of "Without" is marked as configuration.' },
  })
})

test('a dry run writes nothing at all, and says what would be stored', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id)
  const before = readdirSync(drive.path, { recursive: true, encoding: 'utf8' }).sort()
  const run = await succeed(w, plan, { dryRun: true })
  expect(readdirSync(drive.path, { recursive: true, encoding: 'utf8' }).sort()).toEqual(before)
  expect(run).toMatchObject({ snapshotId: null, counts: { filesNew: 3 } })
  expect(w.lines(run.id).at(-1)).toBe('A dry run: nothing was written.')
  expect(w.catalogue.snapshots.list({})).toEqual([])
})

needs('linux', 'root').test('what can not be read is named and makes the run partial', async () => {
  const w = await world()
  const source = join(w.folder, 'source')
  fill(source, { one: '1', two: '2' })
  const plan = w.plan((await w.destination()).id, {
    sources: [{ kind: 'files', paths: [source, '/proc/self/mem'] }],
  })
  const run = await w.ended(w.ask(plan).id)
  expect(run).toMatchObject({ state: 'partial', warnings: 1, error: null, counts: { filesTotal: 2 } })
  expect(w.catalogue.runs.warnings(run.id, 0, 10)).toMatchObject([
    { seq: 1, kind: 'unreadable', path: '/proc/self/mem' },
  ])
  expect(w.lines(run.id)).toContain('1 item could not be read.')
})

withRestic('hooks run before and after, told what it is about; their output is in the log', async () => {
  const w = await world({ environment: { PATH: process.env['PATH'], HOLDFAST_PASSWORD: 'canary' } })
  const drive = await w.destination()
  const note = join(w.folder, 'note')
  const plan = w.plan(drive.id, {
    hooks: {
      before: [
        { command: 'echo "before $HOLDFAST_PLAN to $HOLDFAST_DESTINATION: $HOLDFAST_TYPE"' },
        { command: `env | grep HOLDFAST_ > ${note}` },
      ],
      after: [
        { command: 'echo "after $HOLDFAST_STATE $HOLDFAST_SNAPSHOT"' },
        { command: 'echo oh >&2; exit 4' },
      ],
      onFailure: [{ command: 'echo never' }],
    },
  })
  const run = await w.ended(w.ask(plan).id)
  expect(run).toMatchObject({ state: 'succeeded', warnings: 1 })
  const log = w.catalogue.runs.log(run.id, 0, 100)
  expect(log.filter(({ level }) => level === 'output').map(({ text }) => text)).toEqual([
    'before Documents to Drive: incremental',
    `after succeeded ${run.snapshotId}`,
    'oh',
  ])
  expect(log.filter(({ level }) => level === 'warning').map(({ text }) => text)).toEqual([
    'It ended with code 4.',
    'The command after the backup ended with code 4: echo oh >&2; exit 4',
  ])
  expect(readFileSync(note, 'utf8')).toContain(`HOLDFAST_RUN_ID=${run.id}\n`)
  expect(readFileSync(note, 'utf8')).not.toContain('canary')
})

withRestic('its command line, run by hand, makes the same snapshot', async () => {
  const w = await world()
  const drive = await w.destination()
  const plan = w.plan(drive.id)
  fill(join(w.folder, 'sources', 'Documents'), { "it's $HOME.txt": 'x' })
  const run = await succeed(w, plan)
  const cli = new URL('../../../src/main/shells/cli/main.ts', import.meta.url).pathname
  execFileSync('/bin/sh', ['-c', `holdfast() { "${process.execPath}" "${cli}" "$@"; }\n${run.command}`], {
    env: { ...process.env, HOLDFAST_PASSWORD: 'correct horse battery staple' },
  })
  const [a, b] = await restic(drive.path).snapshots()
  expect(a?.tree).toBe(b?.tree)
  expect(a?.tags).toEqual(b?.tags)
})
