import { constants, accessSync, readdirSync, statfsSync, statSync, type Stats } from 'node:fs'
import { readdir, lstat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { LocalEntry, PlaceReport } from '../../shared/entities/browse.ts'
import type { Rules } from '../../shared/entities/plan.ts'
import { AppError } from '../../shared/errors.ts'
import { bytes } from '../../shared/wording.ts'
import { measure, noRules, type Measured } from '../engine/index.ts'

/** What can be seen of this machine's own files, to choose what is protected and where to. It only reads. */
export interface ThisMachine {
  suggest(): Suggestions
  /** What is in a folder, folders first. @throws not_found, source_unreadable */
  folder(path: string): Promise<{ path: string; parent: string | null; entries: LocalEntry[]; more: number }>
  measure(paths: readonly string[], rules: Rules): Promise<Measured>
  /** Drives and other places where a backup could go. */
  places(): Place[]
  look(path: string): PlaceReport
}

export interface Suggestions {
  home: string
  folders: { path: string; label: string; kind: string; suggested: boolean }[]
}

export interface Place {
  path: string
  label: string
  freeBytes: number
  totalBytes: number
  sameDriveAsSystem: boolean
}

/** A folder of more entries is shown in part: nobody chooses by looking through more. */
const mostEntries = 5000
/** Counting takes no longer than this. */
const patienceMs = 10_000

const usualFolders = [
  ['Documents', 'documents', true],
  ['Desktop', 'desktop', true],
  ['Pictures', 'pictures', true],
  ['Music', 'music', false],
  ['Videos', 'videos', false],
  ['Movies', 'videos', false],
  ['src', 'source', false],
  ['Projects', 'source', false],
  ['Downloads', 'downloads', false],
] as const

export function thisMachine({
  home,
  platform,
  now,
}: {
  home: string
  platform: NodeJS.Platform
  now: () => number
}): ThisMachine {
  const systemDevice = deviceOf(home)

  function requireAbsolute(path: string): string {
    if (isAbsolute(path)) return resolve(path)
    throw new AppError('invalid_input', `"${path}" is not an absolute path.`, {
      hint: 'Write the path from the root on.',
    })
  }

  return {
    suggest() {
      const folders = usualFolders
        .map(([label, kind, suggested]) => ({ path: join(home, label), label, kind, suggested }))
        .filter(({ path }) => isFolder(path))
      if (!folders.some(({ suggested }) => suggested)) {
        folders.unshift({ path: home, label: 'Home', kind: 'home', suggested: true } as never)
      }
      return { home, folders }
    },

    async folder(given) {
      const path = requireAbsolute(given)
      let names: string[]
      try {
        names = await readdir(path)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ENOENT' || code === 'ENOTDIR') {
          throw new AppError('not_found', `There is no folder ${path}.`, { hint: 'Choose another one.' })
        }
        throw new AppError('source_unreadable', `${path} can't be looked into: ${message}.`, {
          hint: 'Check its permissions.',
        })
      }
      const shown = names.toSorted().slice(0, mostEntries)
      const entries = await Promise.all(shown.map(name => entryAt(path, name)))
      const parent = dirname(path)
      return {
        path,
        parent: parent === path ? null : parent,
        entries: entries.toSorted(
          (a, b) => Number(b.type === 'dir') - Number(a.type === 'dir') || byName(a.name, b.name),
        ),
        more: names.length - shown.length,
      }
    },

    measure(paths, rules) {
      const signal = AbortSignal.timeout(patienceMs)
      return measure(paths.map(requireAbsolute), { ...noRules, ...rules }, { signal, now })
    },

    places() {
      const roots = platform === 'win32' ? driveLetters() : mountPoints(platform)
      return roots.flatMap(path => {
        const space = spaceAt(path)
        if (!space || space.totalBytes === 0) return []
        return [
          {
            path,
            label: path.split('/').at(-1) || path,
            ...space,
            sameDriveAsSystem: deviceOf(path) === systemDevice,
          },
        ]
      })
    },

    look(given) {
      const path = requireAbsolute(given)
      const above = nearestFolder(path)
      const space = spaceAt(above)
      const report: Omit<PlaceReport, 'state' | 'message'> = {
        path,
        writable: isWritable(above),
        freeBytes: space?.freeBytes ?? null,
        totalBytes: space?.totalBytes ?? null,
        sameDriveAsSystem: deviceOf(above) === systemDevice,
        repository: null,
      }
      const say = (
        state: PlaceReport['state'],
        message: string,
        more: Partial<PlaceReport> = {},
      ): PlaceReport => ({ ...report, ...more, state, message })

      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat && !stat.isDirectory())
        return say('no-folder', 'This is a file. A backup needs a folder.', { writable: false })
      const room = space ? `${bytes(space.freeBytes)} free.` : ''
      if (!stat) {
        return report.writable
          ? say('missing', `The folder will be made. ${room}`.trim())
          : say(
              'refused',
              `${above} may not be written to by you. Choose another place, or change its permissions.`,
            )
      }
      const repository = repositoryAt(path)
      if (repository)
        return say('repository', 'There is a backup here already. With its key it can be used.', {
          repository,
        })
      let names: string[]
      try {
        names = readdirSync(path)
      } catch {
        return say('refused', 'This folder may not be looked into by you. Choose another one.', {
          writable: false,
        })
      }
      if (!report.writable)
        return say('refused', 'This folder may not be written to by you. Choose another one.')
      if (names.length > 0) {
        return say(
          'in-use',
          `Other files are in this folder. A folder of its own is tidier: ${join(path, 'holdfast')}. ${room}`.trim(),
        )
      }
      return say('empty', `Empty. ${room}`.trim())
    },
  }
}

const byName = (a: string, b: string): number => a.localeCompare(b, undefined, { numeric: true })

async function entryAt(folder: string, name: string): Promise<LocalEntry> {
  const path = join(folder, name)
  try {
    const stat: Stats = await lstat(path)
    const type = stat.isDirectory()
      ? 'dir'
      : stat.isFile()
        ? 'file'
        : stat.isSymbolicLink()
          ? 'symlink'
          : 'other'
    return { path, name, type, sizeBytes: stat.isFile() ? stat.size : null, readable: true }
  } catch {
    return { path, name, type: 'other', sizeBytes: null, readable: false }
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

function deviceOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.dev ?? null
}

/** The folder itself, or the nearest one above it that is there. */
function nearestFolder(path: string): string {
  for (let at = path; ; at = dirname(at)) if (isFolder(at) || dirname(at) === at) return at
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function spaceAt(path: string): { freeBytes: number; totalBytes: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return null
  }
}

/** What shows without a key: that a repository is there, and how much of it. */
function repositoryAt(path: string): PlaceReport['repository'] {
  const count = (folder: string) => {
    try {
      return readdirSync(join(path, folder)).length
    } catch {
      return 0
    }
  }
  if (!statSync(join(path, 'config'), { throwIfNoEntry: false })?.isFile() || !isFolder(join(path, 'keys')))
    return null
  return { keys: count('keys'), snapshots: count('snapshots') }
}

/** Where systems mount what people plug in. */
function mountPoints(platform: NodeJS.Platform): string[] {
  const parents = platform === 'darwin' ? ['/Volumes'] : ['/media', '/run/media', '/mnt']
  return parents
    .flatMap(parent => foldersIn(parent).flatMap(path => [path, ...foldersIn(path)]))
    .filter(path => deviceOf(path) !== deviceOf(dirname(path)))
}

function foldersIn(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => join(parent, name))
  } catch {
    return []
  }
}

const driveLetters = (): string[] =>
  Array.from({ length: 26 }, (_, at) => `${String.fromCharCode(65 + at)}:\\`).filter(isFolder)
