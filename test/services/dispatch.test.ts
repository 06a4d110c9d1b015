import fc from 'fast-check'
import { expect, test } from 'vitest'
import { methods, type Method } from '../../src/shared/contract.ts'
import type { AuditEntry } from '../../src/shared/entities/application.ts'
import { AppError } from '../../src/shared/errors.ts'
import { dispatch, type Api } from '../../src/main/services/dispatch.ts'

const planId = '6f0c1c9e-7b3c-4a53-9d52-0f3f6a1f2b11'

/** An application of which only some methods are there; every call that gets through is noted. */
function application(some: Partial<Record<Method, (input: never, caller: { who: string }) => unknown>>) {
  const calls: unknown[][] = []
  const audit: Omit<AuditEntry, 'seq' | 'hash'>[] = []
  const api = Object.fromEntries(
    Object.keys(methods).map(name => [
      name,
      (input: never, caller: { who: string }) => {
        calls.push([name, input, caller.who])
        const act = some[name as Method]
        if (!act) throw new Error(`${name} is not there`)
        return act(input, caller)
      },
    ]),
  ) as unknown as Api
  const ports = {
    api,
    now: () => 1_700_000_000_000,
    audit: {
      append: (entry: Omit<AuditEntry, 'seq' | 'hash'>) => {
        audit.push(entry)
        return { ...entry, seq: audit.length, hash: '' }
      },
      page: () => [],
      verify: () => ({ entries: 0, brokenAtSeq: null }),
    },
  }
  const call = (name: string, input: unknown) => dispatch(ports, { who: 'cli mara' }, name, input)
  return { call, calls, audit }
}

test('a call is validated, carried out, and what changed something is written down', async () => {
  const { call, calls, audit } = application({
    'plan.remove': () => undefined,
    'plan.export': () => ({ yaml: 'x', secret: 'y' }),
  })
  expect(await call('plan.remove', { id: planId })).toEqual({ ok: true, value: undefined })
  expect(calls).toEqual([['plan.remove', { id: planId }, 'cli mara']])
  expect(audit).toEqual([
    { atMs: 1_700_000_000_000, who: 'cli mara', action: 'plan.remove', subject: planId, detail: 'done' },
  ])
  // what the contract does not name stays inside, and asking leaves no trace
  expect(await call('plan.export', undefined)).toEqual({ ok: true, value: { yaml: 'x' } })
  expect(audit).toHaveLength(1)
})

test('defaults are filled in', async () => {
  const { call, calls } = application({ 'run.start': () => ({}) })
  await call('run.start', { planId })
  expect(calls).toEqual([['run.start', { planId, type: 'incremental', dryRun: false }, 'cli mara']])
})

test('a refused change is written down too; its words reach the caller', async () => {
  const { call, audit } = application({
    'plan.remove': () => {
      throw new AppError('not_found', 'That plan is not there.', { hint: 'List them.' })
    },
  })
  expect(await call('plan.remove', { id: planId })).toEqual({
    ok: false,
    error: { code: 'not_found', message: 'That plan is not there.', hint: 'List them.' },
  })
  expect(audit).toMatchObject([{ action: 'plan.remove', detail: 'failed: not_found' }])
})

test.each([
  ['plan.remove', {}, 'plan.remove was not called as it should be: id: '],
  ['plan.remove', { id: 'x' }, 'plan.remove was not called as it should be: id: '],
  ['plan.remove', { id: planId, more: 1 }, 'plan.remove was not called as it should be: input: '],
  ['plan.list', {}, 'plan.list was not called as it should be: input: '],
  ['plan.create', { draft: { name: '' } }, 'plan.create was not called as it should be: draft.name: '],
])('%s with %j is refused before anything is done', async (name, input, message) => {
  const { call, calls, audit } = application({})
  const reply = await call(name, input)
  expect(reply).toMatchObject({ ok: false, error: { code: 'invalid_input' } })
  expect((reply as { error: { message: string } }).error.message).toContain(message)
  expect([calls, audit]).toEqual([[], []])
})

test.each(['plan.destroy', '__proto__', 'constructor', 'toString', ''])(
  'there is no method %j',
  async name => {
    expect(await application({}).call(name, undefined)).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    })
  },
)

test('what was given wrongly is not repeated: it may be a secret', async () => {
  const { call } = application({})
  const reply = await call('destination.setPassword', {
    id: 'canary-secret',
    password: ['canary-secret'],
  })
  expect(JSON.stringify(reply)).not.toContain('canary-secret')
})

test('a bug is told as one, and an answer that breaks the contract is a bug', async () => {
  const { call } = application({ 'plan.export': () => ({ yaml: 5 }) })
  expect(await call('plan.export', undefined)).toEqual({
    ok: false,
    error: { code: 'internal', message: 'plan.export has an answer that the contract does not allow: yaml.' },
  })
})

test('whatever comes in, there is a reply', async () => {
  const { call, calls } = application({})
  const names = fc.constantFrom(...Object.keys(methods), 'other')
  await fc.assert(
    fc.asyncProperty(names, fc.anything(), async (name, input) => {
      const before = calls.length
      const reply = await call(name, input)
      expect(reply.ok).toBe(false)
      if (calls.length === before)
        expect(reply).toMatchObject({
          error: { code: expect.stringMatching(/invalid_input|not_found/) as string },
        })
    }),
    { numRuns: 500 },
  )
})
