import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  blobsIn,
  columnsOf,
  columnsOfHeader,
  createColumnRoom,
  encodeColumns,
  rowWords,
  type IndexColumns,
} from '../../../src/main/engine/format/index-columns.ts'
import { decodeIndex, encodeIndex, type PackContents } from '../../../src/main/engine/format/index-file.ts'
import { scanIndex } from '../../../src/main/engine/format/index-scan.ts'
import { decodePackHeader, encodePackHeader } from '../../../src/main/engine/format/pack.ts'
import { vectors } from '../../support/vectors.ts'

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const number = (min: number) =>
  fc.oneof(fc.integer({ min, max: min + 20 }), fc.integer({ min, max: 0xffffffff }))
const blob = fc.record({
  type: fc.constantFrom('data' as const, 'tree' as const),
  id,
  offset: number(0),
  length: number(32),
  uncompressedLength: number(0),
})
const pack = fc.record({ id, blobs: fc.array(blob, { maxLength: 5 }) })
const packs = fc.array(pack, { maxLength: 5 })

/** Without the room that is left. */
const trimmed = (columns: IndexColumns) => ({
  packs: columns.packs,
  packIds: [...columns.packIds.subarray(0, columns.packs * 8)],
  packEnds: [...columns.packEnds.subarray(0, columns.packs)],
  rows: [...columns.rows.subarray(0, blobsIn(columns) * rowWords)],
})

const room = createColumnRoom() // used again and again, as it is meant

/** What the scanner finds, or 'odd'. */
function scanned(json: Uint8Array, bytesAtOnce = 7): ReturnType<typeof trimmed> | 'odd' {
  const step = scanIndex(json, room)
  for (;;) {
    const state = step(bytesAtOnce)
    if (state !== 'more') return state === 'odd' ? 'odd' : trimmed(room)
  }
}

function parsed(json: Uint8Array): ReturnType<typeof trimmed> | 'refused' {
  try {
    return trimmed(columnsOf(decodeIndex(json).packs))
  } catch {
    return 'refused'
  }
}

test.each(vectors.index)('restic’s index $id is scanned', ({ json }) => {
  expect(scanned(Buffer.from(json))).toEqual(parsed(Buffer.from(json)))
})

test('what is written is scanned, in steps of any size, as parsing has it', () => {
  fc.assert(
    fc.property(packs, fc.integer({ min: 1, max: 3000 }), (packs, bytesAtOnce) => {
      const json = encodeIndex(packs)
      expect(scanned(json, bytesAtOnce)).toEqual(trimmed(columnsOf(packs)))
      expect(Buffer.concat([...encodeColumns(packs.map(pack => columnsOf([pack])))])).toEqual(json)
      expect(Buffer.concat([...encodeColumns([columnsOf(packs)])])).toEqual(json)
    }),
  )
})

/** A change anywhere: of a byte, of a few, or of the end. Most of what JSON is made of is among the bytes. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  remove: fc.nat(3),
  insert: fc.array(
    fc.oneof(fc.constantFrom(...Buffer.from('{}[]",:0123456789abcdefABCDEF-+. \n\tnultre\\')), fc.nat(255)),
    { maxLength: 3 },
  ),
})

test('whatever is changed in an index: the scanner finds what parsing finds, or leaves it to that', () => {
  let taken = 0
  fc.assert(
    fc.property(packs, fc.array(change, { minLength: 1, maxLength: 2 }), (packs, changes) => {
      let json = encodeIndex(packs)
      for (const { at, remove, insert } of changes) {
        const start = Math.floor(at * json.length)
        json = Buffer.concat([json.subarray(0, start), Buffer.from(insert), json.subarray(start + remove)])
      }
      const found = scanned(json)
      if (found === 'odd') return
      taken++
      expect(found).toEqual(parsed(json))
    }),
    { numRuns: 3000 },
  )
  expect(taken).toBeGreaterThan(10)
})

const sound: PackContents = {
  id: 'ab'.repeat(32),
  blobs: [{ type: 'data', id: 'cd'.repeat(32), offset: 7, length: 99, uncompressedLength: 300 }],
}
const text = encodeIndex([sound]).toString()

test.each<[string, string]>([
  ['white space', JSON.stringify(JSON.parse(text), null, 2)],
  ['another order', text.replace('"type":"data","offset":7', '"offset":7,"type":"data"')],
  ['a field unknown', text.replace('"offset"', '"since":"then","offset"')],
  ['an escape', text.replace('"data"', '"d\\u0061ta"')],
  ['a number with a fraction of nothing', text.replace('"offset":7', '"offset":7.0')],
  ['superseded indexes', text.replace('{"packs"', `{"supersedes":["${sound.id}"],"packs"`)],
  ['a pack without a list', text.replace(/"blobs":\[.*?\]/, '"blobs":null')],
])('%s is left to parsing, which takes it', (_, odd) => {
  expect(scanned(Buffer.from(odd))).toBe('odd')
  expect(parsed(Buffer.from(odd))).not.toBe('refused')
})

test.each<[string, string]>([
  ['an ID in capitals', text.replace('cdcd', 'CDCD')],
  ['a short ID', text.replace('cdcd', 'cd')],
  ['a blob of 31 bytes', text.replace('"length":99', '"length":31')],
  ['a length of 33 bits', text.replace('"length":99', '"length":4294967296')],
  ['a leading zero', text.replace('"offset":7', '"offset":07')],
  ['no offset', text.replace('"offset":7', '"offset":')],
  ['a comma too many', text.replace('}]}]}', '},]}]}')],
  ['a comma too few', text.replace('}]}]}', `}{${text.slice(text.indexOf('"id":"cd'))}`)],
  ['a third type', text.replace('"data"', '"date"')],
  ['something after it', `${text}x`],
  ['an end that is missing', text.slice(0, -3)],
  ['nothing', ''],
])('%s is refused by both', (_, wrong) => {
  expect(scanned(Buffer.from(wrong))).toBe('odd')
  expect(parsed(Buffer.from(wrong))).toBe('refused')
})

test('a pack’s header, as decoding has it', () => {
  const entries = fc.array(fc.record({ ...blobParts(), length: fc.integer({ min: 32, max: 100_000 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(id, entries, (packId, entries) => {
      const header = encodePackHeader(entries)
      const blobs = decodePackHeader(
        header,
        entries.reduce((sum, { length }) => sum + length, 0),
      )
      expect(trimmed(columnsOfHeader(packId, header))).toEqual(trimmed(columnsOf([{ id: packId, blobs }])))
    }),
  )
})

function blobParts() {
  return { type: fc.constantFrom('data' as const, 'tree' as const), id, uncompressedLength: number(0) }
}
