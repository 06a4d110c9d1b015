import { methods, type Method } from '../../../shared/contract.ts'
import { contractSchemas, type JsonSchema } from '../../../shared/contract-schemas.ts'
import { failures } from '../../../shared/errors.ts'

type Json = Record<string, unknown>

const schemaAt = '#/components/schemas/'
const ref = (name: string): JsonSchema => ({ $ref: `${schemaAt}${name}` })
const json = (schema: JsonSchema) => ({ 'application/json': { schema } })

const failed = (description: string) => ({ description, content: json(ref('Failure')) })
const refused = {
  '400': failed('What was sent is not of the form that is asked for. Nothing was changed.'),
  '401': failed('No token and no session, or a wrong one.'),
  '403': failed('The call came from somewhere that may not make it.'),
  '429': failed('Too many calls; `Retry-After` says when to try again.'),
  default: failed('What went wrong, with a status of its own for each code.'),
}

const description = `Every method of Holdfast: what the window and the command line do, this does.

A call is \`POST /api/METHOD\` with its input as JSON, or with no body where there is no input. It answers 200 with the
value, 204 where there is none, or a failure as \`{ code, message, hint }\`. Changes are told at \`GET /api/events\`.

Send the token as \`Authorization: Bearer TOKEN\`. In a browser that is signed in the session's cookie does, together
with the header \`x-holdfast: 1\`; this page adds it by itself.`

const tags: Record<string, string> = {
  app: 'The application as a whole',
  settings: 'Settings',
  vault: 'Where secrets are kept',
  destination: 'Where backups go',
  plan: 'What is backed up, when, where to and how long it is kept',
  schedule: 'Times in words',
  run: 'What was and is done',
  snapshot: 'What was stored',
  source: 'What is on this machine, to choose from',
  browse: 'What is in snapshots',
  restore: 'Bringing it back',
  audit: 'Who asked for what',
  admin: 'The same by REST paths, for scripts',
  server: 'The server itself',
}

/** The contract as an OpenAPI 3.1 document: one operation for each method, and the paths beside them. Pure. */
export function openApi(version: string): Json {
  const schemas = contractSchemas(schemaAt)
  const names = Object.keys(methods) as Method[]
  const calls = names.map((name): [string, Json] => {
    const { summary, changes } = methods[name]
    const { input, output } = schemas.methods[name]
    const post = {
      operationId: name,
      tags: [name.split('.')[0]],
      summary,
      ...(changes ? { description: 'Changes something; it is written to the audit log.' } : {}),
      ...(input ? { requestBody: { required: true, content: json(input) } } : {}),
      responses: {
        ...(output
          ? { '200': { description: 'Done', content: json(output) } }
          : { '204': { description: 'Done; there is nothing to tell' } }),
        ...refused,
      },
    }
    return [`/api/${name}`, { post }]
  })

  const paths = {
    ...Object.fromEntries(calls),
    '/api/events': eventsPath(schemas.events),
    ...adminPaths,
    ...health,
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Holdfast', version, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/', description: 'This server' }],
    security: [{ token: [] }, { session: [], meant: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: {
        ...schemas.named,
        Failure: { ...schemas.named['Failure'], description: failureCodes() },
      },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of `holdfast serve`' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'holdfast-PORT',
          description: "A browser's session; it begins with the link that `holdfast serve` prints",
        },
        meant: {
          type: 'apiKey',
          in: 'header',
          name: 'x-holdfast',
          description: 'Always `1`, with a session',
        },
      },
    },
  }
}

const failureCodes = () =>
  Object.entries(failures)
    .map(([code, { http, meaning }]) => `- \`${code}\` (${http}): ${meaning}`)
    .join('\n')

function eventsPath(events: Record<string, JsonSchema>): Json {
  const list = Object.keys(events).map(name => `\`${name}\``)
  return {
    get: {
      operationId: 'events',
      tags: ['app'],
      summary: 'Hear of every change, as server-sent events',
      description:
        `Events: ${list.join(', ')}. Each carries the whole state of what changed, as JSON with a \`revision\`: the larger ` +
        'one wins. Nothing is sent again after a lost connection: load everything whenever the stream (re)connects. ' +
        'A reader that does not keep up is cut off.',
      responses: {
        '200': {
          description: '`event:` is the name, `data:` the value',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        ...refused,
      },
      'x-events': events,
    },
  }
}

const admin = (operationId: string, summary: string, rest: Json, output: JsonSchema, status = '200') => ({
  operationId: `admin.${operationId}`,
  tags: ['admin'],
  summary,
  ...rest,
  responses: { [status]: { description: 'Done', content: json(output) }, ...refused },
})

const planBody = (more: Json = {}): Json => ({
  requestBody: {
    required: true,
    content: json({
      type: 'object',
      properties: { plan: { type: 'string', description: 'ID or name of a plan' }, ...more },
      required: ['plan'],
      additionalProperties: false,
    }),
  },
})

const query = (name: string, schema: JsonSchema, description: string) => ({
  name,
  in: 'query',
  schema,
  description,
})

const notYet = (operationId: string, summary: string) => ({
  post: {
    operationId: `admin.${operationId}`,
    tags: ['admin'],
    summary: `${summary}: comes with a later version`,
    responses: { '501': failed('Not there yet; says what to use instead.'), ...refused },
  },
})

const adminPaths: Json = {
  '/admin/backup/status': {
    get: admin('status', 'Whether everything is protected', {}, ref('Status')),
  },
  '/admin/backup/health': {
    get: admin(
      'health',
      'What is wrong, in one word and by plan',
      {},
      {
        type: 'object',
        properties: {
          health: {
            enum: ['ok', 'gaps', 'attention'],
            description:
              '`attention`: somebody has to do something; `gaps`: something is not protected, or not proven by a restore',
          },
          sentence: { type: 'string' },
          attention: { type: 'array', items: { type: 'object' } },
          gaps: { type: 'array', items: { type: 'object' } },
          vault: ref('VaultInfo'),
        },
        required: ['health', 'sentence', 'attention', 'gaps', 'vault'],
      },
    ),
  },
  '/admin/backup/list': {
    get: admin(
      'list',
      'Runs and snapshots, the newest first',
      {
        parameters: [
          query('plan', { type: 'string' }, 'ID or name of a plan; all without it'),
          query('limit', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }, 'Most runs'),
          query('after', { type: 'string', format: 'uuid' }, 'The last run of the page before'),
        ],
      },
      {
        type: 'object',
        properties: {
          runs: { type: 'array', items: ref('Run') },
          total: { type: 'integer' },
          snapshots: { type: 'array', items: ref('SnapshotInfo') },
        },
        required: ['runs', 'total', 'snapshots'],
      },
    ),
  },
  '/admin/backup/create': {
    post: admin(
      'create',
      'Start a plan now',
      planBody({
        type: { type: 'string', description: 'As `run.start` takes it', default: 'incremental' },
        dryRun: { type: 'boolean', default: false },
      }),
      ref('Run'),
      '202',
    ),
  },
  '/admin/backup/test': {
    post: admin('test', 'Check everything a run needs, without writing anything', planBody(), {
      type: 'object',
      properties: {
        planId: { type: 'string', format: 'uuid' },
        ok: { type: 'boolean' },
        checks: { type: 'array', items: { type: 'object' } },
      },
      required: ['planId', 'ok', 'checks'],
    }),
  },
  '/admin/backup/cleanup': notYet('cleanup', 'Remove old snapshots by the rules'),
  '/admin/backup/recovery': notYet('recovery', 'Restore'),
  '/admin/backup/validate-recovery': notYet('validate-recovery', 'Prove a backup by a restore drill'),
}

const health: Json = {
  '/health': {
    get: {
      operationId: 'health',
      tags: ['server'],
      summary: 'Whether the server answers; needs no token and tells nothing else',
      security: [],
      responses: {
        '200': {
          description: 'It does',
          content: json({
            type: 'object',
            properties: { status: { const: 'ok' }, version: { type: 'string' } },
            required: ['status', 'version'],
          }),
        },
        '403': refused['403'],
        '429': refused['429'],
      },
    },
  },
}
