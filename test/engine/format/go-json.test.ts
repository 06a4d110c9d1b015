import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonString, jsonStringOfRaw, jsonStrings } from '../../../src/main/engine/format/go-json.ts'
import { rawFromBuffer, rawFromText } from '../../../src/main/engine/format/raw.ts'

test.each([
  ['', '""'],
  ['plain text/path', '"plain text/path"'],
  ['"\\', '"\\"\\\\"'],
  ['\n\r\t', '"\\n\\r\\t"'],
  ['\b\f', '"\\u0008\\u000c"'],
  ['\\b\\f', '"\\\\b\\\\f"'],
  ['\\\b', '"\\\\\\u0008"'],
  ['\u0000\u001f\u007f', '"\\u0000\\u001f\u007f"'],
  ['<a href="x">&', '"\\u003ca href=\\"x\\"\\u003e\\u0026"'],
  ['\u2028\u2029', '"\\u2028\\u2029"'],
  ['ünï ☃ 😀 \ufffd', '"ünï ☃ 😀 \ufffd"'],
  ['\ud800x', '"\ufffdx"'],
])('%j', (text, json) => {
  expect(jsonString(text)).toBe(json)
  expect(JSON.parse(json)).toBe(text.toWellFormed())
  expect(jsonStringOfRaw(rawFromText(text))).toBe(json)
})

test('stray bytes become one escaped U+FFFD each, a real one stays', () => {
  const raw = (...bytes: number[]) => rawFromBuffer(Buffer.from(bytes))
  expect(jsonStringOfRaw(raw(0x74, 0xff, 0xfe))).toBe('"t\\ufffd\\ufffd"')
  expect(jsonStringOfRaw(raw(0xe2, 0x82, 0x41, 0x3c))).toBe('"\\ufffd\\ufffdA\\u003c"')
  expect(jsonStringOfRaw(raw(0xef, 0xbf, 0xbd, 0xff))).toBe('"\ufffd\\ufffd"')
  expect(jsonStringOfRaw(raw(0xed, 0xa0, 0x80))).toBe('"\\ufffd\\ufffd\\ufffd"')
})

test('any text is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const json = jsonString(text)
      expect(JSON.parse(json)).toBe(text)
      expect(json).not.toMatch(/[<>&\u2028\u2029]/)
      expect([...json].every(char => char >= ' ')).toBe(true)
    }),
  )
})

test('lists', () => {
  expect(jsonStrings([])).toBe('[]')
  expect(jsonStrings(['a', '<'])).toBe('["a","\\u003c"]')
})
