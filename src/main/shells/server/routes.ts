import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import serveStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { App } from '../../services/app.ts'
import { dispatch } from '../../services/dispatch.ts'
import { setUpAdmin } from './admin.ts'
import { nothingThere, sendFailure, sendReply, sendThrown } from './answers.ts'
import type { Auth } from './auth.ts'
import { setUpDocs } from './docs.ts'
import { setUpDownload } from './download.ts'
import type { EventStreams } from './events.ts'
import { setUpGate, wantsPage, type Gate, type GateOptions } from './gate.ts'
import { openApi } from './openapi.ts'
import { noWindowPage, sendPage } from './pages.ts'

export interface Parts extends GateOptions {
  readonly app: Pick<App, 'api' | 'audit' | 'download'>
  readonly now: () => number
  readonly auth: Auth
  readonly streams: EventStreams
  readonly version: string
  readonly assets: string | null
}

/** What the window needs; no script, style or frame that is not a file of ours. */
const directives = {
  defaultSrc: ["'self'"],
  // The component library writes its variables into style tags. Styles are ours alone: nothing from outside is ever one.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
}

/** Everything there is to ask for. The gate comes first, so that nothing stands beside it. */
export async function setUpRoutes(server: FastifyInstance, parts: Parts): Promise<void> {
  const { app, now, auth, isClosing, streams, version, assets } = parts

  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: false, // it would bind every other server on this machine's name to TLS
    referrerPolicy: { policy: 'same-origin' }, // with none at all a form is sent with a null Origin
    xFrameOptions: { action: 'deny' },
  })
  await server.register(rateLimit, { global: false }) // the gate counts
  const gate = setUpGate(server, auth, parts)

  server.addHook('onSend', async (_, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    if (isClosing()) reply.header('connection', 'close')
  })
  server.setErrorHandler((error, _, reply) => sendThrown(reply, error))
  takeJsonOnly(server)

  const call = (request: FastifyRequest, name: string, input: unknown) => {
    if (request.caller === null) throw new Error('A call got past the gate.')
    return dispatch({ api: app.api, audit: app.audit, now }, request.caller, name, input)
  }
  server.post<{ Params: { method: string } }>('/api/:method', async (request, reply) =>
    sendReply(reply, await call(request, request.params.method, request.body)),
  )
  server.get('/api/events', { exposeHeadRoute: false }, (request, reply) => {
    reply.hijack()
    streams.add(reply.raw, request.stillIn)
  })
  setUpDownload(server, app, now)
  setUpAdmin(server, call)
  server.get('/health', { config: { open: true } }, (_, reply) => reply.send({ status: 'ok', version }))
  await setUpSignIn(server, auth, gate)
  await setUpDocs(server, openApi(version))
  await setUpWindow(server, assets)
}

/** An empty body is no input; whatever is not JSON is refused, so that no plain form of another site can call. */
function takeJsonOnly(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else void parse(request, body as string, done)
  })
}

/** The token, given in a form, for a browser whose session ended long after the link was used. */
async function setUpSignIn(server: FastifyInstance, auth: Auth, gate: Gate): Promise<void> {
  await server.register(async scope => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 10_000 },
      (_, body, done) => done(null, new URLSearchParams(body as string)),
    )
    scope.post('/sign-in', { config: { open: true } }, async (request, reply) => {
      const token = request.body instanceof URLSearchParams ? request.body.get('token') : null
      if (auth.isToken(token?.trim() ?? '')) return gate.admit(request, reply)
      return gate.refuse(request, reply)
    })
  })
  server.post('/sign-out', (request, reply) => {
    gate.dismiss(request, reply)
    return reply.code(204).send()
  })
}

/** The built window, whose own routes all lead to its index.html; or a page that says there is none. */
async function setUpWindow(server: FastifyInstance, assets: string | null): Promise<void> {
  const config = { takesTicket: true }
  if (assets === null) {
    server.get('/', { config }, (_, reply) => sendPage(reply, noWindowPage))
  } else {
    await server.register(serveStatic, { root: assets, index: false, dotfiles: 'ignore' })
    server.get('/', { config }, (_, reply) => reply.sendFile('index.html'))
  }
  server.setNotFoundHandler((request, reply) => {
    if (assets !== null && request.method === 'GET' && wantsPage(request)) return reply.sendFile('index.html')
    return sendFailure(reply, nothingThere)
  })
}
