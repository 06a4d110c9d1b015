import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { AppError } from '../../../shared/errors.ts'
import type { App } from '../../services/app.ts'
import { rawRefusal, sendThrown } from './answers.ts'
import { createAuth } from './auth.ts'
import { createEventStreams } from './events.ts'
import { isLoopback, urlOf, type Place } from './origin.ts'
import { setUpRoutes } from './routes.ts'

/** `plan.apply` takes a million characters, which JSON may write as six million bytes. */
const mostBodyBytes = 8 * 1_048_576
const leastTokenLength = 32

export interface ServerOptions {
  readonly app: Pick<App, 'api' | 'audit' | 'download' | 'subscribe'>
  /** Loopback unless another address is named; port 0 takes any that is free. */
  readonly listen: { readonly host?: string; readonly port: number }
  /** What a program shows; `newToken()` makes one. Only its hash is kept. */
  readonly token: string
  /** Names the server is also reached by: `name`, or `name:port` where a port is forwarded. */
  readonly allowedHosts?: readonly string[]
  /** PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer }
  readonly version: string
  /** The folder of the built window; null: there is none. */
  readonly assets: string | null
  /** Epoch milliseconds. */
  readonly now: () => number
  /** From one address; a window that opens needs a few dozen. */
  readonly callsPerSecond?: number
  /** How long open calls may take to end when the server closes. */
  readonly graceMs?: number
}

export interface Server {
  /** For people: `http://127.0.0.1:PORT/`. */
  readonly url: string
  readonly address: { readonly host: string; readonly port: number }
  /** What somebody who starts it like this should know, or null. */
  readonly warning: string | null
  /** Makes a link that signs a browser in: once, within five minutes. */
  link(): string
  /** Takes no more calls, ends the event streams and lets open calls finish, for `graceMs` at most. */
  close(): Promise<void>
}

/**
 * The application over HTTP. It writes no log: what was asked for stands in the audit log, and nothing of a request is
 * kept anywhere else.
 *
 * @throws invalid_input an address or token that can't be used; conflict: the port is taken
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { app, listen, token, allowedHosts = [], tls, version, assets, now } = options
  const { callsPerSecond = 100, graceMs = 10_000 } = options
  if (token.length < leastTokenLength)
    throw new AppError('invalid_input', `The token is shorter than ${leastTokenLength} characters.`, {
      hint: 'Let Holdfast make one.',
    })
  if (assets !== null && !existsSync(join(assets, 'index.html')))
    throw new AppError('invalid_input', `There is no built window in ${assets}.`, { hint: 'Build it first.' })

  // "localhost" may be two addresses; one is enough, and then there is one port
  const host = listen.host === undefined || listen.host === 'localhost' ? '127.0.0.1' : listen.host
  const scheme = tls ? 'https' : 'http'
  let port = listen.port
  let closing = false
  const place = (): Place => ({ scheme, address: host, port, allowedHosts })

  const settings: FastifyServerOptions = {
    logger: false,
    bodyLimit: mostBodyBytes,
    requestTimeout: 60_000, // to arrive whole, so that a trickle holds no connection for ever
    return503OnClosing: false, // the gate says it in our words
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error, _, reply) => void sendThrown(reply as never, error),
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawRefusal(error.code))
      else socket.destroy()
    },
  }
  const server = create(settings, tls)
  const auth = createAuth(token, now)
  const streams = createEventStreams(listener => app.subscribe(listener))
  try {
    const isClosing = () => closing
    await setUpRoutes(server, { app, now, auth, place, isClosing, callsPerSecond, streams, version, assets })
    await server.listen({ host, port })
  } catch (error) {
    streams.end()
    await server.close()
    throw listenFailure(error, host, port)
  }
  ;({ port } = server.server.address() as AddressInfo)

  return {
    url: urlOf(place()),
    address: { host, port },
    warning: warningFor(host, tls !== undefined),
    link: () => `${urlOf(place())}?ticket=${auth.ticket()}`,
    async close() {
      closing = true
      streams.end()
      const cut = setTimeout(() => server.server.closeAllConnections(), graceMs)
      try {
        await server.close()
      } finally {
        clearTimeout(cut)
      }
    },
  }
}

function create(settings: FastifyServerOptions, tls: ServerOptions['tls']): FastifyInstance {
  try {
    return fastify({ ...settings, ...(tls ? { https: tls } : {}) } as FastifyServerOptions)
  } catch (error) {
    if (!tls) throw error
    throw new AppError('invalid_input', 'The TLS certificate or its key can not be used.', {
      hint: 'Give both as PEM, and the key without a passphrase.',
      cause: error,
    })
  }
}

/** What Node says when it can't listen, in words. */
function listenFailure(error: unknown, host: string, port: number): unknown {
  const { code } = error as { code?: unknown }
  if (code === 'EADDRINUSE')
    return new AppError('conflict', `Port ${port} of ${host} is in use by another program.`, {
      hint: 'Choose another port with --listen.',
      cause: error,
    })
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new AppError('invalid_input', `The server can not listen on ${host}, port ${port} (${code}).`, {
      hint: 'Name an address of this machine and a port above 1023 with --listen.',
      cause: error,
    })
  return error
}

function warningFor(host: string, overTls: boolean): string | null {
  if (isLoopback(host)) return null
  const reach = `Other machines can reach the server at ${host}. Whoever has the token can read and change everything.`
  return overTls ? reach : `${reach} Without TLS the token and all answers can be read on the way.`
}
