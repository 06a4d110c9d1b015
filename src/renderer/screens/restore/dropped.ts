import { desktop } from '../../client.ts'

/** What somebody let go over the window. */
export type Dropped =
  /** A folder of this machine: where to restore to. */
  | { readonly kind: 'target'; readonly path: string }
  /** A file: its versions are looked for. `path` where this machine tells it. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string | null }
  | { readonly kind: 'refused'; readonly why: string }

/** Only while the event is being handled: afterwards nothing is known of what was dropped. */
export function readDrop(transfer: DataTransfer): Dropped {
  const [item, ...more] = [...transfer.items].filter(({ kind }) => kind === 'file')
  const file = item?.getAsFile()
  if (!item || !file)
    return {
      kind: 'refused',
      why: 'That is no file or folder. Drop a file to find its versions, or a folder to restore into it.',
    }
  if (more.length > 0)
    return { kind: 'refused', why: 'These are several. Drop one file to find its versions.' }
  const path = desktop()?.pathOf(file) || null
  if (item.webkitGetAsEntry()?.isDirectory !== true) return { kind: 'file', name: file.name, path }
  if (path !== null) return { kind: 'target', path }
  return {
    kind: 'refused',
    why: 'A browser does not tell where this folder is. Choose it with “Restore to…” instead.',
  }
}
