import fc from 'fast-check'
import { expect, test } from 'vitest'
import { methods, type Method } from '../../../src/shared/contract.ts'
import { AppError, failures, type FailureCode } from '../../../src/shared/errors.ts'
import { fakeApp, id, plan } from './fake-app.ts'
import { sampleInput } from '../../support/sample.ts'
import { ask, bearer, call, serving } from './serving.ts'

const names = Object.keys(methods) as Method[]

test.each(names)('%s is there and answers what the application answers', async name => {
  const { server, calls, audited } = await serving()
  const { status, text } = await call(server, name, sampleInput(name))
  expect(status, text).toBe(text === '' ? 204 : 200)
  expect(calls).toMatchObject([{ name, who: 'http' }])
  expect(audited.map(({ action }) => action)).toEqual(methods[name].changes ? [name] : [])
})

test('the value is the value', async () => {
  const { server } = await serving()
  const answer = await call(server, 'plan.get', { id })
  expect(answer.json()).toEqual(plan)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  })
})

test.each<[string, unknown]>([
  ['plan.get', undefined],
  ['plan.get', null],
  ['plan.get', 'text'],
  ['plan.get', { id: 'no id' }],
  ['plan.get', { id, more: 1 }],
  ['plan.list', null],
  ['plan.list', {}],
  ['plan.create', { draft: { name: '' } }],
  ['run.list', { limit: 100_000 }],
])('%s called with %j is refused as such', async (name, input) => {
  const { server, calls } = await serving()
  const answer = await call(server, name, input)
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining(name),
    hint: expect.any(String),
  })
  expect(calls).toEqual([])
})

test.each<[what: string, path: string, options: { method?: string; body?: string }, number, FailureCode]>([
  ['an unknown method', '/api/plan.none', { method: 'POST' }, 404, 'not_found'],
  ['a name every object has', '/api/__proto__', { method: 'POST' }, 404, 'not_found'],
  ['a very long name', `/api/${'a'.repeat(5000)}`, { method: 'POST' }, 414, 'invalid_input'],
  ['a name that is not encoded', '/api/%zz', { method: 'POST' }, 400, 'invalid_input'],
  ['GET instead of POST', '/api/plan.list', { method: 'GET' }, 404, 'not_found'],
  ['DELETE instead of POST', '/api/plan.list', { method: 'DELETE' }, 404, 'not_found'],
  ['another place', '/nowhere', {}, 404, 'not_found'],
  ['half a body', '/api/plan.get', { method: 'POST', body: '{"id"' }, 400, 'invalid_input'],
  ['a prototype', '/api/plan.get', { method: 'POST', body: '{"__proto__":{"a":1}}' }, 400, 'invalid_input'],
  ['9 MB', '/api/plan.apply', { method: 'POST', body: `"${'x'.repeat(9_000_000)}"` }, 413, 'invalid_input'],
])('%s is refused in the same shape', async (_, path, options, status, code) => {
  const { server, calls } = await serving()
  const answer = await ask(server, path, {
    ...options,
    headers: { ...bearer, ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) },
  }).catch((error: NodeJS.ErrnoException) => error)
  if (answer instanceof Error) {
    // a body that is too large is not read to its end: the connection may break before the answer is seen
    expect([status, answer.code]).toEqual([413, expect.stringMatching(/EPIPE|ECONNRESET/)])
  } else {
    expect(answer.status).toBe(status)
    expect(Object.keys(answer.json() as object)).toEqual(['code', 'message', 'hint'])
    expect(answer.json()).toMatchObject({ code })
  }
  expect(calls).toEqual([])
})

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
  'a body that a plain form can send (%s) is refused',
  async type => {
    const { server, calls } = await serving()
    const headers = { ...bearer, 'content-type': type }
    const answer = await ask(server, '/api/plan.get', {
      method: 'POST',
      headers,
      body: JSON.stringify({ id }),
    })
    expect(answer.status).toBe(415)
    expect(answer.json()).toMatchObject({ code: 'invalid_input' })
    expect(calls).toEqual([])
  },
)

test('an empty body of JSON is no input', async () => {
  const { server } = await serving()
  const headers = { ...bearer, 'content-type': 'application/json' }
  expect((await ask(server, '/api/plan.list', { method: 'POST', headers })).status).toBe(200)
})

test('plan.apply takes a file of a million characters, however JSON writes them', async () => {
  const { server, calls } = await serving()
  const answer = await call(server, 'plan.apply', { yaml: '\u0001'.repeat(1_000_000), dryRun: true })
  expect(answer.status).toBe(200)
  expect(calls).toHaveLength(1)
})

test.each(Object.keys(failures) as FailureCode[])('%s has its own status', async code => {
  const fail = () => {
    throw new AppError(code, 'It went wrong.', { hint: 'Do this.' })
  }
  const { server } = await serving({}, fakeApp({ 'plan.list': fail }))
  const answer = await call(server, 'plan.list')
  expect(answer.status).toBe(failures[code].http)
  expect(answer.json()).toEqual({ code, message: 'It went wrong.', hint: 'Do this.' })
  expect(answer.headers['retry-after'] !== undefined).toBe(failures[code].retry)
})

test('no shape of JSON makes the server fail, or reaches a method whose input it is not', async () => {
  const { server, calls } = await serving()
  const shapes = fc.oneof(
    fc.json({ depthSize: 'small' }),
    fc.string(),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), shapes, async (name, body) => {
      calls.length = 0
      const answer = await ask(server, `/api/${name}`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body,
      })
      const taken = answer.status === 200 || answer.status === 204
      expect(taken || (answer.status === 400 && calls.length === 0), `${name} ${answer.status}`).toBe(true)
      if (taken)
        expect(methods[name].input.safeParse(body.length === 0 ? undefined : parse(body)).success).toBe(true)
    }),
    { numRuns: 1500 },
  )
})
const parse = (body: string | Buffer): unknown => JSON.parse(body.toString())

test('200 calls at once are all answered, each with its own answer', async () => {
  const echo = ({ query }: { query: string }) =>
    new Promise(resolve => {
      setImmediate(() => resolve({ found: [], more: false, snapshotsSearched: Number(query) }))
    })
  const { server } = await serving({}, fakeApp({ 'snapshot.search': echo }))
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => call(server, 'snapshot.search', { query: String(i) })),
  )
  expect(answers.map(answer => (answer.json() as { snapshotsSearched: number }).snapshotsSearched)).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  )
})

test('a secret in an input comes back in no answer and stands in no audit entry', async () => {
  const canary = 'canary-7fdd0d3c'
  const written: string[] = []
  const streams = [process.stdout, process.stderr]
  const writes = streams.map(stream => stream.write.bind(stream))
  for (const stream of streams)
    stream.write = ((piece: string | Uint8Array) => written.push(String(piece)) > 0) as typeof stream.write
  try {
    const { server, audited } = await serving()
    const json = { ...bearer, 'content-type': 'application/json' }
    const texts = [
      await call(server, 'destination.setPassword', { id, password: canary }),
      await call(server, 'destination.setPassword', { id: canary, password: canary }),
      await call(server, 'destination.setPassword', { id, password: [canary] }),
      await call(server, 'vault.unlock', { passphrase: canary.repeat(1000) }),
      await call(server, 'vault.unlock', canary),
      await ask(server, '/api/vault.unlock', {
        method: 'POST',
        headers: json,
        body: `{"passphrase":"${canary}`,
      }),
      await ask(server, '/api/vault.unlock', { method: 'POST', headers: json, body: canary }),
      await ask(server, `/?ticket=${canary}`),
      await ask(server, `/${canary}`),
      await ask(server, '/api/plan.list', { method: 'POST', headers: { authorization: `Bearer ${canary}` } }),
      await ask(server, '/api/plan.list', { method: 'POST', headers: { authorization: canary } }),
    ].map(({ text, headers }) => text + JSON.stringify(headers))
    expect(texts.filter(text => text.includes(canary))).toEqual([])
    expect(JSON.stringify(audited)).not.toContain(canary)
    expect(audited.length).toBeGreaterThan(0)
  } finally {
    streams.forEach((stream, i) => (stream.write = writes[i]!))
  }
  expect(written.join('')).not.toContain(canary)
})
