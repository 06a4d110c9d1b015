import type { LocalEntry } from '../../../shared/entities/browse.ts'
import type { WireError } from '../../../shared/errors.ts'
import { isBelow } from '../../parts/local-path.ts'

/** What is known of a folder that was opened. */
export type Folder =
  | { readonly state: 'loading' }
  | { readonly state: 'open'; readonly entries: readonly LocalEntry[]; readonly more: number }
  | { readonly state: 'failed'; readonly error: WireError }

export type Folders = ReadonlyMap<string, Folder>

/** A line of the tree. `note` says something of the folder above it: that it is empty, or can't be looked into. */
export type TreeRow =
  | {
      readonly kind: 'entry'
      readonly path: string
      readonly name: string
      readonly level: number
      readonly folder: boolean
      readonly expanded: boolean
      /** Of a file; null for a folder. */
      readonly sizeBytes: number | null
      readonly place: number
      readonly of: number
    }
  | {
      readonly kind: 'note'
      readonly path: string
      readonly level: number
      readonly text: string
      readonly failed: boolean
    }

/** Where the tree begins: the home folder, and whatever is chosen outside of it. Pure. */
export function rootsOf(home: string, paths: readonly string[]): string[] {
  const outside = paths.filter(path => path !== home && !isBelow(path, home))
  const tops = outside.filter(path => !outside.some(other => isBelow(path, other)))
  return [home, ...new Set(tops)].filter(root => root !== '')
}

/** The lines to be seen, in order. Pure. */
export function rowsOf(roots: readonly string[], expanded: ReadonlySet<string>, folders: Folders): TreeRow[] {
  const rows: TreeRow[] = []
  function add(
    { path, name, type, sizeBytes }: Pick<LocalEntry, 'path' | 'name' | 'type' | 'sizeBytes'>,
    level: number,
    place: number,
    of: number,
  ): void {
    const folder = type === 'dir'
    const open = folder && expanded.has(path)
    rows.push({ kind: 'entry', path, name, level, folder, expanded: open, sizeBytes, place, of })
    if (!open) return
    const inside = folders.get(path)
    const note = (text: string, failed = false) =>
      rows.push({ kind: 'note', path, level: level + 1, text, failed })
    if (inside === undefined || inside.state === 'loading') note('opening…')
    else if (inside.state === 'failed') note(inside.error.message, true)
    else {
      inside.entries.forEach((entry, at) => add(entry, level + 1, at + 1, inside.entries.length))
      if (inside.entries.length === 0) note('empty')
      if (inside.more > 0) note(`${inside.more} more are not shown`)
    }
  }
  roots.forEach((path, at) =>
    add({ path, name: path, type: 'dir', sizeBytes: null }, 1, at + 1, roots.length),
  )
  return rows
}

/** Folders that have to be open for all of these places to be seen: those above them. Pure. */
export function opensFor(roots: readonly string[], paths: readonly string[]): string[] {
  const opened = new Set<string>()
  for (const root of roots) {
    const separator = root.includes('\\') ? '\\' : '/'
    for (const path of paths) {
      if (!isBelow(path, root)) continue
      opened.add(root)
      const start = root.endsWith(separator) ? root.length : root.length + 1
      for (let at = path.indexOf(separator, start); at > 0; at = path.indexOf(separator, at + 1))
        opened.add(path.slice(0, at))
    }
  }
  return [...opened]
}
