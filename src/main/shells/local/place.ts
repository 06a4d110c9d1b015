import { createHash, randomUUID } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from 'node:fs'
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AppError } from '../../../shared/errors.ts'

/**
 * Where the owner of a data directory listens. What clients look at is always `holdfast.sock` in the data directory:
 * the socket itself; a link to it, where the path is too long for a socket; on Windows a file with the name of a pipe.
 * So a client finds it whatever its own environment says, and whoever can't write the data directory can't lead it astray.
 */

export interface Surroundings {
  readonly platform: NodeJS.Platform
  /** `XDG_RUNTIME_DIR`, else the temporary directory: for sockets whose own place has too long a path. */
  readonly runtimeDirectory: string
  /** null where the system has none (Windows). */
  readonly userId: number | null
}

export const socketName = 'holdfast.sock'

/** Bytes of a path that fit into a socket's address, without the zero behind it. */
const longestPath = (platform: NodeJS.Platform): number => (platform === 'linux' ? 107 : 103)

/** A socket is bound under such a name beside its own, and renamed: it is never found before it is ready. */
export const unready = (path: string, pid: number): string => `${path}.${pid}`
const roomForUnready = 11

export type Place =
  /** `link` is to point to it; null where it is in the data directory itself. */
  { kind: 'socket'; path: string; link: string | null } | { kind: 'pipe'; path: string; note: string }

/** Where to listen. Makes nothing; `announce` does. */
export function placeFor(dataDirectory: string, { platform, runtimeDirectory, userId }: Surroundings): Place {
  const own = join(resolve(dataDirectory), socketName)
  const hash = createHash('sha256').update(own).digest('hex').slice(0, 24)
  // The name of a pipe is anybody's to take: one that can't be guessed can't be taken before us.
  if (platform === 'win32') {
    return { kind: 'pipe', path: `\\\\.\\pipe\\holdfast-${hash}-${randomUUID()}`, note: own }
  }
  const fits = (path: string) => Buffer.byteLength(path) + roomForUnready <= longestPath(platform)
  if (fits(own)) return { kind: 'socket', path: own, link: null }
  const folder = `holdfast-${userId ?? 'user'}`
  const elsewhere = [runtimeDirectory, '/tmp'].map(base => join(base, folder, `${hash}.sock`)).find(fits)
  return { kind: 'socket', path: elsewhere!, link: own }
}

/**
 * The folder of a socket that is not in the data directory: ours alone.
 * @throws target_refused it is there, but somebody else's or open to others
 */
export function makePrivateFolder(folder: string, userId: number | null): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const stats = lstatSync(folder)
  if (stats.isDirectory() && (userId === null || stats.uid === userId)) {
    if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700)
    return
  }
  throw new AppError('target_refused', `${folder} belongs to somebody else; no socket was put there.`, {
    hint: 'Remove it, or set XDG_RUNTIME_DIR to a folder of your own.',
  })
}

/** Says in the data directory where the owner listens, once it does. */
export function announce(place: Place): void {
  if (place.kind === 'pipe') return replaceBy(place.note, temporary => writeFileSync(temporary, place.path))
  if (place.link !== null) replaceBy(place.link, temporary => symlinkSync(place.path, temporary))
}

/** Takes back what `announce` did, unless another owner's word stands there by now. */
export function withdraw(place: Place): void {
  const said = place.kind === 'pipe' ? place.note : place.link
  if (said !== null && readPlace(said, place.kind) === place.path) rmSync(said, { force: true })
}

function replaceBy(path: string, make: (temporary: string) => void): void {
  const temporary = `${path}.${randomUUID()}`
  make(temporary)
  renameSync(temporary, path)
}

function readPlace(path: string, kind: Place['kind']): string | null {
  try {
    return kind === 'pipe' ? readFileSync(path, 'utf8') : readlinkSync(path)
  } catch {
    return null // not there, or no link: then it is the socket itself
  }
}

/** Where an owner may be listening: something to connect to, which may fail. */
export function findPlace(dataDirectory: string, platform: NodeJS.Platform): string | null {
  const own = join(resolve(dataDirectory), socketName)
  if (platform === 'win32') {
    const pipe = readPlace(own, 'pipe')
    return pipe?.startsWith('\\\\.\\pipe\\holdfast-') ? pipe : null
  }
  const linked = readPlace(own, 'socket')
  if (linked !== null) return linked
  // Too long to be connected to: whoever could listen there has left a link.
  return Buffer.byteLength(own) <= longestPath(platform) ? own : null
}
