import type { RestoreItem } from '../../../../shared/entities/browse.ts'

/** A list of items as a table that spreadsheets open. Pure. */

export const csvHead = 'action,type,path,bytes,modified,bytes on disk,modified on disk,note\r\n'

const time = (ms: number | null): string => {
  if (ms === null) return ''
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** Quoted where it has to be; and a name that a spreadsheet would take for a formula is not one. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

export const csvLine = (item: RestoreItem): string =>
  [
    item.action,
    item.type,
    cell(item.path),
    String(item.sizeBytes),
    time(item.modifiedAtMs),
    item.onDiskBytes === null ? '' : String(item.onDiskBytes),
    time(item.onDiskModifiedAtMs),
    cell(item.note),
  ].join(',') + '\r\n'
