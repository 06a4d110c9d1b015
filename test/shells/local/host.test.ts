import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openApp, type Hosting, type Opened } from '../../../src/main/shells/local/host.ts'
import { createOwnerLog } from '../../../src/main/shells/local/owner-log.ts'
import { createStatusFile } from '../../../src/main/shells/local/status-file.ts'
import type { Status } from '../../../src/shared/entities/application.ts'
import { tempDir } from '../../support/tmp.ts'
import { here } from './serving.ts'

async function open(dataDirectory: string, more: Partial<Hosting> = {}): Promise<Opened> {
  const opened = await openApp({
    dataDirectory,
    host: 'server',
    surroundings: here,
    environment: { PATH: process.env['PATH'], HOLDFAST_VAULT: 'file' },
    hostname: 'atlas',
    username: 'ada',
    home: dataDirectory,
    version: '1.2.3',
    pid: process.pid,
    now: () => new Date().getTime(),
    who: 'cli ada',
    attach: true,
    listens: true,
    notice: () => undefined,
    signal: new AbortController().signal,
    ...more,
  })
  onTestFinished(() => opened.close('cancel'))
  return opened
}

test('the first becomes the owner, the others attach; when it ends, the next takes over', async () => {
  const data = join(tempDir('host'), 'data')
  const owner = await open(data)
  expect(owner.app).not.toBe(null)
  const attached = await open(data, { host: 'cli' })
  expect(attached.app).toBe(null)
  expect(await attached.client.call('app.info', undefined)).toMatchObject({ host: 'server' })
  await attached.close('finish')
  expect(await owner.client.call('app.info', undefined)).toMatchObject({ host: 'server' }) // it goes on
  await owner.close('finish')
  expect((await open(data)).app).not.toBe(null)
})

test('who does not want to attach is refused, and told who runs', async () => {
  const data = join(tempDir('host'), 'data')
  await open(data)
  await expect(open(data, { attach: false })).rejects.toMatchObject({
    code: 'already_running',
    message: expect.stringContaining(`process ${process.pid}`),
    hint: expect.any(String),
  })
})

test('who has to be the owner waits for a command that is it for now', async () => {
  const data = join(tempDir('host'), 'data')
  const command = await open(data, { host: 'cli' })
  const told: string[] = []
  const service = open(data, { attach: false, notice: text => told.push(text) })
  await vi.waitFor(() => expect(told).toEqual([expect.stringContaining(`process ${process.pid}`)]), 20_000)
  await command.close('finish')
  expect((await service).app).not.toBe(null)
})

test('an owner that does not listen is waited for', async () => {
  const data = join(tempDir('host'), 'data')
  const brief = await open(data, { host: 'cli', listens: false })
  const next = open(data)
  await brief.close('finish')
  expect((await next).app).not.toBe(null)
})

test('waiting for an owner ends with Ctrl-C', async () => {
  const data = join(tempDir('host'), 'data')
  await open(data, { host: 'cli', listens: false })
  const interrupt = new AbortController()
  const next = open(data, { signal: interrupt.signal })
  interrupt.abort(new Error('interrupted'))
  const error = await next.then(
    () => null,
    (error: Error) => error,
  )
  expect(['AbortError', 'Error']).toContain(error?.name) // not `already_running`: that would be patience run out
})

test('a catalogue that was rescued is told, and logged', async () => {
  const data = join(tempDir('host'), 'data')
  await (await open(data)).close('finish')
  const catalogue = join(data, 'catalogue.db')
  const bytes = readFileSync(catalogue)
  writeFileSync(catalogue, bytes.fill(0xff, 4096, 3 * 4096))
  const told: string[] = []
  await open(data, { notice: text => told.push(text) })
  expect(told).toEqual([expect.stringMatching(/damaged/)])
  const [day] = readdirSync(join(data, 'logs'))
  expect(readFileSync(join(data, 'logs', day!), 'utf8')).toContain(JSON.stringify(told[0]))
})

test('status.json and the log tell of an owner, and that it ended', async () => {
  const data = join(tempDir('host'), 'data')
  const owner = await open(data)
  const read = () => JSON.parse(readFileSync(join(data, 'status.json'), 'utf8')) as object
  await vi.waitFor(
    () => expect(read()).toMatchObject({ owner: { pid: process.pid }, state: 'not-set-up' }),
    5000,
  )
  await owner.close('finish')
  expect(read()).toMatchObject({ owner: null, state: 'not-set-up', version: '1.2.3' })
  expect(statSync(join(data, 'status.json')).mode & 0o777).toBe(0o600)
  expect(readdirSync(data).filter(name => name.startsWith('status'))).toEqual(['status.json'])
  const [day] = readdirSync(join(data, 'logs'))
  const lines = readFileSync(join(data, 'logs', day!), 'utf8')
    .trim()
    .split('\n')
  expect(lines.map(line => (JSON.parse(line) as { what: string }).what)).toEqual(['started', 'ended'])
})

test('a command that hosts the application for a moment leaves no trace of that', async () => {
  const data = join(tempDir('host'), 'data')
  const command = await open(data, { host: 'cli', listens: false })
  await command.client.call('app.status', undefined)
  await command.close('finish')
  expect(existsSync(join(data, 'logs'))).toBe(false)
  expect(existsSync(join(data, 'status.json'))).toBe(false)
  expect(existsSync(join(data, 'holdfast.sock'))).toBe(false)
})

const status = (revision: number): Status => ({
  revision,
  state: 'gaps',
  sentence: `No. ${revision}`,
  plans: [],
  runningRunIds: [],
})

test('status.json: the newest wins, an ended owner does not speak over the next, a failure is told once', () => {
  const folder = tempDir('status')
  const failures: string[] = []
  const make = (dataDirectory: string, pid: number) =>
    createStatusFile({ dataDirectory, version: '1', pid, now: () => 7, failed: text => failures.push(text) })
  const read = () => JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8')) as object
  const first = make(folder, 1)
  first.take(status(2))
  first.take(status(1))
  first.end()
  expect(read()).toEqual({ writtenAtMs: 7, version: '1', owner: null, ...status(2) })

  writeFileSync(join(folder, 'status.json'), JSON.stringify({ owner: { pid: 2 }, ...status(9) }))
  first.take(status(3))
  first.end()
  expect(read()).toMatchObject({ owner: { pid: 2 }, revision: 9 })

  writeFileSync(join(folder, 'file'), '')
  const nowhere = make(join(folder, 'file'), 3)
  nowhere.take(status(1))
  nowhere.end()
  nowhere.end()
  expect(failures).toEqual([expect.stringContaining('status.json could not be written')])
})

test('the log: a file a day, and old days go', () => {
  const folder = tempDir('log')
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  for (const name of ['2020-01-01.jsonl', '2026-03-01.jsonl', 'mine.txt']) writeFileSync(join(logs, name), '')
  let now = new Date(2026, 2, 10, 12).getTime()
  const log = createOwnerLog({
    dataDirectory: folder,
    pid: 1,
    now: () => now,
    failed: () => expect.unreachable(),
  })
  log.keepDays(30)
  expect(readdirSync(logs)).toEqual(['2026-03-01.jsonl', 'mine.txt'])
  log.write('info', 'one', { plan: 'a\nb' })
  now += 86_400_000
  log.write('warning', 'two')
  expect(readdirSync(logs)).toEqual(['2026-03-01.jsonl', '2026-03-10.jsonl', '2026-03-11.jsonl', 'mine.txt'])
  const line = readFileSync(join(logs, '2026-03-10.jsonl'), 'utf8')
  expect(JSON.parse(line)).toMatchObject({ level: 'info', what: 'one', plan: 'a\nb', pid: 1 })
  expect(line.split('\n')).toHaveLength(2)
  expect(statSync(join(logs, '2026-03-10.jsonl')).mode & 0o777).toBe(0o600)
  now += 25 * 86_400_000
  log.write('info', 'three')
  expect(readdirSync(logs)).not.toContain('2026-03-01.jsonl')
})

test('a log that cannot be written is told once, and stops nothing', () => {
  const folder = tempDir('log')
  writeFileSync(join(folder, 'logs'), 'a file')
  const told: string[] = []
  const log = createOwnerLog({ dataDirectory: folder, pid: 1, now: () => 0, failed: text => told.push(text) })
  log.write('info', 'one')
  log.write('info', 'two')
  expect(told).toEqual([expect.stringContaining('could not be written')])
})
