import { nameOf } from './paths.ts'
import { bySnapshot, type Picked } from './selection.ts'

/** A selection as a link that a browser can follow. Pure. */
export interface DownloadLink {
  readonly address: string
  /** What a file that is dragged out is called: no more than a suggestion. */
  readonly name: string
  readonly mime: string
}

/** Servers take addresses of some thousand characters. */
const longest = 12_000

/** null: it is of several snapshots, or too many items to be named in an address. */
export function downloadOf(destinationId: string, items: readonly Picked[]): DownloadLink | null {
  const [part, ...others] = bySnapshot(new Map(items.map(item => [item.path, item])))
  if (!part || others.length > 0) return null
  const query = new URLSearchParams({ destination: destinationId, snapshot: part.snapshotId })
  for (const path of part.paths) query.append('path', path)
  const address = `/api/download?${query}`
  if (address.length > longest) return null
  const [item] = items
  const isFile = items.length === 1 && item!.type === 'file'
  const plain = (name: string) => name.replace(/[\p{C}:/\\]/gu, '_')
  return isFile
    ? { address, name: plain(nameOf(item!.path)), mime: 'application/octet-stream' }
    : {
        address,
        name: `${items.length === 1 && item!.path !== '/' ? plain(nameOf(item!.path)) : 'snapshot'}.tar`,
        mime: 'application/x-tar',
      }
}
