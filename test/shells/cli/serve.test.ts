import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { connect, type Connection } from '../../../src/main/shells/local/connect.ts'
import { findPlace } from '../../../src/main/shells/local/place.ts'
import type { Plan } from '../../../src/shared/entities/plan.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import { needs } from '../../support/needs.ts'
import { jsonLines } from './cli.ts'
import { canary, makeHome, passphrase, setUp, type Home } from './owner.ts'

let home: Home
beforeAll(async () => {
  home = makeHome()
  await setUp(home)
  // A run that takes as long as one needs to look at it, and ends at once when it is cut off.
  const slow = ['plan', 'add', '--name', 'Slow', '--path', home.source, '--before', 'sleep 6']
  expect(await home.run(slow)).toMatchObject({ code: 0 })
})
afterAll(() => home.remove())

const attach = () => connect({ find: () => findPlace(home.data, process.platform), who: 'cli test' })

/** Runs that an earlier test cut off go on with each new owner. */
async function clear(client: Connection): Promise<void> {
  const left = async () =>
    (await client.call('run.list', { states: ['queued', 'waiting', 'running', 'cancelling'] })).runs
  for (const { id } of await left()) await client.call('run.cancel', { id })
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 30_000, interval: 100 })
}

test('commands use the owner: one process, one history', async () => {
  const owner = await home.serve()
  expect(statSync(join(home.data, 'server-token')).mode & 0o777).toBe(0o600)
  const second = await home.run(['serve'])
  expect(second).toMatchObject({ code: 37, stdout: '' })
  expect(second.stderr).toContain(`process ${owner.child.pid}`)

  const { code, stdout } = await home.run(['plan', 'run', 'Documents', '--json'])
  expect(code).toBe(0)
  expect(jsonLines(stdout).at(-1)).toMatchObject({ message_type: 'summary', total_files_processed: 20 })
  const started = await home.json<Run>(['plan', 'run', 'Slow', '--detach'])
  expect(started.state).toMatch(/queued|running/)
  const going = await home.json<{ runningRunIds: string[] }>(['status'])
  expect(going.runningRunIds).toEqual([started.id])
  await home.json<Plan>(['plan', 'edit', 'Documents', '--tag', 'mine'])
  const [cancelled] = await home.json<Run[]>(['plan', 'cancel', 'Slow'])
  expect(cancelled!.id).toBe(started.id)

  const file = join(home.dir, 'plans.yml')
  writeFileSync(file, (await home.run(['plan', 'export'])).stdout)
  for (const [args, answer] of [
    [
      ['plan', 'list'],
      [{ name: 'Documents', tags: ['mine'] }, { name: 'Slow' }],
    ],
    [['plan', 'show', 'Slow'], { name: 'Slow' }],
    [['plan', 'pause', 'Slow'], { pausedUntilMs: 'forever' }],
    [['plan', 'resume', 'Slow'], { pausedUntilMs: null }],
    [
      ['plan', 'test', 'Documents'],
      [{ ok: true }, { ok: true }, { ok: true }],
    ],
    [['plan', 'history', '-n', '1'], [{ planName: 'Slow' }]],
    [['destination', 'list'], [{ name: 'NAS', hasPassword: true }]],
    [['destination', 'refresh', 'NAS'], { name: 'NAS', presence: 'present' }],
    [['search', 'file 7'], { found: [{ path: join(home.source, 'file 7') }] }],
    [['vault', 'status'], { kind: 'sealed-file', state: 'open' }],
    [['audit', '-n', '1'], [{ who: expect.stringMatching(/^cli/), action: 'destination.refresh' }]],
    [['apply', '-f', file], Array.from({ length: 3 }, () => ({ action: 'unchanged' }))],
  ] as [string[], object][]) {
    expect([args, await home.json(args)]).toMatchObject([args, answer])
  }

  const token = readFileSync(join(home.data, 'server-token'), 'utf8').trim()
  const answer = await fetch(new URL('health', owner.url), { headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)

  const argv = process.platform === 'linux' ? readFileSync(`/proc/${owner.child.pid}/cmdline`, 'utf8') : ''
  for (const secret of [canary, passphrase, token]) {
    expect(argv).not.toContain(secret)
    expect(owner.said()).not.toContain(secret)
  }
  expect(await owner.end()).toBe(0)
  expect(existsSync(join(home.data, 'holdfast.sock'))).toBe(false)
  expect(JSON.parse(readFileSync(join(home.data, 'status.json'), 'utf8'))).toMatchObject({ owner: null })
  for (const name of readdirSync(join(home.data, 'logs'))) {
    const log = readFileSync(join(home.data, 'logs', name), 'utf8')
    for (const line of log.trim().split('\n')) JSON.parse(line)
    for (const secret of [canary, passphrase, token]) expect(log).not.toContain(secret)
  }
  // Without anybody in the background, history is the same.
  const [run] = await home.json<Run[]>(['plan', 'history', 'Slow'])
  expect(run).toMatchObject({ id: started.id, state: 'cancelled' })
})

test('the owner killed with -9 in the middle of a run: clients find the next one and load anew', async () => {
  const first = await home.serve()
  const client = (await attach())!
  const said: string[] = []
  client.subscribe(() => undefined, {
    onConnect: () => said.push('connected'),
    onLost: () => said.push('lost'),
  })
  await vi.waitFor(() => expect(said).toEqual(['connected']), 30_000)
  const follower = home.live(['plan', 'run', 'Slow'])
  await vi.waitFor(
    async () => {
      const { runs } = await client.call('run.list', { states: ['running'] })
      expect(runs).toMatchObject([{ planName: 'Slow', trigger: 'manual' }])
    },
    { timeout: 30_000, interval: 100 },
  )
  await first.end('SIGKILL')
  await vi.waitFor(() => expect(said).toEqual(['connected', 'lost']), 30_000)
  expect(existsSync(join(home.data, 'holdfast.sock'))).toBe(true) // nobody was there to take it away

  const second = await home.serve()
  await vi.waitFor(() => expect(said).toEqual(['connected', 'lost', 'connected']), { timeout: 30_000 })
  expect(client.owner().pid).toBe(second.child.pid)
  expect((await client.call('app.info', undefined)).pid).toBe(second.child.pid)
  expect(await follower.exited).toBe(20)
  expect(follower.said()).toMatch(/cut off in the middle/)
  const { runs } = await client.call('run.list', { limit: 5 })
  expect(runs.map(({ state }) => state)).toContain('interrupted')
  await client.close()
  expect(await second.end()).toBe(0)
})

test('Ctrl-C in a command cancels the run of the owner, which goes on', async () => {
  const owner = await home.serve()
  const client = (await attach())!
  await clear(client)
  const follower = home.live(['plan', 'run', 'Documents', '--json'])
  await vi.waitFor(
    async () => {
      const { runs } = await client.call('run.list', { limit: 1 })
      expect(runs[0]).toMatchObject({ planName: 'Documents' })
    },
    { timeout: 30_000, interval: 50 },
  )
  const slow = home.live(['plan', 'run', 'Slow'])
  await vi.waitFor(
    async () => {
      const { runs } = await client.call('run.list', { limit: 1 })
      expect(runs[0]).toMatchObject({ planName: 'Slow', askedBy: expect.stringMatching(/^cli/) })
    },
    { timeout: 30_000, interval: 50 },
  )
  slow.child.kill('SIGINT')
  expect(await slow.exited).toBe(130)
  expect(slow.said()).toMatch(/Error: Interrupted\./)
  const { runs } = await client.call('run.list', { limit: 1 })
  expect(runs[0]).toMatchObject({ planName: 'Slow', state: 'cancelled' })
  expect(await follower.exited).toBe(0)
  await client.close()
  expect(owner.child.exitCode).toBe(null)
  expect(await owner.end('SIGINT')).toBe(0)
})

test('alone: Ctrl-C ends the run and the command; meanwhile others attach to it', async () => {
  const slow = home.live(['plan', 'run', 'Slow'])
  const socket = join(home.data, 'holdfast.sock')
  await vi.waitFor(
    async () => {
      const client = await attach()
      expect(client).not.toBe(null)
      await client!.close()
    },
    { timeout: 30_000, interval: 50 },
  )
  const status = await home.run(['status'])
  expect(status).toMatchObject({ code: 0 })
  expect(status.stdout).not.toContain('does not run in the background')
  slow.child.kill('SIGINT')
  expect(await slow.exited).toBe(130)
  expect(existsSync(socket)).toBe(false)
})

test('one secret link for a browser, and the token where it was asked for', async () => {
  const owner = await home.serve()
  const [said] = jsonLines(owner.said().split('\n')[0]!)
  const link = said!['link'] as string
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//)
  const answer = await fetch(link, { redirect: 'manual' })
  expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly/i)
  expect((await fetch(link, { redirect: 'manual' })).headers.get('set-cookie')).toBe(null)
  expect(await owner.end()).toBe(0)
})

const { test: linuxTest } = needs('linux')
linuxTest('two `serve` at the same moment: one owner', async () => {
  const both = [0, 1].map(() => home.live(['serve', '--listen', '0', '--json']))
  const ends = both.map(({ exited }) => exited)
  const loser = await Promise.race(ends)
  expect(loser).toBe(37)
  const winner = both.find(({ child }) => child.exitCode === null)!
  await winner.until(/"serving"/)
  winner.child.kill('SIGTERM')
  expect(await winner.exited).toBe(0)
})
