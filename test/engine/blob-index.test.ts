import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBlobIndex } from '../../src/main/engine/blob-index.ts'
import type { BlobType } from '../../src/main/engine/format/id.ts'

const id = (seed: number | string) => createHash('sha256').update(String(seed)).digest('hex')
const blob = (seed: number, offset: number, type: BlobType = 'data') => ({
  type,
  id: id(seed),
  offset,
  length: 100 + seed,
  uncompressedLength: seed % 2 ? 400 + seed : 0,
})

test('finds what was added, by type and whole ID', () => {
  const index = createBlobIndex()
  index.add(id('p'), [blob(1, 0), blob(2, 101)])
  expect(index.size).toBe(2)
  expect(index.has('data', id(1))).toBe(true)
  expect(index.has('tree', id(1))).toBe(false)
  expect(index.has('data', id(3))).toBe(false)
  // All but the last hex digit equal: a prefix is not enough.
  const near = id(1).slice(0, 63) + (id(1).endsWith('0') ? '1' : '0')
  expect(index.has('data', near)).toBe(false)
  expect(index.find('data', id(2))).toEqual([{ packId: id('p'), ...blob(2, 101) }])
})

test('one ID under both types is two blobs', () => {
  const index = createBlobIndex()
  index.add(id('p'), [blob(1, 0, 'data')])
  index.add(id('q'), [blob(1, 0, 'tree')])
  expect(index.size).toBe(2)
  expect(index.find('tree', id(1)).map(({ packId }) => packId)).toEqual([id('q')])
})

test('duplicates are all found, the first one first; repeating a pack changes nothing', () => {
  const index = createBlobIndex()
  for (const pack of ['p', 'q', 'r', 'q']) index.add(id(pack), [blob(7, pack === 'r' ? 50 : 0)])
  expect(index.size).toBe(1)
  expect(index.find('data', id(7)).map(({ packId }) => packId)).toEqual([id('p'), id('q'), id('r')])
})

test('a pack spread over two index files is put together, by offset', () => {
  const index = createBlobIndex()
  index.add(id('p'), [blob(3, 500), blob(1, 0)])
  index.add(id('q'), [blob(9, 0)])
  index.add(id('p'), [blob(1, 0), blob(2, 101)])
  expect([...index.packs()].map(({ id, blobs }) => [id, blobs.map(({ offset }) => offset)])).toEqual([
    [id('p'), [0, 101, 500]],
    [id('q'), [0]],
  ])
})

test('behaves as a plain map of lists does, through many growths', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(fc.nat(3000), fc.boolean()), { maxLength: 60 }), { maxLength: 80 }),
      packs => {
        const index = createBlobIndex()
        const model = new Map<string, unknown[]>()
        packs.forEach((seeds, nr) => {
          const blobs = seeds.map(([seed, tree], i) => blob(seed, i * 10_000, tree ? 'tree' : 'data'))
          index.add(id(`pack ${nr}`), blobs)
          for (const one of blobs) {
            const key = one.type + one.id
            model.set(key, [...(model.get(key) ?? []), { packId: id(`pack ${nr}`), ...one }])
          }
        })
        expect(index.size).toBe(model.size)
        for (const [key, places] of model) {
          expect(index.find(key.slice(0, 4) as BlobType, key.slice(4))).toEqual(places)
        }
        expect([...index.packs()].flatMap(({ blobs }) => blobs)).toHaveLength(packs.flat().length)
      },
    ),
    { numRuns: 30 },
  )
})

test('a place is the first that is found, and keeps its number while the index grows', () => {
  const index = createBlobIndex()
  index.add(id('p'), [blob(1, 0), blob(2, 101)])
  index.add(id('q'), [blob(2, 0), blob(3, 102, 'tree')])
  const { places } = index
  const two = places.first('data', id(2))
  index.add(
    id('many'),
    Array.from({ length: 3000 }, (_, nth) => blob(nth + 10, nth * 5000)),
  )
  expect(places.first('data', id(2))).toBe(two)
  expect(places.first('data', id(3))).toBe(-1)
  const bytes = new Uint32Array(9)
  places.copyId(two, bytes, 1)
  expect(Buffer.from(bytes.buffer, 4).toString('hex')).toBe(id(2))
  for (const { id: packId, blobs } of index.packs()) {
    for (const { type, id, ...rest } of blobs) {
      const place = places.first(type, id)
      if (places.packId(place) !== packId) continue
      expect({
        offset: places.offset(place),
        length: places.length(place),
        uncompressedLength: places.uncompressedLength(place),
      }).toEqual(rest)
      expect([places.id(place), places.isTree(place)]).toEqual([id, type === 'tree'])
      expect(places.plainLength(place)).toBe(rest.uncompressedLength || rest.length - 32)
    }
  }
})
