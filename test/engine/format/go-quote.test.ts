import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { goQuote, goUnquote } from '../../../src/main/engine/format/go-quote.ts'
import { isPrintable } from '../../../src/main/engine/format/printable.ts'
import { rawFromBuffer, rawFromText } from '../../../src/main/engine/format/raw.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'
import { runeAt, runeOf, widthOf } from '../../../src/main/engine/format/utf8.ts'
import { zooNames } from '../../support/zoo.ts'

const bytes = (...values: number[]): Raw => rawFromBuffer(Buffer.from(values))

test.each<[string, Raw, string]>([
  ['plain', rawFromText('hello.txt'), 'hello.txt'],
  ['quote and backslash', rawFromText('quote"back\\slash'), 'quote\\"back\\\\slash'],
  ['single quote', rawFromText("it's"), "it's"],
  ['line and tab', rawFromText('new\nline\ttab'), 'new\\nline\\ttab'],
  ['short forms', bytes(7, 8, 12, 10, 13, 9, 11), '\\a\\b\\f\\n\\r\\t\\v'],
  ['controls', bytes(1, 0x1f, 0x7f), '\\x01\\x1f\\x7f'],
  ['stray bytes', bytes(0x62, 0xff, 0xfe, 0xe9), 'b\\xff\\xfe\\xe9'],
  ['cut sequence', bytes(0xe2, 0x82), '\\xe2\\x82'],
  ['cut sequence, then text', bytes(0xf0, 0x9f, 0x98, 0x41), '\\xf0\\x9f\\x98A'],
  ['encoded surrogate', bytes(0xed, 0xa0, 0x80), '\\xed\\xa0\\x80'],
  ['overlong slash', bytes(0xc0, 0xaf), '\\xc0\\xaf'],
  [
    'overlong of three and four',
    bytes(0xe0, 0x9f, 0xbf, 0xf0, 0x8f, 0xbf, 0xbf),
    '\\xe0\\x9f\\xbf\\xf0\\x8f\\xbf\\xbf',
  ],
  ['beyond Unicode', bytes(0xf4, 0x90, 0x80, 0x80), '\\xf4\\x90\\x80\\x80'],
  ['umlaut, both forms', rawFromText('\u00fc u\u0308'), '\u00fc u\u0308'],
  ['emoji with joiner', rawFromText('👩\u200d👦'), '👩\\u200d👦'],
  ['NBSP, soft hyphen, separators', rawFromText('\u00a0\u00ad\u2028\u2029'), '\\u00a0\\u00ad\\u2028\\u2029'],
  ['C1 control', rawFromText('\u0085'), '\\u0085'],
  ['byte order mark', rawFromText('\ufeff'), '\\ufeff'],
  ['a real U+FFFD', rawFromText('\ufffd'), '\ufffd'],
  ['private use', rawFromText('\ue000\u{10fffd}'), '\\ue000\\U0010fffd'],
  ['tag character', rawFromText('\u{e0067}'), '\\U000e0067'],
  ['last of all', rawFromText('\u{10ffff}'), '\\U0010ffff'],
])('%s', (_, name, quoted) => {
  expect(goQuote(name)).toBe(quoted)
  expect(goUnquote(quoted)).toBe(name)
})

test('any bytes survive', () => {
  const odd = fc.constantFrom(
    0x00,
    0x0a,
    0x22,
    0x5c,
    0x7f,
    0x80,
    0xbf,
    0xc2,
    0xe0,
    0xed,
    0xf0,
    0xf4,
    0xff,
    0x41,
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(odd).map(list => Uint8Array.from(list)),
      ),
      name => {
        const raw = rawFromBuffer(name)
        expect(goUnquote(goQuote(raw))).toBe(raw)
      },
    ),
    { numRuns: 1000 },
  )
})

test('any text survives', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(goUnquote(goQuote(rawFromText(text)))).toBe(rawFromText(text))
    }),
    { numRuns: 1000 },
  )
})

test('quoted text is printable and holds no bare quote', () => {
  fc.assert(
    fc.property(fc.uint8Array(), name => {
      expect(goQuote(rawFromBuffer(name))).toMatch(/^(?:[^"\\\p{C}\p{Z}]| |\\.)*$/u)
    }),
  )
})

test('every name of the zoo survives', () => {
  for (const name of Object.values(zooNames)) {
    const raw = rawFromBuffer(name)
    expect(goUnquote(goQuote(raw))).toBe(raw)
  }
})

describe('what Go writes never, but reads', () => {
  test.each<[string, Raw]>([
    ['\\101\\377', bytes(0x41, 0xff)],
    ["\\'", bytes(0x27)],
    ['\\u00FC', bytes(0xc3, 0xbc)],
    ['\\xC3\\xbc', bytes(0xc3, 0xbc)],
    ['\\U0001F600', rawFromText('😀')],
    ['\u00a0\u0001', bytes(0xc2, 0xa0, 0x01)],
  ])('%s', (quoted, name) => {
    expect(goUnquote(quoted)).toBe(name)
  })

  test.each([
    '\\',
    'a\\',
    '\\q',
    '\\x',
    '\\x4',
    '\\xg0',
    '\\u123',
    '\\U0001F60',
    '\\ud800',
    '\\U00110000',
    '\\400',
    '\\18',
    '"',
    'a"b',
    'a\nb',
  ])('%j is refused', quoted => {
    expect(goUnquote(quoted)).toBeNull()
  })
})

describe('printable', () => {
  const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

  test('agrees with this runtime, but for characters younger than Unicode 15.0', () => {
    let younger = 0
    for (let rune = 0; rune <= 0x10ffff; rune++) {
      if (rune >= 0xd800 && rune <= 0xdfff) expect(isPrintable(rune)).toBe(false)
      else if (isPrintable(rune)) {
        if (!printable.test(String.fromCodePoint(rune)))
          expect.fail(`U+${rune.toString(16)} is not printable`)
      } else if (printable.test(String.fromCodePoint(rune))) younger++
    }
    // 627 in 15.1, 5,185 in 16.0, 4,803 in 17.0
    const known: Record<string, number> = { '15.1': 627, '16.0': 5812, '17.0': 10615 }
    const expected = known[process.versions['unicode'] ?? '']
    if (expected !== undefined) expect(younger).toBe(expected)
  })

  test.each([
    [0x20, true],
    [0x7e, true],
    [0x7f, false],
    [0xa0, false],
    [0xa1, true],
    [0xad, false],
    [0x378, false], // never assigned
    [0x1fae8, true], // 15.0
    [0x31350, true], // 15.0
    [0x2ebf0, false], // 15.1
    [0x2ffc, false], // 15.1
    [0x105c0, false], // 16.0
    [0xe0100, true], // a variation selector is a mark
    [0xf0000, false],
    [0x10ffff, false],
  ])('U+%s: %s', (rune, expected) => {
    expect(isPrintable(rune)).toBe(expected)
  })
})

test('runes are found as the platform finds them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), input => {
      const raw = rawFromBuffer(input)
      let text = ''
      for (let at = 0; at < raw.length;) {
        const found = runeAt(raw, at)
        const rune = runeOf(found)
        text += rune === null ? '' : String.fromCodePoint(rune)
        if (rune === null) expect(widthOf(found)).toBe(1)
        at += widthOf(found)
      }
      // The platform may put one U+FFFD for several bytes, so only what is valid is compared.
      const valid = Buffer.from(input).toString('utf8').replaceAll('\ufffd', '')
      expect(text.replaceAll('\ufffd', '')).toBe(valid)
    }),
    { numRuns: 2000 },
  )
})
