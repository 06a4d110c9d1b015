import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodePackHeader,
  encodePackHeader,
  packSize,
  plainLength,
} from '../../../src/main/engine/format/pack.ts'
import type { PackEntry } from '../../../src/main/engine/format/pack.ts'
import { fromHex, vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })
const id = 'ab'.repeat(32)

describe.each(vectors.packs)('restic’s pack $id', pack => {
  const entries = pack.entries.map((entry): PackEntry => ({
    type: entry.type % 2 === 1 ? 'tree' : 'data',
    id: entry.id,
    offset: entry.offset,
    length: entry.length,
    uncompressedLength: entry.uncompressed_length,
  }))
  const blobBytes = pack.size - pack.header_field_le32 - 4

  test('both ways', () => {
    expect(decodePackHeader(fromHex(pack.header_plain_hex), blobBytes)).toEqual(entries)
    expect(encodePackHeader(entries).toString('hex')).toBe(pack.header_plain_hex)
    expect(packSize(entries)).toBe(pack.size)
  })

  test('every cut is noticed', () => {
    const header = fromHex(pack.header_plain_hex)
    for (let bytes = 0; bytes < header.length; bytes++) {
      expect(() => decodePackHeader(header.subarray(0, bytes), blobBytes)).toThrow(corrupt)
    }
    for (const other of [0, blobBytes - 1, blobBytes + 1]) {
      expect(() => decodePackHeader(header, other)).toThrow(corrupt)
    }
  })
})

const arbitraryEntry = fc.record({
  type: fc.constantFrom('data' as const, 'tree' as const),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex')),
  length: fc.integer({ min: 32, max: 0xffffffff }),
  uncompressedLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffffffff })),
})

test('any entries, both ways', () => {
  fc.assert(
    fc.property(fc.array(arbitraryEntry, { minLength: 1, maxLength: 30 }), entries => {
      const header = encodePackHeader(entries)
      const blobBytes = entries.reduce((sum, entry) => sum + entry.length, 0)
      const decoded = decodePackHeader(header, blobBytes)
      expect(decoded.map(({ offset: _, ...rest }) => rest)).toEqual(entries)
      expect(decoded.map(entry => entry.offset)).toEqual(
        entries.map((_, i) => entries.slice(0, i).reduce((sum, entry) => sum + entry.length, 0)),
      )
      expect(packSize(entries)).toBe(blobBytes + header.length + 36)
    }),
  )
})

test('lengths no header can hold are the caller’s mistake', () => {
  for (const length of [-1, 2 ** 32]) {
    expect(() => encodePackHeader([{ type: 'data', id, length, uncompressedLength: 0 }])).toThrow(RangeError)
  }
})

test('each kind of damage is named', () => {
  const header = encodePackHeader([{ type: 'tree', id, length: 100, uncompressedLength: 200 }])
  const changed = (change: (copy: Buffer) => void) => {
    const copy = Buffer.from(header)
    change(copy)
    return () => decodePackHeader(copy, 100)
  }
  expect(changed(copy => copy.writeUInt8(4, 0))).toThrow('unknown type 4')
  expect(changed(copy => copy.writeUInt32LE(31, 1))).toThrow('too few')
  expect(changed(copy => copy.writeUInt32LE(0, 5))).toThrow('no uncompressed length')
  expect(changed(copy => copy.writeUInt32LE(99, 1))).toThrow('99')
  expect(() => decodePackHeader(Buffer.alloc(0), 0)).toThrow('no blobs')
})

test('random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, blobBytes) => {
      expect(() => decodePackHeader(bytes, blobBytes)).toThrow(corrupt)
    }),
  )
})

test('plain lengths', () => {
  expect(plainLength({ length: 57, uncompressedLength: 16 })).toBe(16)
  expect(plainLength({ length: 57, uncompressedLength: 0 })).toBe(25)
  expect(plainLength({ length: 32, uncompressedLength: 0 })).toBe(0)
})
