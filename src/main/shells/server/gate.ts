import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../../shared/errors.ts'
import type { Caller } from '../../services/dispatch.ts'
import type { Auth } from './auth.ts'
import { foreign, isLoopback, type Place } from './origin.ts'
import { sendPage, signInPage } from './pages.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who came in; set by the gate, null only at the open doors. */
    caller: Caller | null
    /** Whether who came in may still be there. */
    stillIn: () => boolean
  }
  interface FastifyContextConfig {
    /** Needs neither token nor session. */
    open?: boolean
    /** Takes the ticket of a one-time link. */
    takesTicket?: boolean
  }
}

/** Wrong tokens, links and cookies a minute from one address. Whoever shows nothing at all guesses nothing. */
const failuresPerMinute = 20

export interface GateOptions {
  readonly place: () => Place
  readonly isClosing: () => boolean
  /** From one address. */
  readonly callsPerSecond: number
}

export interface Gate {
  /** Answers a wrong credential: counts it, and refuses. */
  refuse(request: FastifyRequest, reply: FastifyReply): Promise<never>
  /** Begins a browser's session and goes to the start page. */
  admit(request: FastifyRequest, reply: FastifyReply): FastifyReply
  /** Ends the session of a request. */
  dismiss(request: FastifyRequest, reply: FastifyReply): void
}

/**
 * Stands before every route, known or not: nobody gets past it who is not us (Host, Origin, fetch metadata), and past
 * the open doors only with the token or a session. It looks at headers alone, so a refused body is never read.
 */
export function setUpGate(
  server: FastifyInstance,
  auth: Auth,
  { place, isClosing, callsPerSecond }: GateOptions,
): Gate {
  const calls = server.createRateLimit({ max: callsPerSecond, timeWindow: 1000 })
  const failed = server.createRateLimit({ max: failuresPerMinute, timeWindow: 60_000 })
  server.decorateRequest('caller', null)
  server.decorateRequest('stillIn', () => false)

  server.addHook('onRequest', async (request, reply) => {
    const { headers, method } = request
    if (isClosing())
      throw new AppError('backend_unreachable', 'The server is ending.', { hint: 'Start it again.' })

    const spent = await calls(request)
    if (!spent.isAllowed && spent.isExceeded) tooMany(reply, spent.ttlInSeconds)

    const why = foreign(place(), {
      method,
      host: headers.host,
      origin: headers.origin,
      site: one(headers['sec-fetch-site']),
      mode: one(headers['sec-fetch-mode']),
    })
    if (why !== null)
      throw new AppError('forbidden', `The call was refused. ${why}`, {
        hint: 'Use the address that `holdfast serve` prints, or name this one with --allow-host.',
      })

    if (request.routeOptions.config.open === true) return undefined
    const from = isLoopback(request.ip.replace(/^::ffff:/, '')) ? '' : ` ${request.ip}`

    const { ticket } = request.query as { ticket?: unknown }
    if (method === 'GET' && typeof ticket === 'string' && request.routeOptions.config.takesTicket === true)
      return auth.redeem(ticket) ? admit(request, reply) : refuse(request, reply)

    if (headers.authorization !== undefined) {
      if (!auth.holdsToken(headers.authorization)) return refuse(request, reply)
      request.caller = { who: `http${from}` }
      request.stillIn = () => true
      return undefined
    }

    const secret = cookieOf(request)
    if (secret === undefined) return askToSignIn(request, reply)
    if (!auth.isSession(secret)) return refuse(request, reply)
    // a browser adds the cookie by itself; that the call is meant, these two say
    const meant = headers.origin !== undefined && headers['x-holdfast'] === '1'
    if (method !== 'GET' && method !== 'HEAD' && !meant)
      throw new AppError(
        'forbidden',
        'A call with a session cookie has to name its origin and carry the header x-holdfast.',
        { hint: 'Send `x-holdfast: 1`, or use the token.' },
      )
    request.caller = { who: `browser${from}` }
    request.stillIn = () => auth.isSession(secret)
    return undefined
  })

  const cookieName = () => `holdfast-${place().port}` // a cookie is not kept apart by port, so its name is

  function cookieOf({ headers }: FastifyRequest): string | undefined {
    const prefix = `${cookieName()}=`
    const found = headers.cookie?.split(/; */).find(pair => pair.startsWith(prefix))
    return found?.slice(prefix.length)
  }

  function setCookie(request: FastifyRequest, reply: FastifyReply, value: string): void {
    const overTls = place().scheme === 'https' || request.headers['x-forwarded-proto'] === 'https'
    const parts = [`${cookieName()}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Strict']
    if (overTls) parts.push('Secure')
    if (value === '') parts.push('Max-Age=0')
    reply.header('set-cookie', parts.join('; '))
  }

  /**
   * Only who is wrong is held up: whoever has the token or a session comes in also while somebody else, who may share
   * the address, tries others.
   */
  async function refuse(request: FastifyRequest, reply: FastifyReply): Promise<never> {
    if (cookieOf(request) !== undefined) setCookie(request, reply, '') // it will not get better
    const count = await failed(request)
    if (!count.isAllowed && count.isExceeded) tooMany(reply, count.ttlInSeconds)
    return askToSignIn(request, reply)
  }

  function admit(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    setCookie(request, reply, auth.begin())
    return reply.redirect('/', 303)
  }

  return {
    refuse,
    admit,
    dismiss(request, reply) {
      const secret = cookieOf(request)
      if (secret !== undefined) auth.end(secret)
      setCookie(request, reply, '')
    },
  }
}

/** A person gets a page to sign in, a program a failure. */
async function askToSignIn(request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('www-authenticate', 'Bearer realm="Holdfast"')
  if (wantsPage(request)) return sendPage(reply.code(401), signInPage) as never
  throw new AppError('unauthorized', 'The call did not prove that it may be made.', {
    hint: 'Send `Authorization: Bearer TOKEN`, or open the link that `holdfast serve` prints.',
  })
}

/** Whether a person looks at the answer. */
export const wantsPage = ({ method, headers, url }: FastifyRequest): boolean =>
  (headers.accept?.includes('text/html') ?? false) &&
  (method === 'GET' || url === '/sign-in') &&
  !/^\/(api|admin)(\/|$)/.test(url)

function tooMany(reply: FastifyReply, seconds: number): never {
  reply.header('retry-after', Math.max(1, seconds))
  throw new AppError('too_many_calls', 'Too many calls came from this address in a short time.', {
    hint: `Wait ${Math.max(1, seconds)} s.`,
  })
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value
