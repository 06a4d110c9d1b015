import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import { application, type Application } from './application.ts'

const password = 'canary correct horse'

/** A destination and a plan of some files. */
async function withPlan(app: Application, more: object = {}) {
  const source = join(app.folder, 'documents')
  mkdirSync(join(source, 'letters'), { recursive: true })
  writeFileSync(join(source, 'letters', 'to-bob.txt'), 'Dear Bob')
  writeFileSync(join(source, 'budget.csv'), 'rent,700')
  const destination = await app.call('destination.create', {
    draft: { name: 'Disk', location: { kind: 'local', path: join(app.folder, 'disk') } },
    password,
    create: true,
  })
  const plan = await app.call('plan.create', {
    draft: {
      name: 'Documents',
      sources: [{ kind: 'files', paths: [source] }],
      destinationIds: [destination.id],
      ...more,
    },
  })
  return { destination, plan, source }
}

describe('from nothing to a snapshot that is found', () => {
  test('by calls alone', async () => {
    const app = await application()
    expect(await app.call('app.status', undefined)).toMatchObject({ state: 'not-set-up', plans: [] })
    const { destination, plan } = await withPlan(app, {
      schedules: [{ id: 'daily', when: { kind: 'daily' } }],
    })
    expect(destination).toMatchObject({ name: 'Disk', presence: 'present', hasPassword: true })
    expect(plan.schedule).toMatchObject([
      { id: 'daily', words: 'every day at 02:00', consecutiveFailures: 0 },
    ])
    expect(plan.schedule[0]!.nextDueAtMs).toBeGreaterThan(new Date().getTime())

    const run = await app.ended((await app.call('run.start', { planId: plan.id })).id)
    expect(run).toMatchObject({
      state: 'succeeded',
      trigger: 'manual',
      askedBy: 'test',
      counts: { filesNew: 2, bytesScanned: 16 },
    })
    expect(await app.call('run.list', { limit: 10 })).toMatchObject({
      total: 1,
      runs: [{ id: run.id, state: 'succeeded' }],
    })
    expect((await app.call('run.log', { id: run.id })).length).toBeGreaterThan(1)

    await expect.poll(async () => (await app.call('snapshot.list', {}))[0]?.indexed).toBe(true)
    const [snapshot] = await app.call('snapshot.list', { planId: plan.id })
    expect(snapshot).toMatchObject({ id: run.snapshotId, planId: plan.id, files: 2 })
    const { found } = await app.call('snapshot.search', { query: 'bob' })
    expect(found).toMatchObject([
      { path: join(app.folder, 'documents/letters/to-bob.txt'), versions: 1, deleted: false },
    ])

    expect(await app.call('app.status', undefined)).toMatchObject({
      state: 'gaps',
      plans: [
        { name: 'Documents', sentence: 'Newest snapshot: just now. No restore drill has proven it yet.' },
      ],
    })
    const audit = await app.call('audit.list', {})
    expect(audit.map(({ action, who, detail }) => [action, who, detail])).toEqual([
      ['run.start', 'test', 'done'],
      ['plan.create', 'test', 'done'],
      ['destination.create', 'test', 'done'],
    ])
    expect(await app.call('audit.verify', undefined)).toEqual({ entries: 3, brokenAtSeq: null })
    expect(app.troubles).toEqual([])
    expect(JSON.stringify([audit, app.events, run])).not.toContain(password)
  })

  test('a repository that is there already is used, with its snapshots', async () => {
    const first = await application()
    const { plan, destination } = await withPlan(first)
    await first.ended((await first.call('run.start', { planId: plan.id })).id)
    const second = await application()
    const draft = { name: 'Old disk', location: destination.location }
    await expect(second.call('destination.create', { draft, password, create: true })).rejects.toMatchObject({
      code: 'repository_exists',
    })
    await expect(
      second.call('destination.create', { draft, password: 'no', create: false }),
    ).rejects.toMatchObject({ code: 'wrong_password' })
    expect(await second.call('destination.list', undefined)).toEqual([])
    const { id } = await second.call('destination.create', { draft, password, create: false })
    await second.call('destination.refresh', { id })
    expect(await second.call('snapshot.list', { destinationId: id })).toMatchObject([
      { hostname: 'atlas', planId: plan.id },
    ])
    expect((await second.call('snapshot.search', { query: '*.csv' })).found).toMatchObject([{ sizeBytes: 8 }])
  })
})

describe('what is refused', () => {
  test('the second of two writers of one plan', async () => {
    const app = await application()
    const { plan } = await withPlan(app)
    const { id, revision, createdAtMs: _c, pausedUntilMs: _p, schedule: _s, ...draft } = plan
    await app.call('plan.update', { id, draft: { ...draft, name: 'Papers' }, revision })
    await expect(
      app.call('plan.update', { id, draft: { ...draft, name: 'Letters' }, revision }),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect((await app.call('plan.get', { id })).name).toBe('Papers')
  })

  test.each([
    ['a relative path', { sources: [{ kind: 'files', paths: ['documents'] }] }, /not an absolute path/],
    [
      'a cron line that never fires',
      { schedules: [{ id: 'never', when: { kind: 'cron', expression: '0 0 30 2 *' } }] },
      /never comes/,
    ],
    [
      'a zone that is none',
      { zone: 'Mars/Olympus', schedules: [{ id: 'a', when: { kind: 'daily' } }] },
      /Mars\/Olympus/,
    ],
    [
      'a pattern that is none',
      { sources: [{ kind: 'files', paths: ['/home'], rules: { excludes: ['[z-'] } }] },
      /\[z-/,
    ],
    [
      'two schedules of one name',
      { schedules: [1, 2].map(every => ({ id: 'a', when: { kind: 'minutes', every } })) },
      /same id/,
    ],
  ])('%s', async (_, change, message) => {
    const app = await application()
    const { plan } = await withPlan(app)
    const { id, revision, createdAtMs: _c, pausedUntilMs: _p, schedule: _s, ...draft } = plan
    await expect(
      app.call('plan.update', { id, draft: { ...draft, ...change } as typeof draft, revision }),
    ).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringMatching(message) as string })
  })

  test('a destination that is used, taken or relative', async () => {
    const app = await application()
    const { destination } = await withPlan(app)
    await expect(app.call('destination.remove', { id: destination.id })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"Documents"') as string,
    })
    for (const [draft, code] of [
      [{ name: 'Disk', location: { kind: 'local', path: join(app.folder, 'other') } }, 'conflict'],
      [{ name: 'Other', location: destination.location }, 'conflict'],
      [{ name: 'Other', location: { kind: 'local', path: 'disk' } }, 'invalid_input'],
    ] as const) {
      await expect(app.call('destination.create', { draft, password, create: true })).rejects.toMatchObject({
        code,
      })
    }
    expect(existsSync(join(app.folder, 'other'))).toBe(false)
  })
})

test('pause and resume, of one plan and of all', async () => {
  const app = await application()
  const { plan } = await withPlan(app, { schedules: [{ id: 'often', when: { kind: 'minutes', every: 5 } }] })
  const paused = await app.call('plan.pause', { id: plan.id, until: 'forever' })
  expect(paused).toMatchObject({ pausedUntilMs: 'forever', schedule: [{ nextDueAtMs: null }] })
  expect((await app.call('plan.resume', { id: plan.id })).schedule[0]!.nextDueAtMs).not.toBeNull()
  await app.call('app.pause', { until: 'forever' })
  expect(await app.call('app.status', undefined)).toMatchObject({
    sentence: expect.stringContaining('All schedules are paused.') as string,
  })
  await app.call('app.resume', undefined)
  expect((await app.call('settings.get', undefined)).pausedUntilMs).toBeNull()
})

test('a run that was cut off is shown as such by a command that passes by, and finished by an owner that stays', async () => {
  const first = await application()
  const { plan } = await withPlan(first)
  const run = await first.ended((await first.call('run.start', { planId: plan.id })).id)
  await first.app.stop('cancel')
  const dataDirectory = join(first.folder, 'data')
  const left = openCatalogue(dataDirectory, { now: first.app.now })
  left.runs.save({ ...run, state: 'running', endedAtMs: null, snapshotId: null, counts: null })
  left.close()
  const passing = await application({
    host: 'cli',
    vault: first.vault,
    dataDirectory,
    catalogue: openCatalogue(dataDirectory, { now: first.app.now }),
  })
  expect(await passing.call('run.get', { id: run.id })).toMatchObject({ state: 'interrupted' })
  expect(await passing.call('app.status', undefined)).toMatchObject({ runningRunIds: [] })
  await passing.app.stop('cancel')
  const staying = await application({
    vault: first.vault,
    dataDirectory,
    catalogue: openCatalogue(dataDirectory, { now: first.app.now }),
  })
  const { runs } = await staying.call('run.list', { limit: 10 })
  const finishing = runs.find(({ followsRunId }) => followsRunId === run.id)!
  expect(finishing).toMatchObject({ trigger: 'recovery' })
  expect(await staying.ended(finishing.id)).toMatchObject({ state: 'succeeded' })
  expect(await staying.call('run.get', { id: run.id })).toMatchObject({ state: 'interrupted' })
})

test('settings that are not named stay', async () => {
  const app = await application()
  await app.call('settings.update', { runLogDays: 3650 })
  expect(await app.call('settings.update', { threads: 4 })).toEqual({
    pausedUntilMs: null,
    threads: 4,
    memoryBytes: null,
    runLogDays: 3650,
  })
})

test('a plan is tested without anything being written', async () => {
  const app = await application()
  const { plan, source, destination } = await withPlan(app)
  expect((await app.call('plan.test', { id: plan.id })).map(({ ok }) => ok)).toEqual([true, true, true])
  await app.vault.remove(`repository/${destination.id}`)
  renameSync(source, `${source}-gone`)
  const tests = await app.call('plan.test', { id: plan.id })
  expect(tests.map(({ what, ok }) => [what, ok])).toEqual([
    [source, false],
    ['Disk', true],
    ['Disk: password', false],
  ])
  expect(readdirSync(join(app.folder, 'disk', 'snapshots'))).toEqual([])
})

test('a drive that is gone is waited for by a schedule, and named', async () => {
  const app = await application()
  const { plan, destination } = await withPlan(app)
  renameSync(join(app.folder, 'disk'), join(app.folder, 'unplugged'))
  expect(await app.call('destination.list', undefined)).toMatchObject([
    { id: destination.id, presence: 'absent' },
  ])
  expect(await app.call('plan.test', { id: plan.id })).toContainEqual(
    expect.objectContaining({ what: 'Disk', ok: false }),
  )
})

describe('plans as YAML', () => {
  test('what is exported is what it was, and applying it changes nothing', async () => {
    const app = await application()
    await withPlan(app, {
      schedules: [{ id: 'nightly', type: 'full', when: { kind: 'weekly', weekday: 0, time: '03:00' } }],
      hooks: { before: [{ command: 'echo "$HOME" ${X} > /tmp/x' }] },
      tags: ['papers'],
      retention: { standard: { daily: 30 } },
    })
    const { yaml } = await app.call('plan.export', undefined)
    expect(yaml).not.toContain(password)
    expect(yaml).toContain('destinations:\n  - name: Disk')
    expect(yaml).toContain('      standard:\n        daily: 30\n')
    const changes = await app.call('plan.apply', { yaml, dryRun: false })
    expect(changes.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
    expect((await app.call('plan.list', undefined))[0]!.hooks.before[0]!.command).toBe(
      'echo "$HOME" ${X} > /tmp/x',
    )
  })

  test('a whole set-up from a file, with the password from a variable; and again without anything to do', async () => {
    const app = await application()
    mkdirSync(join(app.folder, 'photos'))
    const yaml = `
version: 1
destinations:
  - { name: Disk, location: { kind: local, path: "\${FOLDER}/disk" }, password: "\${PASSWORD}", create: true }
plans:
  - name: Photos
    destinations: [Disk]
    sources: [{ kind: files, paths: ["\${FOLDER}/photos"] }]
    schedules: [{ id: daily, when: { kind: daily, time: "01:30" } }]
`
    const variables = { FOLDER: app.folder, PASSWORD: password }
    const dry = await app.call('plan.apply', { yaml, variables, dryRun: true })
    expect(dry.map(({ kind, action }) => `${action} ${kind}`)).toEqual(['create destination', 'create plan'])
    expect(await app.call('plan.list', undefined)).toEqual([])
    await app.call('plan.apply', { yaml, variables, dryRun: false })
    expect(await app.call('plan.list', undefined)).toMatchObject([
      { name: 'Photos', schedule: [{ words: 'every day at 01:30' }] },
    ])
    const again = await app.call('plan.apply', { yaml, variables, dryRun: false })
    expect(again.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])
    const changed = yaml.replace('01:30', '04:15')
    expect(await app.call('plan.apply', { yaml: changed, variables, dryRun: false })).toContainEqual({
      kind: 'plan',
      name: 'Photos',
      action: 'update',
      changes: ['schedules'],
    })
    const none = await app.call('plan.apply', {
      yaml: 'version: 1',
      variables: {},
      dryRun: false,
      prune: true,
    })
    expect(none).toEqual([{ kind: 'plan', name: 'Photos', action: 'remove', changes: [] }])
  })

  test.each([
    ['an unknown word', 'version: 1\nplan: []', /plan/],
    ['no YAML', 'version: [', /not YAML/],
    ['a variable that is not set', 'version: 1\nplans: [{ name: "${X}", destinations: [a] }]', /\$\{X\}/],
    [
      'a destination that is not there',
      'version: 1\nplans: [{ name: A, destinations: [Nowhere], sources: [{ kind: files, paths: [/a] }] }]',
      /Nowhere/,
    ],
    [
      'one name twice',
      'version: 1\nplans: [{ name: A, destinations: [D] }, { name: A, destinations: [D] }]',
      /twice/,
    ],
    ['a newer file', 'version: 2', /version/],
  ])('%s is refused and nothing is changed', async (_, yaml, message) => {
    const app = await application()
    await expect(app.call('plan.apply', { yaml, dryRun: false })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message) as string,
    })
  })
})
