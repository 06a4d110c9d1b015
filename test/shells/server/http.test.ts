import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test, vi } from 'vitest'
import { startServer } from '../../../src/main/shells/server/http.ts'
import { needs } from '../../support/needs.ts'
import { tempDir } from '../../support/tmp.ts'
import { fakeApp, status } from './fake-app.ts'
import { ask, bearer, call, serving, signedIn, token, version } from './serving.ts'

test('it listens on loopback unless told otherwise, and then it warns', async () => {
  const { server } = await serving()
  expect(server).toMatchObject({ address: { host: '127.0.0.1' }, warning: null })
  expect(server.url).toBe(`http://127.0.0.1:${server.address.port}/`)
  const named = await serving({ listen: { host: 'localhost', port: 0 } })
  expect(named.server).toMatchObject({ address: { host: '127.0.0.1' }, warning: null })
  const open = await serving({ listen: { host: '0.0.0.0', port: 0 } })
  expect(open.server.warning).toMatch(/Other machines can reach .* Without TLS/)
  expect((await ask(open.server, '/health')).status).toBe(200)
})

test('a port that is taken, an address that is not ours and a weak token are told', async () => {
  const { server } = await serving()
  const fake = fakeApp()
  const start = (more: object) =>
    startServer({ app: fake.app, listen: { port: 0 }, token, version, assets: null, now: () => 0, ...more })
  await expect(start({ listen: { port: server.address.port } })).rejects.toMatchObject({ code: 'conflict' })
  await expect(start({ listen: { host: '192.0.2.1', port: 0 } })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  await expect(start({ token: 'short' })).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(start({ assets: tempDir() })).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(start({ tls: { cert: 'x', key: 'y' } })).rejects.toMatchObject({ code: 'invalid_input' })
  expect(fake.listeners()).toBe(0)
})

test('closing lets an open call finish, and takes no other', async () => {
  const { promise, resolve } = Promise.withResolvers<typeof status>()
  const { server, calls } = await serving({ graceMs: 60_000 }, fakeApp({ 'app.status': () => promise }))
  const open = call(server, 'app.status')
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  let closed = false
  const closing = server.close().then(() => (closed = true))
  await expect(call(server, 'plan.list')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(closed).toBe(false)
  resolve(status)
  expect((await open).json()).toEqual(status)
  await closing
  expect(calls).toHaveLength(1)
})

test('a call that was on its way when the server began to close is refused in words', async () => {
  const { promise, resolve } = Promise.withResolvers<typeof status>()
  const { server, calls } = await serving({ graceMs: 60_000 }, fakeApp({ 'app.status': () => promise }))
  const socket = connect(server.address.port, '127.0.0.1')
  socket.write('POST /api/plan.list HTTP/1.1\r\n')
  const open = call(server, 'app.status')
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  const closing = server.close()
  socket.write(
    `Host: 127.0.0.1:${server.address.port}\r\nAuthorization: ${bearer.authorization}\r\nContent-Length: 0\r\n\r\n`,
  )
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1.1 503 /)
  expect(head.toLowerCase()).toContain('\r\nconnection: close')
  expect(JSON.parse(body)).toMatchObject({ code: 'backend_unreachable' })
  resolve(status)
  expect((await open).status).toBe(200)
  await closing
  expect(calls).toHaveLength(1)
})

test('a call that does not end is cut off when its time is up', async () => {
  const never = new Promise(() => {})
  const { server, calls } = await serving({ graceMs: 50 }, fakeApp({ 'app.status': () => never }))
  const open = call(server, 'app.status').catch((error: NodeJS.ErrnoException) => error.code)
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  await server.close()
  expect(await open).toBe('ECONNRESET')
  await server.close() // closing what is closed does no harm
})

test('without a built window the start page says so', async () => {
  const { server } = await serving()
  const page = await ask(server, '/', { headers: { cookie: await signedIn(server) } })
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.text).toContain('The window is not built into this server')
  expect(page.text).toContain('href="/docs"')
})

test('a built window is served, and its own routes lead to it', async () => {
  const outside = tempDir()
  const assets = join(outside, 'window')
  mkdirSync(join(assets, 'assets'), { recursive: true })
  writeFileSync(join(assets, 'index.html'), '<!doctype html>the window')
  writeFileSync(join(assets, 'assets', 'main-1.js'), 'start()')
  writeFileSync(join(assets, '.env'), 'secret')
  writeFileSync(join(outside, 'secret.txt'), 'secret')
  const { server } = await serving({ assets })
  const cookie = await signedIn(server)
  const get = (path: string, accept = 'text/html') => ask(server, path, { headers: { cookie, accept } })

  expect((await get('/')).text).toContain('the window')
  expect((await get('/plans/1')).text).toContain('the window')
  const script = await get('/assets/main-1.js', '*/*')
  expect([script.status, script.text]).toEqual([200, 'start()'])
  expect(script.headers['content-type']).toMatch(/javascript/)
  expect(script.headers['content-security-policy']).toMatch(/^default-src 'self'/)

  expect((await get('/assets/none.js', '*/*')).json()).toMatchObject({ code: 'not_found' })
  expect((await get('/api/none')).json()).toMatchObject({ code: 'not_found' })
  for (const path of [
    '/.env',
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%5c..%5csecret.txt',
  ])
    expect([path, (await get(path)).text]).not.toEqual([path, expect.stringContaining('secret')])

  for (const path of ['/', '/plans/1', '/assets/main-1.js'])
    expect((await ask(server, path)).status).toBe(401)
})

const { test: testTls } = needs('openssl')
testTls('over TLS the cookie is for TLS only', async () => {
  const folder = tempDir()
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost ' +
    '-addext subjectAltName=IP:127.0.0.1'
  execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const ca = readFileSync(cert, 'utf8')
  const { server } = await serving({ tls: { cert: ca, key: readFileSync(key) } })
  expect(server.url).toMatch(/^https:/)
  const { status, headers } = await ask(server, server.link(), { ca })
  expect(status).toBe(303)
  expect(headers['set-cookie']?.[0]).toMatch(/; Secure$/)
  expect(headers['strict-transport-security']).toBeUndefined()
  const origin = server.url.slice(0, -1)
  const own = { method: 'POST', ca, headers: { ...bearer, origin } }
  expect((await ask(server, '/api/plan.list', own)).status).toBe(200)
  const plain = { ...own, headers: { ...bearer, origin: origin.replace('https', 'http') } }
  expect((await ask(server, '/api/plan.list', plain)).status).toBe(403)
})
