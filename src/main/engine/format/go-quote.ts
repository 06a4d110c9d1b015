import { isPrintable } from './printable.ts'
import { rawFromText } from './raw.ts'
import type { Raw } from './raw.ts'
import { runeAt, runeOf, widthOf } from './utf8.ts'

// File names as Go's strconv.Quote writes them, less the outer quotes: text that tells any bytes.

const plain = /^[ !#-[\]-~]*$/ // printable ASCII without `"` and `\`

const shortForms = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

function quoteRune(rune: number): string {
  const short = shortForms.get(rune)
  if (short !== undefined) return short
  if (isPrintable(rune)) return String.fromCodePoint(rune)
  if (rune < 0x20 || rune === 0x7f) return `\\x${hex(rune, 2)}`
  return rune < 0x10000 ? `\\u${hex(rune, 4)}` : `\\U${hex(rune, 8)}`
}

export function goQuote(name: Raw): string {
  if (plain.test(name)) return name
  let quoted = ''
  for (let at = 0; at < name.length;) {
    const found = runeAt(name, at)
    const rune = runeOf(found)
    quoted += rune === null ? `\\x${hex(name.charCodeAt(at), 2)}` : quoteRune(rune)
    at += widthOf(found)
  }
  return quoted
}

/** One escape, or a stray backslash, quote or newline: all that is not text as it stands. */
const escape =
  /\\(?:([abfnrtv\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|[\\"\n]/g

const shortMeanings: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** The bytes that `goQuote` (or Go) made `quoted` of; null when nobody can have. */
export function goUnquote(quoted: string): Raw | null {
  if (plain.test(quoted)) return quoted as Raw
  let name = ''
  let from = 0
  for (const match of quoted.matchAll(escape)) {
    const [all, short, hexByte, octalByte, hex4, hex8] = match
    name += rawFromText(quoted.slice(from, match.index))
    from = match.index + all.length
    if (short !== undefined) name += shortMeanings[short]
    else if (hexByte !== undefined) name += String.fromCharCode(Number.parseInt(hexByte, 16))
    else if (octalByte !== undefined) {
      const byte = Number.parseInt(octalByte, 8)
      if (byte > 0xff) return null
      name += String.fromCharCode(byte)
    } else {
      const digits = hex4 ?? hex8
      if (digits === undefined) return null
      const rune = Number.parseInt(digits, 16)
      if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return null
      name += rawFromText(String.fromCodePoint(rune))
    }
  }
  return (name + rawFromText(quoted.slice(from))) as Raw
}
