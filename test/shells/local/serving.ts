import { onTestFinished } from 'vitest'
import type { Surroundings } from '../../../src/main/shells/local/place.ts'
import { findPlace } from '../../../src/main/shells/local/place.ts'
import { connect, type Connection } from '../../../src/main/shells/local/connect.ts'
import { listen, type Listening } from '../../../src/main/shells/local/listen.ts'
import type { App } from '../../../src/main/services/app.ts'

export const here: Surroundings = {
  platform: process.platform,
  runtimeDirectory: process.env['TMPDIR'] ?? '/tmp',
  userId: process.getuid?.() ?? null,
}

/** The application behind a real socket; it is closed when the test ends. */
export async function serve(
  app: Pick<App, 'api' | 'audit' | 'now' | 'subscribe'>,
  dataDirectory: string,
  pid = process.pid,
): Promise<Listening> {
  const listening = await listen({
    app,
    dataDirectory,
    surroundings: here,
    version: '1.2.3',
    pid,
    keepAlive: true,
  })
  let closed: Promise<void> | null = null
  const close = () => (closed ??= listening.close())
  onTestFinished(close)
  return { clients: listening.clients, close }
}

/** A client that is expected to find somebody. */
export async function client(dataDirectory: string, who = 'cli ada'): Promise<Connection> {
  const made = await connect({ find: () => findPlace(dataDirectory, process.platform), who })
  if (made === null) throw new Error('nobody listens')
  onTestFinished(() => made.close())
  return made
}
