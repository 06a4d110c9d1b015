/** Headers of a tar archive, as every program of the last twenty years reads it (POSIX.1-2001, "pax"). Pure. */

export interface TarItem {
  /** Relative, with slashes. */
  readonly path: string
  readonly type: 'file' | 'dir' | 'symlink'
  /** 0 for what is no file. */
  readonly sizeBytes: number
  readonly permissions: number
  readonly modifiedAtMs: number
  /** Of a symlink. */
  readonly linkTarget: string
}

const block = 512
const flags = { file: '0', dir: '5', symlink: '2', pax: 'x' } as const

/** What comes before an item's content. */
export function tarHeader(item: TarItem): Buffer {
  const path = item.type === 'dir' ? `${item.path}/` : item.path
  const seconds = Math.max(0, Math.floor(item.modifiedAtMs / 1000))
  const records = [
    ...(isPlain(path) ? [] : [record('path', path)]),
    ...(isPlain(item.linkTarget) ? [] : [record('linkpath', item.linkTarget)]),
    ...(item.sizeBytes < 8 ** 11 ? [] : [record('size', String(item.sizeBytes))]),
  ]
  const own = header({ ...item, path, seconds, flag: flags[item.type] })
  if (records.length === 0) return own
  const more = Buffer.concat(records)
  const before = { path: 'pax', linkTarget: '', permissions: 0o644, sizeBytes: more.length, seconds }
  return Buffer.concat([header({ ...before, flag: flags.pax }), more, tarPadding(more.length), own])
}

/** What fills up the last block of a content. */
export const tarPadding = (sizeBytes: number): Buffer => Buffer.alloc((block - (sizeBytes % block)) % block)

/** What ends an archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block)

/** Whether the short fields of a header can hold it. */
const isPlain = (text: string): boolean => text.length <= 100 && /^[\x20-\x7e]*$/.test(text)

/** `length key=value\n`, where the length counts itself. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (rest + String(length).length !== length) length = rest + String(length).length
  return Buffer.from(`${length} ${key}=${value}\n`)
}

function header(item: {
  path: string
  linkTarget: string
  permissions: number
  sizeBytes: number
  seconds: number
  flag: string
}): Buffer {
  const bytes = Buffer.alloc(block)
  // Where a record above says it in full, this is what a program shows that does not know records.
  const short = (text: string) => text.replace(/[^\x20-\x7e]/g, '_').slice(0, 100)
  const octal = (number: number, digits: number) => number.toString(8).padStart(digits, '0').slice(-digits)
  bytes.write(short(item.path), 0, 100, 'latin1')
  bytes.write(octal(item.permissions & 0o777, 7), 100, 'latin1')
  bytes.write(octal(0, 7), 108, 'latin1')
  bytes.write(octal(0, 7), 116, 'latin1')
  bytes.write(octal(item.sizeBytes < 8 ** 11 ? item.sizeBytes : 0, 11), 124, 'latin1')
  bytes.write(octal(Math.min(item.seconds, 8 ** 11 - 1), 11), 136, 'latin1')
  bytes.write(' '.repeat(8), 148, 'latin1') // the sum is over spaces in its own place
  bytes.write(item.flag, 156, 'latin1')
  bytes.write(short(item.linkTarget), 157, 100, 'latin1')
  bytes.write('ustar\u000000', 257, 'latin1')
  const sum = bytes.reduce((sum, byte) => sum + byte, 0)
  bytes.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return bytes
}
