import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createBlobIndex, sharedLookup, type BlobIndex } from '../../src/main/engine/blob-index.ts'
import type { BlobType } from '../../src/main/engine/format/id.ts'
import { columnsOf } from '../../src/main/engine/format/index-columns.ts'
import type { PackContents } from '../../src/main/engine/format/index-file.ts'
import type { PackEntry } from '../../src/main/engine/format/pack.ts'
import { mountSmallDisk, needsSmallDisk } from '../support/small-disk.ts'

const id = (seed: number | string) => createHash('sha256').update(String(seed)).digest('hex')
const blob = (seed: number, offset: number, type: BlobType = 'data') => ({
  type,
  id: id(seed),
  offset,
  length: 100 + seed,
  uncompressedLength: seed % 2 ? 400 + seed : 0,
})
const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-blob-index-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Everything loaded stays in memory, or nothing does. */
const memoryBytes = { 'in memory': Infinity, 'in a file': 0 }

describe.each(Object.keys(memoryBytes) as (keyof typeof memoryBytes)[])('an index %s', where => {
  const limits = { memoryBytes: memoryBytes[where], folder }

  /** With what index files list. */
  async function loaded(
    packs: [pack: string | number, blobs: PackEntry[]][],
    index = createBlobIndex(limits),
  ): Promise<BlobIndex> {
    const files = packs.map(([pack, blobs]): PackContents => ({ id: id(pack), blobs }))
    await index.expect(files.reduce((sum, { blobs }) => sum + blobs.length, 0))
    for (const file of files) await index.load(columnsOf([file]), signal)
    await index.settle(signal)
    return index
  }

  test('finds what was added, by type and whole ID', async () => {
    const index = await loaded([['p', [blob(1, 0), blob(2, 101)]]])
    expect(index.size).toBe(2)
    expect(index.has('data', id(1))).toBe(true)
    expect(index.has('tree', id(1))).toBe(false)
    expect(index.has('data', id(3))).toBe(false)
    // All but the last hex digit equal: a prefix is not enough.
    const near = id(1).slice(0, 63) + (id(1).endsWith('0') ? '1' : '0')
    expect(index.has('data', near)).toBe(false)
    expect(index.find('data', id(2))).toEqual([{ packId: id('p'), ...blob(2, 101) }])
    await index.close()
  })

  test('one ID under both types is two blobs', async () => {
    const index = await loaded([
      ['p', [blob(1, 0, 'data')]],
      ['q', [blob(1, 0, 'tree')]],
    ])
    expect(index.size).toBe(2)
    expect(index.find('tree', id(1)).map(({ packId }) => packId)).toEqual([id('q')])
    await index.close()
  })

  test('duplicates are all found, the first one first; repeating a pack changes nothing', async () => {
    const packs = ['p', 'q', 'r', 'q'].map((pack): [string, PackEntry[]] => [
      pack,
      [blob(7, pack === 'r' ? 50 : 0)],
    ])
    const index = await loaded(packs)
    const all = () => index.find('data', id(7)).map(({ packId }) => packId)
    expect([index.size, all()]).toEqual([1, [id('p'), id('q'), id('r')]])
    index.add(id('q'), [blob(7, 0)])
    index.add(id('s'), [blob(7, 0)])
    expect([index.size, all()]).toEqual([1, [id('p'), id('q'), id('r'), id('s')]])
    await loaded(packs, index)
    expect([index.size, all()]).toEqual([1, [id('p'), id('q'), id('r'), id('s')]])
    await index.close()
  })

  test('a pack spread over two index files is put together, by offset', async () => {
    const index = await loaded([
      ['p', [blob(3, 500), blob(1, 0)]],
      ['q', [blob(9, 0)]],
      ['p', [blob(1, 0), blob(2, 101)]],
    ])
    expect([...index.packs()].map(({ id, blobs }) => [id, blobs.map(({ offset }) => offset)])).toEqual([
      [id('p'), [0, 101, 500]],
      [id('q'), [0]],
    ])
    expect([index.packCount, index.packEnd(id('p')), index.packEnd(id('?'))]).toEqual([2, 603, 0])
    expect([index.hasPack(id('q')), index.hasPack(id('?'))]).toEqual([true, false])
    await index.close()
  })

  const packs = fc.array(
    fc
      .array(fc.tuple(fc.nat(3000), fc.boolean()), { maxLength: 60 })
      .map(seeds =>
        seeds.map(([seed, tree], nth) => blob(seed, (seeds.length - nth) * 10_000, tree ? 'tree' : 'data')),
      ),
    { maxLength: 30 },
  )

  test('behaves as a plain map of lists does: loaded, added to, loaded again, asked by others', async () => {
    await fc.assert(
      fc.asyncProperty(packs, packs, packs, async (first, added, second) => {
        const index = createBlobIndex(limits)
        const model = new Map<string, unknown[]>()
        const inPacks = new Map<string, PackEntry[]>()
        const expectAll = () => {
          const has = sharedLookup(structuredClone(index.share()))
          expect(index.size).toBe(model.size)
          for (const [key, places] of model) {
            const [type, blobId] = [key.slice(0, 4) as BlobType, key.slice(4)]
            expect(index.find(type, blobId)).toEqual(places)
            expect([index.has(type, blobId), has(type, blobId)]).toEqual([true, true])
            const other = type === 'tree' ? 'data' : 'tree'
            expect([index.has(other, blobId), has(other, blobId)]).toEqual(
              model.has(other + blobId) ? [true, true] : [false, false],
            )
          }
          expect(new Map([...index.packs()].map(({ id, blobs }) => [id, blobs]))).toEqual(inPacks)
        }
        const note = (pack: string, blobs: PackEntry[]): [string, PackEntry[]] => {
          const sorted = blobs.toSorted((a, b) => a.offset - b.offset)
          inPacks.set(id(pack), sorted)
          for (const one of sorted) {
            const key = one.type + one.id
            model.set(key, [...(model.get(key) ?? []), { packId: id(pack), ...one }])
          }
          return [pack, blobs]
        }
        await loaded(
          first.map((blobs, nr) => note(`first ${nr}`, blobs)),
          index,
        )
        expectAll()
        for (const [nr, blobs] of added.entries()) index.add(id(`added ${nr}`), note(`added ${nr}`, blobs)[1])
        expectAll()
        await loaded(
          second.map((blobs, nr) => note(`second ${nr}`, blobs)),
          index,
        )
        expectAll()
        await index.close()
      }),
      { numRuns: 15 },
    )
  })

  test('a place is the first that is found, and keeps its number whatever follows', async () => {
    const index = await loaded([
      ['p', [blob(1, 0), blob(2, 101)]],
      ['q', [blob(2, 0), blob(3, 102, 'tree')]],
    ])
    const { places } = index
    const two = places.first('data', id(2))
    const many = (seed: number) => Array.from({ length: 3000 }, (_, nth) => blob(nth + seed, nth * 5000))
    index.add(id('many'), many(10))
    const later = places.first('data', id(2000))
    await loaded([['more', many(5000)]], index)
    expect([places.first('data', id(2)), places.first('data', id(2000))]).toEqual([two, later])
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
    await index.close()
  })

  test('what was shared stays right while more comes', async () => {
    const index = await loaded([['p', [blob(1, 0), blob(2, 101)]]])
    index.add(id('q'), [blob(3, 0)])
    const has = sharedLookup(index.share())
    index.add(
      id('many'),
      Array.from({ length: 40_000 }, (_, nth) => blob(nth + 10, nth * 5000)),
    )
    await loaded([['more', [blob(50_000, 0)]]], index)
    for (const seed of [1, 2, 3]) expect(has('data', id(seed))).toBe(true)
    expect([has('data', id(4)), has('tree', id(1))]).toEqual([false, false])
    await index.close()
  })

  test('a load that was cancelled can be repeated', async () => {
    const index = createBlobIndex(limits)
    await index.expect(40_000)
    const many = Array.from({ length: 20_000 }, (_, nth) => blob(nth, nth * 5000))
    const files = columnsOf([
      { id: id('p'), blobs: many },
      { id: id('q'), blobs: many },
    ])
    await expect(index.load(files, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    await index.load(files, signal)
    await index.settle(signal)
    expect([index.size, index.packCount, index.find('data', id(7)).length]).toEqual([20_000, 2, 2])
    await index.close()
  })

  test('leaves nothing in the temporary folder', async () => {
    const index = await loaded([['p', [blob(1, 0)]]])
    await index.close()
    expect(readdirSync(folder)).toEqual([])
  })
})

test('the file is used only beyond the memory allowed, whatever was expected', async () => {
  const many = (pack: number) => ({
    id: id(`pack ${pack}`),
    blobs: Array.from({ length: 1000 }, (_, nth) => blob(pack * 1000 + nth, nth * 5000)),
  })
  const index = createBlobIndex({ memoryBytes: 200_000, folder })
  await index.expect(10)
  for (let pack = 0; pack < 10; pack++) {
    await index.load(columnsOf([many(pack)]), signal)
    if (pack === 2) expect(index.share().memory.segments).toHaveLength(1)
  }
  expect(() => index.add(id('p'), [])).toThrow('while index files are loaded')
  await index.settle(signal)
  const { memory, file } = index.share()
  expect(memory.segments).toEqual([])
  expect(file?.starts.at(-1)).toBe(10_000)
  expect(index.find('data', id(1))[0]).toMatchObject({ packId: id('pack 0'), offset: 5000 })
  expect(index.find('data', id(9999))[0]).toMatchObject({ packId: id('pack 9') })
  expect(index.size).toBe(10_000)
  await index.close()
})

test('a temporary folder that can’t be written is a failure with a hint', async () => {
  const index = createBlobIndex({ memoryBytes: 0, folder: join(folder, 'missing') })
  await expect(index.expect(1)).rejects.toMatchObject({ hint: expect.stringContaining('temporary folder') })
})

needsSmallDisk()(
  'a temporary folder that fills up ends the load, and no row is ever read from a wrong place',
  async () => {
    const disk = mountSmallDisk(join(folder, 'small-disk'), 'tmpfs', 1 << 20)
    const index = createBlobIndex({ memoryBytes: 0, folder: disk.path })
    try {
      const pack = (nth: number, blobs: number) =>
        columnsOf([
          { id: id(`pack ${nth}`), blobs: Array.from({ length: blobs }, (_, n) => blob(nth + n, n * 5000)) },
        ])
      const full = { code: 'disk_full', hint: expect.stringContaining('more memory') }
      await index.expect(100)
      await index.load(pack(0, 100), signal)
      await index.settle(signal)
      await index.expect(40_000)
      await index.load(pack(1000, 40_000), signal)
      await expect(index.settle(signal)).rejects.toMatchObject(full)
      await expect(index.settle(signal)).rejects.toMatchObject(full)
      expect(index.find('data', id(7))).toMatchObject([{ packId: id('pack 0'), offset: 35_000 }])
    } finally {
      await index.close()
      disk.unmount()
    }
  },
)
