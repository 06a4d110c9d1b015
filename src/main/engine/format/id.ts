import { hash } from 'node:crypto'

/** SHA-256 as 64 lower-case hex digits: names a repository file, or a blob by its plaintext. */
export type Id = string

const isHexDigit = Uint8Array.from({ length: 128 }, (_, code) => +/[0-9a-f]/.test(String.fromCharCode(code)))

/** By a table: three times as fast as by a pattern, and an index may hold millions. */
export function isId(text: unknown): text is Id {
  if (typeof text !== 'string' || text.length !== 64) return false
  let isHex = 1
  for (let at = 0; at < 64; at++) isHex &= isHexDigit[text.charCodeAt(at)] ?? 0
  return isHex === 1
}

export const idOf = (bytes: Uint8Array): Id => hash('sha256', bytes, 'hex')

/** How people and restic abbreviate an ID. */
export const shortId = (id: Id): string => id.slice(0, 8)

export type BlobType = 'data' | 'tree'
