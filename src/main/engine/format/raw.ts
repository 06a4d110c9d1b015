/**
 * Names as the file system has them: bytes, not text. A Raw is a string in which each character is one byte
 * (0–255), so it is exact for names that are not UTF-8, compares in byte order with `<`, and costs one byte a
 * character. Plain ASCII text is its own Raw. Windows names are held as their UTF-8 (WTF-8) bytes.
 */
export type Raw = string & { readonly __raw: never }

const nonAscii = /[\x80-\uffff]/

export const rawFromText = (text: string): Raw =>
  (nonAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text) as Raw

export const rawFromBuffer = (bytes: Uint8Array): Raw =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as Raw

export const bufferFromRaw = (raw: Raw): Buffer => Buffer.from(raw, 'latin1')

/** The text of a name, U+FFFD standing for bytes that are not UTF-8. For people; not reversible. */
export const textFromRaw = (raw: Raw): string =>
  nonAscii.test(raw) ? bufferFromRaw(raw).toString('utf8') : raw

/** What `node:fs` takes for this path: the string itself where that is exact, its bytes elsewhere. */
export const fsPath = (raw: Raw): string | Buffer => (nonAscii.test(raw) ? bufferFromRaw(raw) : raw)

export const concatRaw = (...parts: (Raw | '/' | '')[]): Raw => parts.join('') as Raw

/** `folder/name`, without doubling the slash after the root. */
export const joinRaw = (folder: Raw, name: Raw): Raw =>
  (folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`) as Raw

export const compareRaw = (a: Raw, b: Raw): number => (a < b ? -1 : a > b ? 1 : 0)
