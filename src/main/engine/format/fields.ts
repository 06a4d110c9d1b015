import type { AppError } from '../../../shared/errors.ts'
import { corrupt } from './corrupt.ts'
import { isId } from './id.ts'
import type { Id } from './id.ts'
import { isTime, zeroTime } from './time.ts'

/**
 * Reading JSON that anybody may have written: each reader checks type and range of one field and says which one
 * is wrong. `what` names the object in messages ("the snapshot", "a node of the tree"). As in Go, null counts
 * as absent; an absent field takes `absent` where that is given and is an error elsewhere.
 */
export type Fields = Readonly<Record<string, unknown>>

export const maxUint32 = 0xffffffff

/** Names the kind of a value; never prints it, for it may be huge. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'missing'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`
}

export const wrongField = (what: string, key: string, wanted: string, value: unknown): AppError =>
  corrupt(`The field "${key}" of ${what} must be ${wanted} but is ${kindOf(value)}.`)

/** UTF-8 to text; stray bytes become U+FFFD, as they do in Go. */
export function textOf(what: string, bytes: Uint8Array): string {
  try {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  } catch (error) {
    throw corrupt(`The JSON of ${what} is too long to be read: ${bytes.byteLength} bytes.`, error)
  }
}

export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw corrupt(`The content of ${what} is not JSON.`, error)
  }
}

export function asFields(what: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw corrupt(`The JSON of ${what} must be an object but is ${kindOf(value)}.`)
}

/** The one object that `json` holds. */
export const decodeFields = (what: string, json: Uint8Array): Fields =>
  asFields(what, parseJson(what, textOf(what, json)))

export function textField(fields: Fields, key: string, what: string, absent?: string): string {
  const value = fields[key]
  if (typeof value === 'string') return value
  if ((value === undefined || value === null) && absent !== undefined) return absent
  throw wrongField(what, key, 'text', value)
}

/** A whole number in 0…max; `max` is at most 2^53 - 1. */
export function countField(fields: Fields, key: string, what: string, max: number, absent?: number): number {
  const value = fields[key]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value
  if ((value === undefined || value === null) && absent !== undefined) return absent
  throw wrongField(what, key, `a whole number up to ${max}`, value)
}

export function flagField(fields: Fields, key: string, what: string): boolean {
  const value = fields[key]
  if (typeof value === 'boolean') return value
  throw wrongField(what, key, 'true or false', value)
}

export function idField(fields: Fields, key: string, what: string): Id {
  const value = fields[key]
  if (isId(value)) return value
  throw wrongField(what, key, 'an ID', value)
}

export function idOrNullField(fields: Fields, key: string, what: string): Id | null {
  const value = fields[key]
  return value === undefined || value === null ? null : idField(fields, key, what)
}

/** RFC 3339, kept as written; Go's zero time where absent. */
export function timeField(fields: Fields, key: string, what: string): string {
  const value = fields[key]
  if (typeof value === 'string' && isTime(value)) return value
  if (value === undefined || value === null) return zeroTime
  throw wrongField(what, key, 'a time', value)
}

export function listField(fields: Fields, key: string, what: string): readonly unknown[] {
  const value = fields[key]
  if (Array.isArray(value)) return value
  if (value === undefined || value === null) return []
  throw wrongField(what, key, 'a list', value)
}

export function textsField(fields: Fields, key: string, what: string): string[] {
  return listField(fields, key, what).map(value => {
    if (typeof value === 'string') return value
    throw wrongField(what, key, 'a list of texts', value)
  })
}

export function idsField(fields: Fields, key: string, what: string): Id[] {
  return listField(fields, key, what).map(value => {
    if (isId(value)) return value
    throw wrongField(what, key, 'a list of IDs', value)
  })
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Standard base64 with padding; no bytes where absent. */
export function bytesField(fields: Fields, key: string, what: string): Buffer {
  const value = fields[key]
  if (value === undefined || value === null) return Buffer.alloc(0)
  if (typeof value === 'string' && value.length % 4 === 0 && base64.test(value))
    return Buffer.from(value, 'base64')
  throw wrongField(what, key, 'base64', value)
}
