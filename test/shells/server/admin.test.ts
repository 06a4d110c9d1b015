import { expect, test } from 'vitest'
import { healthOf } from '../../../src/main/shells/server/admin.ts'
import { fakeApp, id, otherId, plan, run, snapshot, status, vault } from './fake-app.ts'
import { ask, bearer, serving } from './serving.ts'
import type { Server } from '../../../src/main/shells/server/http.ts'

const read = (server: Server, path: string) => ask(server, `/admin/backup/${path}`, { headers: bearer })
const send = (server: Server, path: string, body?: unknown) =>
  ask(server, `/admin/backup/${path}`, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

test('status is the status', async () => {
  const { server } = await serving()
  const answer = await read(server, 'status')
  expect([answer.status, answer.json()]).toEqual([200, status])
})

test('health says in one word what is to be done', async () => {
  const { server } = await serving()
  const answer = await read(server, 'health')
  expect([answer.status, answer.json()]).toEqual([
    200,
    { health: 'gaps', sentence: status.sentence, attention: [], gaps: status.plans, vault },
  ])
})

type State = (typeof status)['plans'][number]['state']
test.each<[(typeof status)['state'], State[], (typeof vault)['state'], string]>([
  ['protected', ['protected'], 'open', 'ok'],
  ['working', ['working', 'protected'], 'open', 'ok'],
  ['waiting', ['waiting'], 'open', 'ok'],
  ['waiting', ['waiting', 'gaps'], 'open', 'gaps'],
  ['gaps', ['paused'], 'open', 'gaps'],
  ['not-set-up', [], 'new', 'gaps'],
  ['working', ['working', 'attention'], 'open', 'attention'],
  ['protected', ['protected'], 'locked', 'attention'],
  ['protected', ['protected'], 'unavailable', 'attention'],
])('%s with plans %j and the vault %s is %s', (state, plans, vaultState, health) => {
  const each = plans.map(state => ({ ...status.plans[0]!, state }))
  expect(healthOf({ ...status, state, plans: each }, { ...vault, state: vaultState }).health).toBe(health)
})

test('list gives runs and snapshots, all or those of a plan', async () => {
  const { server, calls } = await serving()
  const all = await read(server, 'list')
  expect([all.status, all.json()]).toEqual([200, { runs: [run], total: 1, snapshots: [snapshot] }])
  expect((await read(server, `list?plan=Photos&limit=5&after=${id}`)).status).toBe(200)
  expect(calls.filter(({ name }) => name !== 'plan.list').map(({ input }) => input)).toEqual([
    { limit: 100 },
    {},
    { limit: 5, planId: id, after: id },
    { planId: id },
  ])
})

test.each([
  'list?limit=many',
  'list?limit=',
  'list?what=1',
  'list?after=x',
  'list?plan=',
  'list?plan=a&plan=b',
])('%s is refused', async path => {
  const { server, calls } = await serving()
  const answer = await read(server, path)
  expect([answer.status, answer.json()]).toMatchObject([400, { code: 'invalid_input' }])
  expect(calls).toEqual([])
})

test.each(['Photos', id])('create starts the plan %s', async named => {
  const { server, calls, audited } = await serving()
  const answer = await send(server, 'create', { plan: named, type: 'full' })
  expect([answer.status, answer.json()]).toEqual([202, run])
  expect(calls.at(-1)).toEqual({
    name: 'run.start',
    input: { planId: id, type: 'full', dryRun: false },
    who: 'http',
  })
  expect(audited).toMatchObject([{ action: 'run.start', who: 'http', subject: id }])
})

test.each<[string, unknown, number, string]>([
  ['create', undefined, 400, 'invalid_input'],
  ['create', [], 400, 'invalid_input'],
  ['create', { plan: 5 }, 400, 'invalid_input'],
  ['create', { plan: 'photos' }, 404, 'not_found'],
  ['create', { plan: otherId }, 404, 'not_found'],
  ['create', { plan: 'Photos', type: 'none' }, 400, 'invalid_input'],
  ['create', { plan: 'Photos', force: true }, 400, 'invalid_input'],
  ['test', {}, 400, 'invalid_input'],
  ['test', { plan: 'Music' }, 404, 'not_found'],
])('%s with %j is refused', async (path, body, status, code) => {
  const { server, calls } = await serving()
  const answer = await send(server, path, body)
  expect([answer.status, answer.json()]).toMatchObject([status, { code }])
  expect(calls.filter(({ name }) => name !== 'plan.list')).toEqual([])
})

test('a plan whose name is the ID of another is not mistaken for it', async () => {
  const impostor = { ...plan, id: otherId, name: id }
  const { server, calls } = await serving({}, fakeApp({ 'plan.list': () => [impostor, plan] }))
  await send(server, 'create', { plan: id })
  expect(calls.at(-1)?.input).toMatchObject({ planId: id })
})

test('test checks the plan and says whether all is well', async () => {
  const bad = { what: 'password', ok: false, message: 'It is missing.', hint: 'Give it.' }
  const { server } = await serving({}, fakeApp({ 'plan.test': () => [bad] }))
  const answer = await send(server, 'test', { plan: 'Photos' })
  expect([answer.status, answer.json()]).toEqual([200, { planId: id, ok: false, checks: [bad] }])
})

test.each(['cleanup', 'recovery', 'validate-recovery'])(
  '%s says honestly that it is not there',
  async path => {
    const { server, calls } = await serving()
    const answer = await send(server, path, {})
    expect(answer.status).toBe(501)
    expect(answer.json()).toEqual({
      code: 'not_implemented',
      message: expect.stringContaining('later version'),
      hint: expect.any(String),
    })
    expect(calls).toEqual([])
  },
)
