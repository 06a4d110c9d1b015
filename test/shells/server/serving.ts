import { request as overHttp, type IncomingHttpHeaders, type RequestOptions } from 'node:http'
import { request as overTls } from 'node:https'
import { onTestFinished } from 'vitest'
import { newToken } from '../../../src/main/shells/server/auth.ts'
import { startServer, type Server, type ServerOptions } from '../../../src/main/shells/server/http.ts'
import { fakeApp, type FakeApp } from './fake-app.ts'

export const token = newToken()
export const bearer = { authorization: `Bearer ${token}` }
export const version = '1.2.3'

export interface Serving extends FakeApp {
  server: Server
  /** The clock of the server, epoch milliseconds. */
  clock: { nowMs: number }
}

/** A server on a free port of loopback, which goes when the test ends. */
export async function serving(
  options: Partial<ServerOptions> = {},
  fake: FakeApp = fakeApp(),
): Promise<Serving> {
  const clock = { nowMs: 1_700_000_000_000 }
  const server = await startServer({
    app: fake.app,
    listen: { port: 0 },
    token,
    version,
    assets: null,
    now: () => clock.nowMs,
    callsPerSecond: 1_000_000,
    graceMs: 200,
    ...options,
  })
  onTestFinished(() => server.close())
  return { ...fake, server, clock }
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json(): unknown
}

/** A request with exactly these headers: no client that knows better stands in between. */
export function ask(
  server: Pick<Server, 'url'>,
  path: string,
  {
    body,
    ...options
  }: Omit<RequestOptions, 'headers'> & {
    headers?: Record<string, string>
    body?: string | Buffer
    ca?: string
  } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const url = new URL(path, server.url)
  const send = url.protocol === 'https:' ? overTls : overHttp
  const request = send(url, { agent: false, ...options }, response => {
    const pieces: Buffer[] = []
    response.on('data', (piece: Buffer) => pieces.push(piece))
    response.on('error', reject)
    response.on('end', () => {
      const text = Buffer.concat(pieces).toString()
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: () => JSON.parse(text) as unknown,
      })
    })
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

/** A call of the API with the token. */
export const call = (
  server: Pick<Server, 'url'>,
  name: string,
  input?: unknown,
  headers: Record<string, string> = bearer,
): Promise<Answer> =>
  ask(server, `/api/${name}`, {
    method: 'POST',
    headers: { ...headers, ...(input === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(input === undefined ? {} : { body: JSON.stringify(input) }),
  })

/** What a browser sends from a page of the server's own. */
export const fromOwnPage = (server: Server) => ({
  origin: server.url.slice(0, -1),
  'sec-fetch-site': 'same-origin',
  'x-holdfast': '1',
})

/** Signs in by a one-time link and returns the cookie. */
export async function signedIn(server: Server): Promise<string> {
  const { headers } = await ask(server, server.link())
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}
