import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ask, bearer, call, fromOwnPage, serving, signedIn, token, version } from './serving.ts'
import { id } from './fake-app.ts'

const foreignPort = (url: string) => url.replace(/:\d+\/$/, ':1')

const stop = { runs: 'cancel' }

test.each<[string, Record<string, string>, number]>([
  ['nothing', {}, 401],
  ['a wrong token', { authorization: 'Bearer wrong' }, 401],
  ['the token and more', { authorization: `Bearer ${token}x` }, 401],
  ['part of the token', { authorization: `Bearer ${token.slice(0, -1)}` }, 401],
  ['no token at all', { authorization: 'Bearer ' }, 401],
  ['the token as a password', { authorization: `Basic ${btoa(`x:${token}`)}` }, 401],
  ['the token as a cookie', { cookie: `holdfast=${token}` }, 401],
  ['a foreign Host', { ...bearer, host: 'evil.example' }, 403],
  ['a Host that begins like ours', { ...bearer, host: '127.0.0.1.evil.example' }, 403],
  ['our name on another port', { ...bearer, host: 'localhost:1' }, 403],
  ['our name without a port', { ...bearer, host: 'localhost' }, 403],
  ['a foreign Origin', { ...bearer, origin: 'https://evil.example' }, 403],
  ['a null Origin', { ...bearer, origin: 'null' }, 403],
  ['an empty Origin', { ...bearer, origin: '' }, 403],
  ['a page of another site', { ...bearer, 'sec-fetch-site': 'cross-site' }, 403],
  ['a page on another port', { ...bearer, 'sec-fetch-site': 'same-site' }, 403],
])('with %s nothing gets in', async (_, headers, status) => {
  const { server, calls, audited } = await serving()
  const answer = await call(server, 'app.stop', stop, headers)
  expect(answer.status).toBe(status)
  expect(answer.json()).toEqual({
    code: status === 401 ? 'unauthorized' : 'forbidden',
    message: expect.any(String),
    hint: expect.any(String),
  })
  for (const path of [
    '/api/events',
    '/openapi.json',
    '/docs',
    '/docs/json',
    '/admin/backup/status',
    '/',
    '/none',
  ])
    expect([path, (await ask(server, path, { headers })).status]).toEqual([path, status])
  expect([calls, audited]).toEqual([[], []])
})

test('the origin of another port of this machine is foreign', async () => {
  const { server, calls } = await serving()
  const answer = await call(server, 'app.stop', stop, { ...bearer, origin: foreignPort(server.url) })
  expect(answer.status).toBe(403)
  expect(calls).toEqual([])
})

test('a request without Host is refused', async () => {
  const { server } = await serving()
  const socket = connect(server.address.port, '127.0.0.1')
  socket.end(`GET /health HTTP/1.0\r\n\r\n`)
  expect(await text(socket)).toContain(' 403 ')
})

test('what is not HTTP gets an answer of the same shape', async () => {
  const { server } = await serving()
  const socket = connect(server.address.port, '127.0.0.1')
  socket.write('nonsense\r\n\r\n')
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1.1 400 /)
  expect(JSON.parse(body)).toMatchObject({ code: 'invalid_input' })
})

test.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])('%s is a name of ours', async name => {
  const { server, calls } = await serving()
  const host = `${name}:${server.address.port}`
  const answer = await call(server, 'plan.list', undefined, { ...bearer, host, origin: `http://${host}` })
  expect(answer.status).toBe(200)
  expect(calls).toHaveLength(1)
})

test('further names are taken when they are named', async () => {
  const { server } = await serving({ allowedHosts: ['backup.example', 'localhost:9999'] })
  const status = async (host: string, origin: string) =>
    (await call(server, 'plan.list', undefined, { ...bearer, host, origin })).status
  const { port } = server.address
  expect(await status('backup.example', 'https://backup.example')).toBe(200)
  expect(await status(`backup.example:${port}`, `http://backup.example:${port}`)).toBe(200)
  expect(await status('localhost:9999', 'http://localhost:9999')).toBe(200)
  expect(await status('backup.example:1', 'http://backup.example:1')).toBe(403)
  expect(await status('backup.example', 'https://other.example')).toBe(403)
  expect(await status(`localhost:${port}`, 'https://backup.example')).toBe(403)
})

test('/health needs no token and tells nothing else', async () => {
  const { server, calls } = await serving()
  const answer = await ask(server, '/health')
  expect([answer.status, answer.json()]).toEqual([200, { status: 'ok', version }])
  expect(calls).toEqual([])
  expect((await ask(server, '/health', { headers: { host: 'evil.example' } })).status).toBe(403)
})

test('a link signs a browser in, once', async () => {
  const { server, calls } = await serving()
  const link = server.link()
  const first = await ask(server, link)
  expect([first.status, first.headers.location]).toEqual([303, '/'])
  expect(first.headers['set-cookie']).toEqual([
    expect.stringMatching(/^holdfast-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
  ])
  const second = await ask(server, link)
  expect([second.status, second.headers['set-cookie']]).toEqual([401, undefined])

  const cookie = first.headers['set-cookie']![0]!.split(';')[0]!
  expect((await ask(server, '/', { headers: { cookie } })).status).toBe(200)
  const answer = await call(server, 'plan.list', undefined, { cookie, ...fromOwnPage(server) })
  expect(answer.status).toBe(200)
  expect(calls).toMatchObject([{ name: 'plan.list', who: 'browser' }])
})

test('a link lapses, and a link made up is none', async () => {
  const { server, clock } = await serving()
  const link = server.link()
  clock.nowMs += 5 * 60_000
  expect((await ask(server, link)).status).toBe(401)
  expect((await ask(server, '/?ticket=')).status).toBe(401)
  expect((await ask(server, `/?ticket=${token}`)).status).toBe(401)
})

test('a cookie alone calls nothing: the call must say that it is meant', async () => {
  const { server, calls } = await serving()
  const cookie = await signedIn(server)
  const page = fromOwnPage(server)
  const { origin: _, ...noOrigin } = page
  const { 'x-holdfast': __, ...noHeader } = page
  for (const headers of [
    noOrigin,
    noHeader,
    {},
    { ...page, origin: 'null' },
    { ...page, 'x-holdfast': '0' },
  ]) {
    const answer = await call(server, 'app.stop', stop, { cookie, ...headers })
    expect([answer.status, answer.json()]).toMatchObject([403, { code: 'forbidden' }])
  }
  expect(calls).toEqual([])
  expect((await call(server, 'app.stop', stop, { cookie, ...page })).status).toBe(204)
  expect(calls).toHaveLength(1)
})

test('a wrong token is not made good by a cookie', async () => {
  const { server, calls } = await serving()
  const cookie = await signedIn(server)
  const headers = { cookie, ...fromOwnPage(server), authorization: 'Bearer wrong' }
  expect((await call(server, 'plan.list', undefined, headers)).status).toBe(401)
  expect(calls).toEqual([])
})

test('a session goes on while it is used, ends when it is not, and ends when it is told to', async () => {
  const { server, clock } = await serving()
  const cookie = await signedIn(server)
  const status = async () => (await ask(server, '/', { headers: { cookie } })).status
  for (let hours = 0; hours < 100; hours += 11) {
    expect(await status()).toBe(200)
    clock.nowMs += 11 * 3_600_000
  }
  clock.nowMs += 2 * 3_600_000
  const late = await ask(server, '/', { headers: { cookie } })
  expect(late.status).toBe(401)
  expect(late.headers['set-cookie']?.[0]).toContain('Max-Age=0') // the browser needs to show it no more

  const next = await signedIn(server)
  const out = await ask(server, '/sign-out', {
    method: 'POST',
    headers: { cookie: next, ...fromOwnPage(server) },
  })
  expect(out.status).toBe(204)
  expect((await ask(server, '/', { headers: { cookie: next } })).status).toBe(401)
})

test('a person without a session gets a page to sign in by the token', async () => {
  const { server } = await serving()
  const page = await ask(server, '/', { headers: { accept: 'text/html' } })
  expect([page.status, page.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8'])
  expect(page.text).toContain('<form method="post" action="/sign-in">')

  const send = (body: string, more = {}) =>
    ask(server, '/sign-in', {
      method: 'POST',
      headers: {
        origin: server.url.slice(0, -1),
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'text/html',
        ...more,
      },
      body,
    })
  const wrong = await send('token=wrong')
  expect([wrong.status, wrong.headers['set-cookie']]).toEqual([401, undefined])
  expect((await send('')).status).toBe(401)
  expect((await send(`token=${token}`, { origin: 'https://evil.example' })).status).toBe(403)
  const right = await send(`token=${token}`)
  expect([right.status, right.headers.location]).toEqual([303, '/'])
  const cookie = right.headers['set-cookie']![0]!.split(';')[0]!
  expect((await ask(server, '/', { headers: { cookie } })).status).toBe(200)
})

test('behind TLS the cookie goes over TLS only', async () => {
  const { server } = await serving({ allowedHosts: ['backup.example'] })
  const headers = { host: 'backup.example', 'x-forwarded-proto': 'https' }
  const { headers: got } = await ask(server, server.link(), { headers })
  expect(got['set-cookie']?.[0]).toMatch(/; Secure$/)
})

test('who guesses is held up; who knows comes in all the same', async () => {
  const { server, calls } = await serving()
  const wrong = { authorization: 'Bearer wrong' }
  const statuses: number[] = []
  for (let i = 0; i < 20; i++) statuses.push((await call(server, 'plan.list', undefined, wrong)).status)
  expect(statuses).toEqual(Array<number>(20).fill(401))

  const late = await call(server, 'plan.list', undefined, wrong)
  expect([late.status, late.json()]).toMatchObject([429, { code: 'too_many_calls' }])
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  expect((await ask(server, '/?ticket=wrong')).status).toBe(429)
  expect(calls).toEqual([])

  expect((await call(server, 'plan.list')).status).toBe(200)
  expect((await ask(server, server.link())).status).toBe(303)
  expect((await call(server, 'plan.list', undefined, {})).status).toBe(401) // shows nothing, guesses nothing
})

test('a flood is held up, whoever sends it', async () => {
  const { server } = await serving({ callsPerSecond: 1 })
  for (;;) {
    const { status, headers } = await call(server, 'plan.get', { id })
    if (status === 200) continue
    expect([status, headers['retry-after']]).toEqual([429, '1'])
    return
  }
})

test('every answer forbids to frame, to sniff and to store, and names no software', async () => {
  const { server } = await serving()
  const cookie = await signedIn(server)
  for (const path of ['/', '/docs', '/openapi.json', '/health', '/none', '/admin/backup/status']) {
    for (const headers of [{ cookie }, {}, { host: 'evil.example' }]) {
      const got = (await ask(server, path, { headers })).headers
      expect(got).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(got['content-security-policy']).toMatch(/default-src '(self|none)'.*frame-ancestors 'none'/)
      // Of styles alone: scripts come from files of ours, or not at all.
      expect(
        String(got['content-security-policy']).replace("style-src 'self' 'unsafe-inline'", ''),
      ).not.toContain('unsafe')
      expect(Object.keys(got).filter(name => /^(server|x-powered-by|access-control-.*)$/.test(name))).toEqual(
        [],
      )
    }
  }
})
