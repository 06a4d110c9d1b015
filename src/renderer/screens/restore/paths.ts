/** Paths inside snapshots: from `/` on, parted by slashes, on every system. Pure. */

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || '/'

export const joined = (folder: string, name: string): string =>
  folder === '/' ? `/${name}` : `${folder}/${name}`

export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)

/** The folders from `root` (which is the first) down to `path`. */
export function way(root: string, path: string): string[] {
  if (!isWithin(path, root)) return way('/', path)
  const found = [root]
  const rest = path.slice(root === '/' ? 1 : root.length + 1)
  for (const name of rest === '' ? [] : rest.split('/')) found.push(joined(found.at(-1)!, name))
  return found
}

/** A path of a machine as a snapshot stores it: `C:\Users` is `/C/Users` there. */
export function inSnapshot(localPath: string): string {
  const drive = /^([A-Za-z]):[\\/]?/.exec(localPath)
  const plain = drive
    ? `/${drive[1]!}/${localPath.slice(drive[0].length).replaceAll('\\', '/')}`
    : localPath.replace(/^\\\\/, '/')
  return `/${plain.split('/').filter(Boolean).join('/')}`
}

/**
 * Where browsing begins: the folder that holds everything these snapshots protect. It is a folder even where a single
 * file is all that was backed up.
 */
export function commonRoot(snapshots: readonly { readonly paths: readonly string[] }[]): string {
  let root: string[] | null = null
  for (const path of new Set(snapshots.flatMap(({ paths }) => paths))) {
    const parts = inSnapshot(path).split('/').slice(1, -1)
    root ??= parts
    const differ = root.findIndex((part, at) => part !== parts[at])
    if (differ >= 0) root = root.slice(0, differ)
  }
  return `/${(root ?? []).join('/')}`
}
