import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeConfig, encodeConfig } from '../../../src/main/engine/format/config.ts'
import { vectors } from '../../support/vectors.ts'

const text = vectors.config.plaintext_utf8
const sound = JSON.parse(text) as { version: number; id: string; chunker_polynomial: string }
const decode = (value: unknown) => decodeConfig(Buffer.from(JSON.stringify(value)))

test('restic’s config, both ways', () => {
  const config = decodeConfig(Buffer.from(text))
  expect(config).toEqual({
    version: 2,
    id: 'bbebcb81fac0a0d236abcccb045778e973ac351785db2f2146c1570a0cf865b4',
    chunkerPolynomial: 0x3f08c229e2e3cdn,
  })
  expect(encodeConfig(config).toString()).toBe(text)
})

test('version 1 and unknown fields are fine', () => {
  expect(decode({ ...sound, version: 1, more: { deep: [1] } }).version).toBe(1)
})

test('a version of the future is unsupported, not damaged', () => {
  for (const version of [0, 3, 2.5]) {
    expect(() => decode({ ...sound, version })).toThrow(
      expect.objectContaining({ code: 'repository_unsupported', hint: expect.any(String) as string }),
    )
  }
})

test.each<[string, unknown]>([
  ['version', '2'],
  ['version', undefined],
  ['id', 'abc'],
  ['id', sound.id.toUpperCase()],
  ['id', null],
  ['chunker_polynomial', '3f08c229e2e3ce'], // even, so divisible by x
  ['chunker_polynomial', '0x3f08c229e2e3cd'],
  ['chunker_polynomial', '3F08C229E2E3CD'],
  ['chunker_polynomial', '7f08c229e2e3cd'], // degree 54
  ['chunker_polynomial', '3'],
  ['chunker_polynomial', ''],
  ['chunker_polynomial', 17],
])('a config whose %s is %j is damaged', (field, value) => {
  expect(() => decode({ ...sound, [field]: value })).toThrow(
    expect.objectContaining({ code: 'data_corrupt' }),
  )
})

test('anything but a config is refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(json => Buffer.from(json)),
      ),
      bytes => {
        expect(() => decodeConfig(bytes)).toThrow(expect.objectContaining({ code: 'data_corrupt' }))
      },
    ),
  )
})
