import nodePath, { type PlatformPath } from 'node:path'
import type { RestoreRequest } from '../../../shared/entities/browse.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ChosenItems } from '../../engine/index.ts'
import { outermost } from '../catalogue/folders.ts'

/** One call of the engine: what goes where. */
export interface Placement {
  /** Absolute. */
  readonly target: string
  /** The folder of the snapshot that becomes the target; '' for its root. */
  readonly subpath: string
  /** null: all of it. */
  readonly items: ChosenItems | null
}

/** What there is to know of this machine's disk, to find where things came from. */
export interface Disk {
  /** A folder itself, not a symlink to one. */
  isFolder(path: string): boolean
  exists(path: string): boolean
}

/**
 * Where everything that is asked for goes. Pure but for what it asks of the disk.
 *
 * To its original place an item goes below the folder that was backed up: what lies above that was followed as the
 * system does when it was backed up, and is again; below it no symlink is.
 * @param sources the folders and files that the snapshot was made of, as it names them
 * @throws invalid_input two items would be one; the target is no absolute path; it is not known where something was
 */
export function placementsOf(
  { paths, target }: Pick<RestoreRequest, 'paths' | 'target'>,
  sources: readonly string[],
  disk: Disk,
  platform: NodeJS.Platform,
): Placement[] {
  const style = platform === 'win32' ? nodePath.win32 : nodePath.posix
  const chosen = outermost(paths)
  if (target.kind === 'original') return originals(chosen, sources, disk, style)
  if (!style.isAbsolute(target.path) || target.path.includes('\0')) {
    throw new AppError('invalid_input', `The target ${target.path} is not a whole path.`, {
      hint: 'Choose a folder of this computer.',
    })
  }
  const placedBy = target.keepFolders ? 'path' : 'name'
  if (placedBy === 'name') refuseSameNames(chosen, platform)
  return [{ target: style.resolve(target.path), subpath: '', items: { paths: chosen, placedBy } }]
}

function refuseSameNames(paths: readonly string[], platform: NodeJS.Platform): void {
  const fold = platform === 'win32' || platform === 'darwin'
  const seen = new Map<string, string>()
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const key = fold ? name.normalize('NFD').toLowerCase() : name
    const other = seen.get(key)
    if (other !== undefined) {
      throw new AppError('invalid_input', `${other} and ${path} would have the same name in the target.`, {
        hint: 'Restore them with the folders they are in, or one after the other into different folders.',
      })
    }
    seen.set(key, path)
  }
}

function originals(
  chosen: readonly string[],
  sources: readonly string[],
  disk: Disk,
  style: PlatformPath,
): Placement[] {
  const places = new Map<string, string>()
  for (const source of sources) {
    const inTree = treePath(source, style)
    if (inTree !== null) places.set(inTree, style.normalize(source))
  }
  const roots = outermost([...places.keys()])
  const wanted = new Map<string, string[]>()
  for (const path of chosen) {
    const own = roots.find(root => isWithin(path, root))
    const below = own === undefined ? roots.filter(root => isWithin(root, path)) : []
    if (own === undefined && below.length === 0) {
      throw new AppError('invalid_input', `This snapshot does not say where ${path} was on this computer.`, {
        hint: 'Restore it into a folder that you choose.',
      })
    }
    for (const root of own === undefined ? below : [own])
      wanted.set(root, [...(wanted.get(root) ?? []), own === undefined ? root : path])
  }
  return [...wanted].map(([root, paths]) => {
    const source = places.get(root)!
    if (disk.isFolder(source)) {
      const items = paths.includes(root) ? null : ({ paths, placedBy: 'path' } as const)
      return { target: source, subpath: root === '/' ? '' : root, items }
    }
    let target = style.dirname(source)
    while (!disk.exists(target) && style.dirname(target) !== target) target = style.dirname(target)
    const subpath = treePath(target, style)!
    return { target, subpath: subpath === '/' ? '' : subpath, items: { paths, placedBy: 'path' } }
  })
}

const isWithin = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`)

/** Where an absolute path of a disk lies in a snapshot; null where that can't be said. A drive is a folder there. */
function treePath(path: string, style: PlatformPath): string | null {
  if (!style.isAbsolute(path)) return null
  const normal = style.normalize(path)
  const { root } = style.parse(normal)
  const parts = normal
    .slice(root.length)
    .split(style.sep)
    .filter(part => part !== '')
  if (style.sep === '/') return `/${parts.join('/')}`
  const drive = /^([A-Za-z]):\\$/.exec(root)?.[1]
  return drive === undefined ? null : `/${[drive, ...parts].join('/')}`
}
