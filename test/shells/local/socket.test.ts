import { existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectSocket, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { connect } from '../../../src/main/shells/local/connect.ts'
import { insideClient } from '../../../src/main/shells/local/inside.ts'
import { encode, type ClientFrame } from '../../../src/main/shells/local/wire.ts'
import type { AnyEvent, Client } from '../../../src/shared/contract.ts'
import type { Settings } from '../../../src/shared/entities/application.ts'
import { tempDir } from '../../support/tmp.ts'
import { application } from '../../services/application.ts'
import { client, serve } from './serving.ts'

/** Machines may be busy. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 20_000 })

async function start() {
  const made = await application()
  return { ...made, data: join(made.folder, 'data') }
}

/** What a subscriber heard, the link included. */
function hear(from: Client): { said: string[]; stop: () => void } {
  const said: string[] = []
  const stop = from.subscribe(event => said.push(event.name), {
    onConnect: () => said.push('connected'),
    onLost: () => said.push('lost'),
  })
  return { said, stop }
}

test.each(['socket', 'inside'] as const)(
  '%s: calls are answered, failures keep code and next step',
  async how => {
    const { app, data } = await start()
    await serve(app, data)
    const ada = how === 'socket' ? await client(data) : insideClient(app, { who: 'cli ada' })
    expect(await ada.call('app.info', undefined)).toMatchObject({ host: 'server', hostname: 'atlas' })
    expect(await ada.call('app.pause', { until: 5 })).toMatchObject({ pausedUntilMs: 5 })
    await expect(ada.call('plan.get', { id: '00000000-0000-4000-8000-000000000000' })).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.any(String),
    })
    await expect(ada.call('plan.get', { id: 'x' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(ada.call('plan.fly' as 'plan.list', undefined)).rejects.toMatchObject({ code: 'not_found' })
    expect((await ada.call('audit.list', {}))[0]).toMatchObject({ who: 'cli ada', action: 'app.pause' })
  },
)

test.each(['socket', 'inside'] as const)(
  '%s: events are heard from the first instant until nobody wants them',
  async how => {
    const { app, data } = await start()
    await serve(app, data)
    const ada = how === 'socket' ? await client(data) : insideClient(app, { who: 'cli ada' })
    const first = hear(ada)
    const second = hear(ada)
    await eventually(() => expect(first.said).toEqual(['connected']))
    await ada.call('app.pause', { until: 5 })
    await eventually(() => expect(first.said).toContain('settings.changed'))
    expect(second.said).toEqual(first.said)
    second.stop()
    first.stop()
    const before = [...first.said]
    await ada.call('app.resume', undefined)
    await ada.call('settings.get', undefined)
    expect(first.said).toEqual(before)
  },
)

test('many clients at a time, each hears its own answers and all events', async () => {
  const { app, data } = await start()
  const listening = await serve(app, data)
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => client(data, `cli ${i}`)))
  const heard = clients.map(hear)
  const answers = await Promise.all(
    clients.flatMap(each => Array.from({ length: 20 }, () => each.call('app.info', undefined))),
  )
  expect(answers.every(({ pid }) => pid === process.pid)).toBe(true)
  expect(listening.clients()).toBe(20)
  await clients[0]!.call('app.pause', { until: 'forever' })
  await eventually(() => {
    for (const { said } of heard) expect(said).toContain('settings.changed')
  })
})

test('the socket is its owner’s alone, and goes with it', async () => {
  const { app, data } = await start()
  const listening = await serve(app, data)
  const path = join(data, 'holdfast.sock')
  expect(lstatSync(path).isSocket()).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await listening.close()
  expect(existsSync(path)).toBe(false)
  expect(await connect({ find: () => path, who: 'cli' })).toBe(null)
})

test('a socket that a dead owner left is nobody, and is replaced', async () => {
  const { app, data } = await start()
  const path = join(data, 'holdfast.sock')
  writeFileSync(`${path}.77`, '') // it died before its socket was ready
  const first = await serve(app, data, 1)
  // A second one in its place, as after kill -9 of the first: its file was never removed.
  const second = await serve(app, data, 2)
  expect(await (await client(data)).call('app.info', undefined)).toMatchObject({ hostname: 'atlas' })
  await first.close()
  expect(lstatSync(path).isSocket()).toBe(true) // what another owner put there stays
  expect(await (await client(data)).call('settings.get', undefined)).toBeDefined()
  await second.close()
  expect(readdirSync(data).filter(name => name.includes('sock'))).toEqual([])
})

test('a data directory whose path is too long for a socket', async () => {
  const { app, folder } = await start()
  const data = join(folder, 'long'.repeat(40))
  mkdirSync(data)
  const listening = await serve(app, data)
  const path = readlinkSync(join(data, 'holdfast.sock'))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  const ada = await client(data)
  expect(await ada.call('app.info', undefined)).toMatchObject({ hostname: 'atlas' })
  await listening.close()
  expect(existsSync(path)).toBe(false)
  expect(lstatSync(join(data, 'holdfast.sock'), { throwIfNoEntry: false })).toBe(undefined)
})

test('a lost link: the call under way says so, and the next owner is found and loaded anew', async () => {
  const { app, data } = await start()
  const never = Promise.withResolvers<Settings>()
  onTestFinished(() => never.resolve(app.api['settings.get'](undefined, { who: '' }) as Settings))
  const asked = Promise.withResolvers<void>()
  const stuck = {
    ...app,
    api: { ...app.api, 'settings.get': () => (asked.resolve(), never.promise) },
  }
  const first = await serve(stuck, data)
  const ada = await client(data)
  const { said } = hear(ada)
  const call = ada.call('settings.get', undefined)
  call.catch(() => {})
  await asked.promise
  await first.close()
  await expect(call).rejects.toMatchObject({ code: 'backend_unreachable', hint: expect.any(String) })
  await eventually(() => expect(said).toEqual(['connected', 'lost']))
  await expect(ada.call('app.info', undefined)).rejects.toMatchObject({ code: 'backend_unreachable' })

  await serve(app, data)
  await eventually(() => expect(said).toEqual(['connected', 'lost', 'connected']))
  await ada.call('app.pause', { until: 5 })
  await eventually(() => expect(said).toContain('settings.changed'))
})

test('a client that does not read its events is cut off; others do not notice', async () => {
  const { app, data } = await start()
  const publish: ((event: AnyEvent) => void)[] = []
  const noisy = {
    ...app,
    subscribe: (listener: (event: AnyEvent) => void) => {
      publish.push(listener)
      return () => void publish.splice(publish.indexOf(listener), 1)
    },
  }
  const listening = await serve(noisy, data)
  const ada = await client(data)
  const { said } = hear(ada)
  const deaf = connectSocket(join(data, 'holdfast.sock'))
  onTestFinished(() => void deaf.destroy())
  const cut = new Promise(resolve => deaf.on('close', resolve))
  deaf.pause()
  deaf.write(encode({ kind: 'hello', protocol: 1, who: 'deaf' }))
  deaf.write(encode({ kind: 'events', wanted: true }))
  await eventually(() => expect(publish.length).toBe(2))
  const event: AnyEvent = {
    name: 'vault.changed',
    value: { kind: 'keychain', state: 'open', explanation: 'x'.repeat(500_000) },
  }
  let sent = 0
  while (publish.length > 1) {
    for (const listener of publish) listener(event)
    sent += 1
    expect(sent).toBeLessThan(100)
    await eventually(() => expect(said.length).toBe(sent + 1))
  }
  expect(await ada.call('app.info', undefined)).toMatchObject({ hostname: 'atlas' })
  expect(listening.clients()).toBe(1)
  deaf.resume()
  await cut
})

const say = (data: string, frames: (ClientFrame | Buffer)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connectSocket(join(data, 'holdfast.sock'))
    let heard = ''
    socket.on('data', part => (heard += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(heard))
    for (const frame of frames) socket.write(Buffer.isBuffer(frame) ? frame : encode(frame))
  })

test.each<[string, (ClientFrame | Buffer)[], string]>([
  ['a call without a greeting', [{ kind: 'call', id: 1, name: 'app.info' }], 'unauthorized'],
  ['events without a greeting', [{ kind: 'events', wanted: true }], 'unauthorized'],
  ['another version', [{ kind: 'hello', protocol: 99, who: 'x' }], 'conflict'],
  ['no frame', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], 'invalid_input'],
])('%s is refused, and the connection ended', async (_name, frames, code) => {
  const { app, data } = await start()
  await serve(app, data)
  const lines = (await say(data, frames))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as object)
  expect(lines).toEqual([
    { kind: 'refused', error: expect.objectContaining({ code, message: expect.any(String) }) },
  ])
  expect(await (await client(data)).call('app.info', undefined)).toBeDefined()
})

test('whoever is behind the socket but is no Holdfast of this kind is told, not believed', async () => {
  const folder = tempDir('foreign')
  const path = join(folder, 'holdfast.sock')
  const answers = ['{"kind":"hello","protocol":99,"version":"9.0.0","pid":1}\n', 'what?\n']
  for (const [i, answer] of answers.entries()) {
    const server = createServer(socket => void socket.resume().write(answer))
    await new Promise<void>(resolve => server.listen(path, resolve))
    const code = ['conflict', 'invalid_input'][i]
    await expect(connect({ find: () => path, who: 'cli' })).rejects.toMatchObject({ code })
    await new Promise<void>(resolve => server.close(() => resolve()))
  }
})

test('a closed client forgets its listeners, and what was asked is told', async () => {
  const { app, data } = await start()
  const listening = await serve(app, data)
  const ada = await client(data)
  const { said } = hear(ada)
  await eventually(() => expect(said).toEqual(['connected']))
  const call = ada.call('app.info', undefined)
  call.catch(() => {})
  await ada.close()
  await expect(call).rejects.toMatchObject({ code: 'cancelled' })
  await eventually(() => expect(listening.clients()).toBe(0))
  expect(said).toEqual(['connected'])
})
