import { isUtf8 } from 'node:buffer'
import { bufferFromRaw } from './raw.ts'
import type { Raw } from './raw.ts'
import { runeAt, runeOf, widthOf } from './utf8.ts'

// JSON text exactly as Go's encoding/json writes it, with its HTML escaping on: hashes depend on every byte.

/** Printable ASCII without `"`, `\`, `<`, `>` and `&`: the text is its own JSON. */
const plain = /^[ !#-%'-;=?-[\]-~]*$/

const special = /\\\\|\\b|\\f|[<>&\u2028\u2029]/g
const specials: Record<string, string> = {
  '\\\\': '\\\\', // matched so that the b in an escaped backslash and a b is not taken for \b
  '\\b': '\\u0008',
  '\\f': '\\u000c',
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** A JSON string with its quotes. */
export const jsonString = (text: string): string =>
  plain.test(text)
    ? `"${text}"`
    : JSON.stringify(text.toWellFormed()).replace(special, match => specials[match]!)

/** The same for bytes that should be UTF-8: each stray one becomes the escape of U+FFFD. */
export function jsonStringOfRaw(raw: Raw): string {
  if (plain.test(raw)) return `"${raw}"`
  const bytes = bufferFromRaw(raw)
  if (isUtf8(bytes)) return jsonString(bytes.toString('utf8'))
  let json = ''
  let from = 0
  const flush = (to: number) => {
    json += jsonString(bytes.toString('utf8', from, to)).slice(1, -1)
  }
  for (let at = 0; at < raw.length;) {
    const found = runeAt(raw, at)
    at += widthOf(found)
    if (runeOf(found) !== null) continue
    flush(at - 1)
    json += '\\ufffd'
    from = at
  }
  flush(raw.length)
  return `"${json}"`
}

export const jsonStrings = (texts: readonly string[]): string => `[${texts.map(jsonString).join(',')}]`
