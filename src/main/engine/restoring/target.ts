import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { AppError } from '../../../shared/errors.ts'
import { loadLibc } from '../files/libc.ts'
import { reach, type AccessPath } from '../files/reach.ts'
import { fsPath, joinRaw, rawFromBuffer, rawFromText, type Raw } from '../format/raw.ts'
import { isRunning } from '../running.ts'
import { isFull, wordsOf } from './failure.ts'

/**
 * What is done to names in the folder that is restored into; any thread may have it. Locations are absolute inside it
 * (`/a/b`; `` is the target itself). No call follows a symlink at its end; that none lies before it is for the caller
 * to know, who meets every folder on the way and looks at it.
 */
export interface Names {
  /** null where nothing is. */
  look(location: Raw): BigIntStats | null
  makeFolder(location: Raw): void
  /** Permission bits alone. */
  setMode(location: Raw, mode: number): void
  names(location: Raw): Raw[]
  removeFile(location: Raw): void
  removeFolder(location: Raw): void
  rename(from: Raw, to: Raw): void
  link(existing: Raw, name: Raw): void
  /** Calls `use` with what system calls take for this location, however long its path is. */
  reach<T>(location: Raw, use: (access: AccessPath) => T): T
  /** A name nobody has, beside this one. */
  temporary(location: Raw): Raw
  /** Removes what restores that were killed left unfinished in this folder. */
  clearStrays(folder: Raw): void
  /** Whether what is made in this folder gets access rules from it. */
  handsDownRules(folder: Raw): boolean
}

/** The folder that is restored into. */
export interface Target extends Names {
  /** Its path, symlinks resolved. */
  readonly root: Raw
  /** Makes the folder when it is absent. @throws {AppError} target_refused */
  make(): void
  /** Whether this is the repository's own folder, which nothing may touch. */
  isRepository(stats: BigIntStats): boolean
}

/**
 * Looks only: nothing on the disk is changed before `make`.
 * @throws {AppError} target_refused in the repository, not a folder, or not writable
 */
export function openTarget(path: string, repositoryLocation: string): Target {
  const { root, missing } = locate(path)
  const repository = repositoryFolder(repositoryLocation)
  if (repository !== null && isWithin(root, repository.path)) {
    throw refused(`The target ${path} lies inside the repository ${repositoryLocation}.`)
  }
  requireWritable(path, missing ? existingParent(path) : path)

  return {
    ...namesIn(root),
    root,
    make() {
      if (!missing) return
      try {
        mkdirSync(path, { recursive: true, mode: 0o700 })
      } catch (error) {
        if (isFull(error)) throw error
        throw refused(`The target ${path} can't be made: ${wordsOf(error)}.`, error)
      }
    },
    isRepository: stats =>
      repository !== null && stats.ino === repository.stats.ino && stats.dev === repository.stats.dev,
  }
}

/** @param root an absolute path without symlinks */
export function namesIn(root: Raw): Names {
  const stem = `.holdfast-${process.pid}-${randomBytes(6).toString('hex')}-`
  const base = root.endsWith('/') ? root.slice(0, -1) : root
  const libc = loadLibc()
  let temporaries = 0
  const use = <T>(location: Raw, act: (access: AccessPath) => T): T =>
    reach(location === '' ? root : ((base + location) as Raw), act)

  return {
    reach: use,
    look: location =>
      use(location, access => lstatSync(access, { bigint: true, throwIfNoEntry: false })) ?? null,
    setMode: (location, mode) => use(location, access => chmodSync(access, mode)),
    makeFolder: location => use(location, access => mkdirSync(access, 0o700)),
    names: location =>
      use(location, access => readdirSync(access, { encoding: 'buffer' })).map(name => rawFromBuffer(name)),
    removeFile: location => use(location, access => unlinkSync(access)),
    removeFolder: location => use(location, access => rmdirSync(access)),
    rename: (from, to) => use(from, source => use(to, name => renameSync(source, name))),
    link: (existing, name) => use(existing, source => use(name, access => linkSync(source, access))),
    temporary(location) {
      const folder = location.slice(0, location.lastIndexOf('/')) as Raw
      return below(folder, `${stem}${(temporaries++).toString(36)}.tmp` as Raw)
    },
    clearStrays(folder) {
      for (const name of this.names(folder)) {
        const pid = strayName.exec(name)?.[1]
        if (pid !== undefined && !isRunning(Number(pid))) this.removeFile(below(folder, name))
      }
    },
    handsDownRules(folder) {
      if (libc === null) return false
      try {
        return use(folder, access => libc.listXattrs(access)).includes('system.posix_acl_default' as Raw)
      } catch {
        return true // to be on the safe side: each file is then looked at
      }
    },
  }
}

/** What `temporary` gives, with the process that took it. */
const strayName = /^\.holdfast-(\d+)-[0-9a-f]{12}-[0-9a-z]+\.tmp$/

/** The location of a name in a folder of the target. */
export const below = (folder: Raw, name: Raw): Raw => `${folder}/${name}` as Raw

/** Where these absolute paths lie in a folder; those that lie elsewhere are left away. */
export function locationsIn(root: Raw, paths: readonly string[] = []): Raw[] {
  const base = root === '/' ? '' : root
  return paths.flatMap(path => {
    const { root: place } = locate(path, true)
    return place.startsWith(`${base}/`) ? [place.slice(base.length) as Raw] : []
  })
}

/** The path with the symlinks of its existing part resolved. */
function locate(path: string, mayBeFile = false): { root: Raw; missing: boolean } {
  const existing = lookUp(path, path, lstatSync)
  if (existing !== undefined) {
    if (mayBeFile || lookUp(path, path, statSync)?.isDirectory()) return { root: real(path), missing: false }
    throw refused(`The target ${path} exists and is not a folder.`)
  }
  const parent = existingParent(path)
  const rest = resolve(path).slice(parent.length).replaceAll('\\', '/').replace(/^\//, '')
  return { root: joinRaw(real(parent), rawFromText(rest)), missing: true }
}

function existingParent(path: string): string {
  let parent = dirname(resolve(path))
  while (lookUp(path, parent, lstatSync) === undefined && dirname(parent) !== parent) parent = dirname(parent)
  if (lookUp(path, parent, statSync)?.isDirectory()) return parent
  throw refused(`The target ${path} can't be made: ${parent} is not a folder.`)
}

function lookUp(target: string, path: string, look: typeof statSync | typeof lstatSync): Stats | undefined {
  try {
    return look(path, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined
    throw refused(`The target ${target} can't be looked at: ${wordsOf(error)}.`, error)
  }
}

function real(path: string): Raw {
  const raw = rawFromBuffer(realpathSync.native(path, 'buffer'))
  return process.platform === 'win32' ? (raw.replaceAll('\\', '/') as Raw) : raw
}

function requireWritable(path: string, folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw refused(`Nothing can be written to the target ${path}: ${wordsOf(error)}.`, error)
  }
}

/** Only of a repository in a local folder; null for all others. */
function repositoryFolder(location: string): { path: Raw; stats: BigIntStats } | null {
  try {
    if (!statSync(join(location, 'config')).isFile()) return null
    return { path: real(location), stats: statSync(fsPath(real(location)), { bigint: true }) }
  } catch {
    return null // no such folder here: the repository lives elsewhere
  }
}

const isWithin = (path: Raw, folder: Raw): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)

function refused(message: string, cause?: unknown): AppError {
  return new AppError('target_refused', message, {
    hint: 'Choose another folder with --target, one that you may write to.',
    cause,
  })
}
