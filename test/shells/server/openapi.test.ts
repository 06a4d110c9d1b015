import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { events, methods, type Method } from '../../../src/shared/contract.ts'
import { failures } from '../../../src/shared/errors.ts'
import { openApi } from '../../../src/main/shells/server/openapi.ts'
import { ask, bearer, serving } from './serving.ts'

interface Operation {
  operationId: string
  tags: string[]
  summary: string
  requestBody?: { required: boolean; content: { 'application/json': { schema: Record<string, unknown> } } }
  responses: Record<string, unknown>
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  tags: { name: string }[]
  components: { schemas: Record<string, Record<string, unknown>> }
  security: Record<string, string[]>[]
}
const made = openApi('1.2.3')
const document = made as unknown as Document
const names = Object.keys(methods) as Method[]
const operations = Object.values(document.paths).flatMap(path => Object.values(path))

test('it is valid OpenAPI 3.1, and every reference leads somewhere', async () => {
  const validator = new Validator()
  const result = await validator.validate(structuredClone(made))
  expect(result).toMatchObject({ valid: true })
  expect(validator.version).toBe('3.1')
  expect(() => validator.resolveRefs()).not.toThrow()
})

test('the validator finds what is wrong', async () => {
  const broken = { ...made, paths: { '/api/plan.list': { post: { responses: 'none' } } } }
  expect(await new Validator().validate(broken)).toMatchObject({ valid: false })
})

test('every method is one operation, tagged by the part before the dot', () => {
  const calls = Object.keys(document.paths).filter(path => path.startsWith('/api/') && path !== '/api/events')
  expect(calls).toEqual(names.map(name => `/api/${name}`))
  for (const name of names) {
    const { operationId, tags, summary, requestBody, responses } = document.paths[`/api/${name}`]!['post']!
    expect([operationId, tags, summary]).toEqual([name, [name.split('.')[0]], methods[name].summary])
    const takes = !methods[name].input.safeParse(undefined).success
    expect([name, requestBody?.required]).toEqual([name, takes || undefined])
    expect(Object.keys(responses).filter(code => code < '300')).toHaveLength(1)
  }
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
  const known = new Set(document.tags.map(({ name }) => name))
  expect(operations.flatMap(({ tags }) => tags).filter(tag => !known.has(tag))).toEqual([])
})

test('what has a default may be left out, and what is not named may not be sent', () => {
  const { schema } = document.paths['/api/run.start']!['post']!.requestBody!.content['application/json']
  expect(schema).toMatchObject({
    required: ['planId'],
    additionalProperties: false,
    properties: { planId: { format: 'uuid' }, dryRun: { type: 'boolean', default: false } },
  })
})

test('entities are named once and referred to', () => {
  const { schema } = document.paths['/api/plan.create']!['post']!.requestBody!.content['application/json']
  expect(schema).toMatchObject({ properties: { draft: { $ref: '#/components/schemas/PlanDraft' } } })
  expect(document.paths['/api/plan.create']!['post']!.responses['200']).toMatchObject({
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Plan' } } },
  })
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Plan', 'PlanDraft', 'Run', 'Destination', 'Status', 'Failure']),
  )
})

test('failures and events are all there', () => {
  expect(document.components.schemas['Failure']).toMatchObject({
    properties: { code: { enum: Object.keys(failures) } },
  })
  expect(Object.keys((document.paths['/api/events']!['get'] as never)['x-events'])).toEqual(
    Object.keys(events),
  )
})

test('every path of the document is there', async () => {
  const { server } = await serving()
  for (const [path, methods] of Object.entries(document.paths)) {
    if (path === '/api/events') continue
    for (const method of Object.keys(methods)) {
      const answer = await ask(server, path, { method: method.toUpperCase(), headers: bearer })
      expect([path, method, answer.text]).not.toEqual([
        path,
        method,
        expect.stringContaining('nothing at this address'),
      ])
    }
  }
})

test('the server gives the same document, to those who may see it', async () => {
  const { server } = await serving()
  const expected: unknown = JSON.parse(JSON.stringify(document))
  for (const path of ['/openapi.json', '/docs/json']) {
    const answer = await ask(server, path, { headers: bearer })
    expect([answer.status, answer.json()]).toEqual([200, expected])
    expect((await ask(server, path)).status).toBe(401)
  }
})
