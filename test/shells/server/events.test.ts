import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, expect, test, vi } from 'vitest'
import type { AnyEvent } from '../../../src/shared/contract.ts'
import type { Server } from '../../../src/main/shells/server/http.ts'
import { run, status } from './fake-app.ts'
import { ask, bearer, serving, signedIn } from './serving.ts'

afterEach(() => void vi.useRealTimers())

/** Connects and waits until the server has it among its readers. */
async function listen(server: Server, headers: Record<string, string> = bearer) {
  const request = get(new URL('/api/events', server.url), { agent: false, headers })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.setEncoding('utf8')
  let text = ''
  response.on('data', (piece: string) => (text += piece))
  const ended = new Promise<void>(resolve => {
    response.on('end', resolve)
    response.on('error', () => resolve())
  })
  const until = async (part: string) => {
    while (!text.includes(part)) await once(response, 'data')
  }
  await until(':\n\n')
  const received = async (length: number) => {
    while (text.length < length) await once(response, 'data')
  }
  return { response, ended, until, received, text: () => text }
}

const changed = (value: Partial<typeof run>): AnyEvent => ({
  name: 'run.changed',
  value: { ...run, ...value },
})

test('every reader hears every event, as the contract has it', async () => {
  const { server, emit } = await serving()
  const readers = await Promise.all(Array.from({ length: 50 }, () => listen(server)))
  emit(changed({ revision: 7, command: 'a\nb', extra: 'not in the contract' } as never))
  emit({ name: 'status.changed', value: status })
  for (const { until, text, response } of readers) {
    await until('event: status.changed')
    const [head, first = '', second = ''] = text()
      .split('\n\n')
      .filter(part => part !== ':')
    expect(head).toBe('retry: 1000\n:')
    expect(first).toMatch(/^event: run.changed\ndata: [^\n]+$/)
    expect(JSON.parse(first.split('data: ')[1]!)).toEqual({ ...run, revision: 7, command: 'a\nb' })
    expect(JSON.parse(second.split('data: ')[1]!)).toEqual(status)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
  }
})

test('the application is listened to once, whoever comes and goes, and no more when the server is closed', async () => {
  const { server, listeners, emit } = await serving()
  const one = await listen(server)
  const other = await listen(server)
  expect(listeners()).toBe(1)
  one.response.destroy()
  emit(changed({ revision: 2 }))
  await other.until('event: run.changed')
  await server.close()
  await other.ended
  expect(listeners()).toBe(0)
})

test('a heartbeat every 15 seconds keeps the connection', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { server } = await serving()
  const { until, text } = await listen(server)
  const before = text()
  vi.advanceTimersByTime(14_999)
  vi.advanceTimersByTime(1)
  await until(`${before}:\n\n`)
  vi.advanceTimersByTime(30_000)
  await until(`${before}:\n\n:\n\n:\n\n`)
})

test('a window that stays open keeps its session; one whose session was ended hears no more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { server, clock } = await serving()
  const cookie = await signedIn(server)
  const { ended, until, text } = await listen(server, { cookie })
  for (let hours = 0; hours < 48; hours += 8) {
    const before = text()
    clock.nowMs += 8 * 3_600_000
    vi.advanceTimersByTime(15_000)
    await until(`${before}:\n\n`)
  }
  clock.nowMs += 13 * 3_600_000
  vi.advanceTimersByTime(15_000)
  await ended
})

test('a reader that does not keep up is cut off; the others hear all', async () => {
  const { server, emit } = await serving()
  const slow = await listen(server)
  const quick = await listen(server)
  slow.response.pause()
  const size = 256 * 1024
  const command = 'x'.repeat(size)
  const rounds = 200 // 50 MiB, far more than the system's buffers take
  for (let revision = 1; revision <= rounds; revision++) {
    emit(changed({ revision, command }))
    await quick.received(revision * size)
  }
  slow.response.resume()
  await slow.ended
  expect(slow.text().length).toBeLessThan((rounds / 2) * size)
  await quick.until(`"revision":${rounds},`)
  expect(quick.text().match(/event: run.changed/g)).toHaveLength(rounds)
  await listen(server) // and may come again
})

test('an event that breaks the contract makes all connect anew', async () => {
  const { server, emit } = await serving()
  const { ended, text } = await listen(server)
  emit(changed({ state: 'no such state' } as never))
  await ended
  expect(text()).not.toContain('event:')
})

test('HEAD opens no stream', async () => {
  const { server } = await serving()
  expect((await ask(server, '/api/events', { method: 'HEAD', headers: bearer })).status).toBe(404)
})
