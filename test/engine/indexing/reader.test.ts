import { expect, test } from 'vitest'
import { idOf } from '../../../src/main/engine/format/id.ts'
import { encodeIndex, type PackContents } from '../../../src/main/engine/format/index-file.ts'
import { freshRepository } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'

const run = testRun()
const name = (text: string) => idOf(Buffer.from(text))
const pack = (nth: number, blobs: number): PackContents => ({
  id: name(`pack ${nth}`),
  blobs: Array.from({ length: blobs }, (_, n) => ({
    type: n % 7 ? ('data' as const) : ('tree' as const),
    id: name(`blob ${nth} ${n}`),
    offset: n * 1000,
    length: 1000,
    uncompressedLength: n % 3 ? 5000 + n : 0,
  })),
})

test('index files of any form are loaded, large and small, by several at once', async () => {
  const repo = await freshRepository()
  const packs = Array.from({ length: 24 }, (_, nth) => pack(nth, nth === 0 ? 12_000 : nth * 30))
  for (const [nth, one] of packs.entries()) {
    const json = encodeIndex([one])
    // Every third as another program might write it.
    const form = nth % 3 === 0 ? Buffer.from(JSON.stringify(JSON.parse(json.toString()), null, 1)) : json
    await repo.saveUnpacked('index', form, run.signal)
  }
  await Promise.all([repo.loadIndex(run), repo.loadIndex(run)])
  const found = [...repo.index.packs()].sort((a, b) => (a.id < b.id ? -1 : 1))
  expect(found).toEqual(packs.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
})

test('nothing of a damaged index file is used, and the others are read all the same', async () => {
  const repo = await freshRepository()
  const sound = await repo.saveUnpacked('index', encodeIndex([pack(1, 10)]), run.signal)
  const text = encodeIndex([pack(2, 10), pack(3, 10)]).toString()
  const wrong = await repo.saveUnpacked(
    'index',
    Buffer.from(text.replace(/"length":1000(?!.*"length")/, '"length":31')),
    run.signal,
  )
  const used: number[] = []
  const read = (id: string) =>
    repo.readIndexFile(id, async ({ packs }) => void used.push(packs), run.signal).catch(error => error)
  const [failure] = await Promise.all([read(wrong), read(sound)])
  expect(failure).toMatchObject({
    code: 'data_corrupt',
    message: `The index file ${wrong.slice(0, 8)} is damaged: a blob in an index has 31 bytes: too few for a sealed one.`,
  })
  expect(used).toEqual([1])
})

test('a cancelled load ends at once and can be repeated', async () => {
  const repo = await freshRepository()
  for (let nth = 0; nth < 3; nth++)
    await repo.saveUnpacked('index', encodeIndex([pack(nth, 500)]), run.signal)
  const stop = new AbortController()
  const loading = repo.loadIndex({ signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(loading).rejects.toThrow('enough')
  await repo.loadIndex(run)
  expect(repo.index.size).toBe(1500)
})
