import { randomFillSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupsOf, keyFrom, makeKey } from '../../../../src/renderer/parts/recovery/key.ts'

const randomKey = () => makeKey(bytes => randomFillSync(bytes))

test('eight groups of four characters, of which none looks like another', () => {
  for (let i = 0; i < 100; i++) expect(randomKey()).toMatch(/^([2-9A-HJ-NP-Z]{4} ){7}[2-9A-HJ-NP-Z]{4}$/)
  expect(groupsOf(randomKey())).toHaveLength(8)
})

test('every character is as likely as any other: 256 byte values fall on 32 characters, eight times each', () => {
  let next = 0
  const count = new Map<string, number>()
  for (let i = 0; i < 8; i++) {
    const key = makeKey(bytes => bytes.forEach((_, at) => (bytes[at] = next++)))
    for (const char of key.replaceAll(' ', '')) count.set(char, (count.get(char) ?? 0) + 1)
  }
  expect(count.size).toBe(32)
  expect(new Set(count.values())).toEqual(new Set([8]))
})

test('two keys differ', () => {
  expect(new Set(Array.from({ length: 100 }, randomKey)).size).toBe(100)
})

test.each([
  ['as it is', (key: string) => key],
  ['in small letters', (key: string) => key.toLowerCase()],
  ['without spaces', (key: string) => key.replaceAll(' ', '')],
  ['with dashes', (key: string) => key.replaceAll(' ', '-')],
  ['with long dashes and lines', (key: string) => key.replace(' ', '–').replace(' ', '\n')],
  ['with spaces around it', (key: string) => `  ${key} \n`],
])('a key is recognised %s', (_, write) => {
  const key = randomKey()
  expect(keyFrom(write(key))).toBe(key)
})

test('any other password stays exactly as it is typed', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), text => {
      const bare = text.toUpperCase().replace(/[\s\u2010-\u2015-]+/g, '')
      fc.pre(!/^[2-9A-HJ-NP-Z]{32}$/.test(bare))
      expect(keyFrom(text)).toBe(text)
    }),
  )
  expect(keyFrom(' a password that ends with a space ')).toBe(' a password that ends with a space ')
})
