import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeIndex, encodeIndex } from '../../../src/main/engine/format/index-file.ts'
import { vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })

test.each(vectors.index)('restic’s index $id, both ways', ({ json }) => {
  const { supersedes, packs } = decodeIndex(Buffer.from(json))
  expect(supersedes).toEqual([])
  expect(encodeIndex(packs).toString()).toBe(`${json.trimEnd()}\n`)

  // against the packs' own headers
  const known = new Map(vectors.packs.map(pack => [pack.id, pack.entries]))
  for (const pack of packs) {
    expect(pack.blobs.toSorted((a, b) => a.offset - b.offset)).toEqual(
      known.get(pack.id)!.map(entry => ({
        type: entry.type % 2 === 1 ? 'tree' : 'data',
        id: entry.id,
        offset: entry.offset,
        length: entry.length,
        uncompressedLength: entry.uncompressed_length,
      })),
    )
  }
})

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const blob = fc.record({
  type: fc.constantFrom('data' as const, 'tree' as const),
  id,
  offset: fc.integer({ min: 0, max: 0xffffffff }),
  length: fc.integer({ min: 32, max: 0xffffffff }),
  uncompressedLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffffffff })),
})

test('any index, both ways', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id, blobs: fc.array(blob, { maxLength: 5 }) }), { maxLength: 5 }),
      packs => {
        expect(decodeIndex(encodeIndex(packs))).toEqual({ supersedes: [], packs })
      },
    ),
  )
})

test('what other writers leave in an index', () => {
  const old = 'cd'.repeat(32)
  expect(decodeIndex(Buffer.from(`{"supersedes":["${old}"],"packs":[],"packs_to_delete":[{}]}`))).toEqual({
    supersedes: [old],
    packs: [],
  })
  expect(decodeIndex(Buffer.from('{"packs":null}'))).toEqual({ supersedes: [], packs: [] })
  expect(decodeIndex(Buffer.from(`{"packs":[{"id":"${old}","blobs":null}]}`)).packs).toEqual([
    { id: old, blobs: [] },
  ])
})

const sound = { id: 'ef'.repeat(32), type: 'data', offset: 0, length: 32 }
const withBlob = (change: object) =>
  Buffer.from(JSON.stringify({ packs: [{ id: sound.id, blobs: [{ ...sound, ...change }] }] }))

test.each<[string, unknown]>([
  ['id', 'xyz'],
  ['id', null],
  ['type', 'pack'],
  ['type', undefined],
  ['offset', -1],
  ['offset', 1.5],
  ['offset', 2 ** 32], // no pack is that large, and the blob index keeps 32 bits
  ['offset', 2 ** 53],
  ['offset', '0'],
  ['offset', undefined],
  ['length', 31],
  ['length', 2 ** 32],
  ['length', undefined],
  ['uncompressed_length', -5],
  ['uncompressed_length', 2 ** 32],
])('a blob whose %s is %j is damage', (field, value) => {
  expect(decodeIndex(withBlob({})).packs).toHaveLength(1)
  expect(() => decodeIndex(withBlob({ [field]: value }))).toThrow(corrupt)
})

test('what is no index', () => {
  for (const json of [
    '',
    '{',
    '[]',
    '{}',
    'null',
    '{"packs":{}}',
    '{"packs":[7]}',
    '{"packs":[{}]}',
    '{"packs":[],"supersedes":[1]}',
  ]) {
    expect(() => decodeIndex(Buffer.from(json))).toThrow(corrupt)
  }
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(() => decodeIndex(bytes)).toThrow(corrupt)
    }),
  )
})

test('nesting without end is only one more kind of damage', () => {
  const deep = Buffer.from(`{"packs":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)
  expect(() => decodeIndex(deep)).toThrow(corrupt)
})
