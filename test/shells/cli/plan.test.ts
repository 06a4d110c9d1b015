import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuditEntry, Settings, Status, VaultInfo } from '../../../src/shared/entities/application.ts'
import { Destination } from '../../../src/shared/entities/destination.ts'
import { Plan } from '../../../src/shared/entities/plan.ts'
import { Run } from '../../../src/shared/entities/run.ts'
import { jsonLines } from './cli.ts'
import { canary, makeHome, passphrase, setUp, type Home } from './owner.ts'

let home: Home
beforeAll(async () => {
  home = makeHome()
  await setUp(home, [
    '--exclude',
    '*.tmp',
    '--schedule',
    'daily@02:00',
    '--schedule',
    'full=weekly@sun:03:00',
  ])
})
afterAll(() => home.remove())

const plans = () => home.json<Plan[]>(['plan', 'list'])

describe('without anybody in the background', () => {
  test('a plan is what the options say', async () => {
    const [plan] = await plans()
    expect(plan).toMatchObject({
      name: 'Documents',
      sources: [{ paths: [home.source], rules: { excludes: ['*.tmp'] } }],
      schedules: [
        { id: 'daily', type: 'incremental', when: { kind: 'daily', time: '02:00' } },
        { id: 'weekly', type: 'full', when: { kind: 'weekly', weekday: 0, time: '03:00' } },
      ],
    })
    expect(existsSync(join(home.data, 'holdfast.sock'))).toBe(false)
  })

  test('run: snapshot, history, search; progress and summary for scripts', async () => {
    const { code, stdout, stderr } = await home.run(['plan', 'run', 'documents', '--json'], {
      env: home.open,
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const summary = jsonLines(stdout).at(-1)!
    expect(summary).toMatchObject({
      message_type: 'summary',
      files_new: 20,
      total_files_processed: 20,
      snapshot_id: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(Run.parse(summary['run'])).toMatchObject({ state: 'succeeded', trigger: 'manual' })
    const [run] = await home.json<Run[]>(['plan', 'history', 'Documents'])
    expect(run).toMatchObject({ state: 'succeeded', snapshotId: summary['snapshot_id'] })
    expect(await home.json(['search', 'file 7'])).toMatchObject({
      found: [{ path: join(home.source, 'file 7') }],
      snapshotsSearched: 1,
    })
    const people = await home.run(['search', 'invioce'])
    expect(people.stdout).toMatch(/No name like "invioce" in 1 snapshot\./)
  })

  test('--json keeps to the contract', async () => {
    for (const plan of await plans()) Plan.parse(plan)
    Plan.parse(await home.json(['plan', 'show', 'Documents']))
    for (const each of await home.json<unknown[]>(['destination', 'list'])) Destination.parse(each)
    for (const each of await home.json<unknown[]>(['audit'])) AuditEntry.parse(each)
    for (const each of await home.json<unknown[]>(['plan', 'history'])) Run.parse(each)
    expect(Status.parse(await home.json(['status']))).toMatchObject({ state: 'gaps' })
    expect(VaultInfo.parse(await home.json(['vault', 'status']))).toMatchObject({ state: 'locked' })
    expect(await home.json(['audit', '--verify'])).toMatchObject({ brokenAtSeq: null })
    Destination.parse(await home.json(['destination', 'refresh', 'NAS'], home.open))
  })

  test('edit: what is said changes, all else stays; a schedule that stays keeps its ID', async () => {
    const [before] = await plans()
    const edited = await home.json<Plan>([
      'plan',
      'edit',
      before!.id.slice(0, 6),
      '--schedule',
      'full=weekly@sun:03:00',
      '--schedule',
      'every:15m',
      '--keep-daily',
      '30',
      '--before',
      'true',
    ])
    expect(edited).toMatchObject({
      sources: before!.sources,
      schedules: [before!.schedules[1], { id: 'every', when: { kind: 'minutes', every: 15 } }],
      hooks: { before: [{ command: 'true' }] },
    })
    expect(edited.retention.standard).toEqual({ ...before!.retention.standard, daily: 30 })
    const bare = await home.json<Plan>([
      'plan',
      'edit',
      'Documents',
      '--no-schedule',
      '--no-before',
      '--no-exclude',
    ])
    expect(bare).toMatchObject({
      schedules: [],
      hooks: { before: [] },
      sources: [{ rules: { excludes: [] } }],
    })
  })

  test('edit in an editor: the whole plan as YAML; what is no plan is kept, not saved', async () => {
    const edit = (editor: string) =>
      home.run(['plan', 'edit', editor.includes('Documents') ? 'Documents' : 'Papers', '--editor'], {
        env: { VISUAL: '', EDITOR: editor },
      })
    expect(await edit(`sed -i 's/name: Documents/name: Papers/'`)).toMatchObject({ code: 0, stderr: '' })
    expect((await plans())[0]).toMatchObject({ name: 'Papers' })
    const bad = await edit(`sed -i 's/Papers/[/'`)
    expect(bad.code).toBe(2)
    const kept = /kept in (.*)\./.exec(bad.stderr)![1]!
    expect(readFileSync(kept, 'utf8')).toContain('name: [')
    expect((await edit('false')).stderr).toMatch(/ended with code 1; nothing was changed/)
    expect((await plans())[0]).toMatchObject({ name: 'Papers' })
    expect(await home.run(['plan', 'edit', 'Papers', '--name', 'Documents'])).toMatchObject({ code: 0 })
  })

  test('export and apply: the round trip changes nothing; variables come from this environment', async () => {
    const { stdout: yaml } = await home.run(['plan', 'export'])
    const unchanged = await home.run(['apply', '-f', '-', '--json'], { input: yaml })
    const changes = JSON.parse(unchanged.stdout) as { action: string }[]
    expect(changes.map(({ action }) => action)).toEqual(['unchanged', 'unchanged'])

    const file = join(home.dir, 'plans.yml')
    writeFileSync(file, yaml.replace('name: Documents', 'name: ${PLAN_NAME}'))
    const unset = await home.run(['apply', '-f', file])
    expect(unset).toMatchObject({ code: 2, stdout: '' })
    expect(unset.stderr).toContain('${PLAN_NAME}')
    const env = { PLAN_NAME: 'More $HOME' }
    const dry = await home.run(['apply', '-f', file, '--dry-run', '--prune'], { env })
    expect(dry.stdout).toMatch(/^\+ plan "More \$HOME": to be added$/m)
    expect(dry.stdout).toMatch(/^- plan "Documents": to be removed$/m)
    expect((await plans()).map(({ name }) => name)).toEqual(['Documents'])
    expect(await home.run(['apply', '-f', file], { env })).toMatchObject({ code: 0 })
    expect((await plans()).map(({ name }) => name).sort()).toEqual(['Documents', 'More $HOME'])
    expect(await home.run(['plan', 'remove', 'more $home'])).toMatchObject({ code: 0 })
  })

  test('pause and resume: a plan, and all', async () => {
    expect(await home.json<Plan>(['plan', 'pause', 'Documents'])).toMatchObject({ pausedUntilMs: 'forever' })
    expect(await home.json<Plan>(['plan', 'resume', 'Documents'])).toMatchObject({ pausedUntilMs: null })
    const paused = Settings.parse(await home.json(['plan', 'pause', '--all', '--until', '1h']))
    expect(paused.pausedUntilMs).toEqual(expect.any(Number))
    expect((await home.run(['status'])).stdout).toMatch(/The pause lasts until \d{4}-/)
    expect(await home.json(['plan', 'resume', '--all'])).toMatchObject({ pausedUntilMs: null })
  })

  test('test: what a run needs, and what it lacks', async () => {
    expect(await home.run(['plan', 'test', 'Documents'], { env: home.open })).toMatchObject({
      code: 0,
      stderr: '',
    })
    await home.run(['plan', 'add', '--name', 'Gone', '--path', join(home.dir, 'gone')])
    const gone = await home.run(['plan', 'test', 'Gone'], { env: home.open })
    expect(gone.code).toBe(1)
    expect(gone.stdout).toMatch(/^failed {2}.*gone/m)
    expect(await home.run(['plan', 'run', 'Gone'], { env: home.open })).toMatchObject({ code: 27 })
    await home.run(['plan', 'remove', 'Gone'])
  })

  test.each<[string, number, RegExp, string[]]>([
    ['no such plan', 29, /no plan "Nope"/, ['plan', 'run', 'Nope']],
    [
      'no such destination',
      29,
      /no destination/,
      ['plan', 'add', '--name', 'x', '--path', '/', '--destination', 'Q'],
    ],
    ['a plan without anything', 2, /lacks a name/, ['plan', 'add']],
    ['a name that is taken', 31, /./, ['plan', 'add', '--name', 'Documents', '--path', '/tmp']],
    ['no schedule', 2, /A schedule is hourly/, ['plan', 'add', '--name', 'x', '--schedule', 'sometimes']],
    [
      'a schedule that never comes',
      2,
      /never/,
      ['plan', 'add', '--name', 'x', '--path', '/tmp', '--schedule', 'cron:0 0 31 2 *'],
    ],
    ['nothing to change', 2, /Nothing to change/, ['plan', 'edit', 'Documents']],
    ['nobody to leave it to', 2, /background/, ['plan', 'run', 'Documents', '--detach']],
    ['a destination in use', 31, /Documents/, ['destination', 'remove', 'NAS']],
    ['no repository there', 10, /--create/, ['destination', 'add', 'B', '/nowhere/at/all']],
    ['a file that is not there', 2, /can't be read/, ['apply', '-f', '/nowhere/plans.yml']],
    ['a half pair of TLS files', 2, /belong together/, ['serve', '--tls-cert', 'x']],
    ['a date that is past', 2, /past/, ['plan', 'pause', 'Documents', '--until', '2020-01-01']],
    [
      'a timer that systemd has no words for',
      2,
      /systemd timer|no schedule/,
      ['service', 'systemd', '--plan', 'Documents'],
    ],
  ])('%s: exit %d', async (_name, code, says, args) => {
    const { code: ended, stdout, stderr } = await home.run(args)
    expect({ ended, stdout }).toEqual({ ended: code, stdout: '' })
    expect(stderr).toMatch(/^Error: \S/)
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(/\n {7}\S/)
  })

  test('a wrong password, and the right one given again', async () => {
    const wrong = await home.run(['destination', 'password', 'NAS'], {
      env: { ...home.open, HOLDFAST_PASSWORD: 'wrong' },
    })
    expect(wrong).toMatchObject({ code: 12, stdout: '' })
    expect(await home.run(['destination', 'password', 'NAS'], { env: home.open })).toMatchObject({
      code: 0,
      stderr: '',
    })
  })

  test('a locked sealed file: the run says so, nothing else minds', async () => {
    const run = await home.run(['plan', 'run', 'Documents'])
    expect(run).toMatchObject({ code: 32, stdout: '' })
    expect(run.stderr).toMatch(/vault unlock/)
    expect((await home.run(['vault', 'status'])).stdout).toMatch(/^Passwords {2}A sealed file, locked$/m)
    const file = join(home.dir, 'passphrase')
    expect(await home.run(['vault', 'unlock', '--passphrase-file', file])).toMatchObject({ code: 0 })
    writeFileSync(join(home.dir, 'other'), 'wrong')
    const wrong = await home.run(['vault', 'unlock', '--passphrase-file', join(home.dir, 'other')])
    expect(wrong).toMatchObject({ code: 12 })
  })

  test('no secret in what the data directory keeps', () => {
    const names = readdirSync(home.data, { recursive: true, encoding: 'utf8', withFileTypes: true })
    const files = names.filter(each => each.isFile()).map(each => join(each.parentPath, each.name))
    expect(files.length).toBeGreaterThan(3)
    for (const file of files.filter(path => !path.includes('/cache/'))) {
      const bytes = readFileSync(file)
      expect([file, bytes.includes(canary), bytes.includes(passphrase)]).toEqual([file, false, false])
    }
  })
})
