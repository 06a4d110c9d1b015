import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts'
import type { App } from '../../services/app.ts'
import { dispatch } from '../../services/dispatch.ts'
import { announce, makePrivateFolder, placeFor, unready, withdraw, type Surroundings } from './place.ts'
import {
  ClientFrame,
  createReader,
  encode,
  longestAnswerBytes,
  longestRequestBytes,
  protocol,
  type OwnerFrame,
} from './wire.ts'

export interface Listening {
  /** Those that are connected now. */
  clients(): number
  /** Nobody new gets in; what was answered is delivered, then all are cut off. */
  close(): Promise<void>
}

/** Events that wait for a client to read them; beyond it is cut off and, connecting again, loads everything anew. */
const mostWaitingBytes = 4 * 1024 * 1024
/** Calls of one client that are worked on at a time; it is not read further meanwhile. */
const mostCalls = 32
const mostClients = 100
const farewellMs = 1000

/**
 * Opens the application to other processes of this user. Call it only as the owner of the data directory (its catalogue
 * is held): a socket that is there already is then a dead process's, and is replaced.
 * @throws target_refused, backend_refused there is no place for a socket
 */
export async function listen({
  app,
  dataDirectory,
  surroundings,
  version,
  pid,
  keepAlive,
}: {
  app: Pick<App, 'api' | 'audit' | 'now' | 'subscribe'>
  dataDirectory: string
  surroundings: Surroundings
  version: string
  pid: number
  /** Whether listening alone keeps the process going. */
  keepAlive: boolean
}): Promise<Listening> {
  const place = placeFor(dataDirectory, surroundings)
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, { app, version, pid })
  })
  server.maxConnections = mostClients
  if (!keepAlive) server.unref()

  const bound = (path: string) =>
    new Promise<void>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(
          new AppError('backend_refused', `The local socket can't be made: ${error.message}`, {
            hint: `Is ${dirname(path)} a folder you may write?`,
            cause: error,
          }),
        )
      server.once('error', fail)
      server.listen(path, () => {
        server.off('error', fail)
        resolve()
      })
    })

  let inode = 0n
  if (place.kind === 'pipe') await bound(place.path)
  else {
    const folder = dirname(place.path)
    if (place.link === null) mkdirSync(folder, { recursive: true, mode: 0o700 })
    else makePrivateFolder(folder, surroundings.userId)
    const temporary = unready(place.path, pid)
    removeUnready(place.path)
    await withMask(() => bound(temporary))
    chmodSync(temporary, 0o600)
    inode = lstatSync(temporary, { bigint: true }).ino
    renameSync(temporary, place.path)
  }
  announce(place)

  return {
    clients: () => sockets.size,
    close: async () => {
      // By now another owner may listen here: only what is ours is taken away.
      if (place.kind === 'socket') {
        const found = lstatSync(place.path, { bigint: true, throwIfNoEntry: false })
        if (found?.ino === inode) rmSync(place.path, { force: true })
      }
      withdraw(place)
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const socket of sockets) socket.end()
      const farewell = setTimeout(() => sockets.forEach(socket => socket.destroy()), farewellMs)
      await closed
      clearTimeout(farewell)
    },
  }
}

/** What owners left that died between binding and renaming. */
function removeUnready(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    const rest = name.startsWith(`${basename(path)}.`) ? name.slice(basename(path).length + 1) : ''
    if (/^\d+$/.test(rest)) rmSync(join(dirname(path), name), { force: true })
  }
}

/** A socket is nobody else's from its first instant on, not only once its mode is set. */
function withMask<T>(bind: () => T): T {
  if (process.platform === 'win32') return bind()
  const before = process.umask(0o177)
  try {
    return bind() // the name is taken before this returns
  } finally {
    process.umask(before)
  }
}

const tooLong: WireError = {
  code: 'invalid_input',
  message: 'The answer is too long for the local socket.',
  hint: 'Ask for less at a time.',
}

function serve(
  socket: Socket,
  {
    app,
    version,
    pid,
  }: { app: Pick<App, 'api' | 'audit' | 'now' | 'subscribe'>; version: string; pid: number },
): void {
  let who: string | null = null
  let stopEvents: (() => void) | null = null
  let waitingBytes = 0
  let calls = 0

  const send = (frame: OwnerFrame) => {
    if (!socket.writable) return
    const bytes = encode(frame)
    if (bytes.length > longestAnswerBytes && frame.kind === 'answer') {
      return send({ kind: 'failure', id: frame.id, error: tooLong })
    }
    socket.write(bytes)
    // One that asks and does not listen is not read any further.
    if (socket.writableNeedDrain) socket.pause()
  }
  const refuse = (error: unknown) => {
    socket.removeAllListeners('data').resume()
    if (socket.writable)
      socket.end(encode({ kind: 'refused', error: toWireError(error) }), () => socket.destroy())
  }

  const sendEvent = (name: string, value: unknown) => {
    const bytes = encode({ kind: 'event', name, value })
    if (waitingBytes + bytes.length > mostWaitingBytes) return void socket.destroy()
    waitingBytes += bytes.length
    socket.write(bytes, () => (waitingBytes -= bytes.length))
  }

  const answer = async (id: number, name: string, input: unknown, who: string) => {
    calls += 1
    if (calls >= mostCalls) socket.pause()
    const reply = await dispatch(app, { who }, name, input)
    calls -= 1
    send(reply.ok ? { kind: 'answer', id, value: reply.value } : { kind: 'failure', id, error: reply.error })
    if (calls < mostCalls && !socket.writableNeedDrain) socket.resume()
  }

  const take = (frame: ClientFrame) => {
    if (frame.kind === 'hello') {
      if (frame.protocol !== protocol) {
        throw new AppError(
          'conflict',
          `The Holdfast that runs here is version ${version} and does not understand this one.`,
          { hint: 'Restart it, so that both are the same version.' },
        )
      }
      who = frame.who
      return send({ kind: 'hello', protocol, version, pid })
    }
    if (who === null) throw new AppError('unauthorized', 'The first message has to be a greeting.')
    if (frame.kind === 'call') return void answer(frame.id, frame.name, frame.input, who)
    stopEvents?.()
    stopEvents = frame.wanted ? app.subscribe(event => sendEvent(event.name, event.value)) : null
  }

  const read = createReader(ClientFrame, longestRequestBytes, take)
  socket.on('data', (part: Buffer) => {
    try {
      read(part)
    } catch (error) {
      refuse(error)
    }
  })
  socket.on('drain', () => {
    if (calls < mostCalls) socket.resume()
  })
  socket.on('error', () => socket.destroy()) // the client is gone, which is no failure here
  socket.on('close', () => stopEvents?.())
}
