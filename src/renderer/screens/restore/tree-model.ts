import { joined } from './paths.ts'

/** The tree of folders, as far as it was opened. Pure. */

/** Of one folder; a tree of thousands is no help, the list has them all. */
export const mostShown = 500

export type FolderState =
  | { readonly state: 'loading' }
  | { readonly state: 'failed' }
  | {
      readonly state: 'loaded'
      readonly folders: readonly { readonly name: string; readonly deleted: boolean }[]
      readonly more: boolean
    }

export type TreeRow =
  | {
      readonly kind: 'folder'
      readonly path: string
      readonly depth: number
      readonly deleted: boolean
      /** It has folders in it, or nobody has looked yet. */
      readonly mayOpen: boolean
    }
  | { readonly kind: 'note'; readonly path: string; readonly depth: number; readonly why: 'more' | 'failed' }

/** What stands in the tree, from the top. */
export function flatten(
  root: string,
  folders: ReadonlyMap<string, FolderState>,
  open: ReadonlySet<string>,
): TreeRow[] {
  const rows: TreeRow[] = []
  const left: TreeRow[] = [{ kind: 'folder', path: root, depth: 0, deleted: false, mayOpen: true }]
  for (let row = left.pop(); row; row = left.pop()) {
    const known = folders.get(row.path)
    const leaf = known?.state === 'loaded' && known.folders.length === 0
    rows.push(row.kind === 'folder' ? { ...row, mayOpen: !leaf } : row)
    if (row.kind === 'note' || !open.has(row.path) || !known || known.state === 'loading') continue
    const { path, depth } = row
    const below: TreeRow[] =
      known.state === 'failed'
        ? [{ kind: 'note', path, depth: depth + 1, why: 'failed' }]
        : known.folders.map(({ name, deleted }) => ({
            kind: 'folder' as const,
            path: joined(path, name),
            depth: depth + 1,
            deleted,
            mayOpen: true,
          }))
    if (known.state === 'loaded' && known.more)
      below.push({ kind: 'note', path, depth: depth + 1, why: 'more' })
    left.push(...below.reverse())
  }
  return rows
}
