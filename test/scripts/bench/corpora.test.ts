import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { noise, sourceText } from '../../../scripts/bench/contents.ts'
import { prepareCorpus, type Corpus, type CorpusName, type Sizes } from '../../../scripts/bench/corpora.ts'
import { filesBelow, fullestLeaf, totalBytes } from '../../../scripts/bench/folders.ts'
import { tempDir } from '../../support/tmp.ts'

const sizes: Sizes = {
  text: { files: 600, meanBytes: 2_000 },
  media: { files: 2 },
  large: { bytes: 2.5 * 2 ** 20 },
  tiny: { files: 1_100, bytes: 300 },
  sparse: { files: 2, bytes: 8 * 2 ** 20, dataBytes: 2 ** 20 },
}
const prepare = (work: string, name: CorpusName): Corpus => prepareCorpus(work, name, sizes, null, () => {})
const contents = ({ tree }: Corpus): Map<string, string> =>
  new Map(filesBelow(tree).map(({ path }) => [path.slice(tree.length), readFileSync(path, 'latin1')]))

test('source text is the same for the same seed, as long as asked for, and compresses four- to fivefold', () => {
  expect(sourceText('a', 5_000)).toBe(sourceText('a', 5_000))
  expect(sourceText('a', 5_000)).not.toBe(sourceText('b', 5_000))
  const texts = Array.from({ length: 50 }, (_, n) => Buffer.from(sourceText(`${n}`, 16_000)))
  const packed = texts.reduce((sum, text) => sum + zstdCompressSync(text).length, 0)
  expect((50 * 16_000) / packed).toBeGreaterThan(4)
  expect((50 * 16_000) / packed).toBeLessThan(5.5)
})

test('noise does not compress and does not repeat', () => {
  const next = noise('a')
  const [first, second] = [next(10_000), next(10_000)]
  expect(first.equals(second)).toBe(false)
  expect(zstdCompressSync(first).length).toBeGreaterThan(10_000)
})

test.each([
  ['media', 2, [4e6, 12e6]],
  ['large', 1, [2.5 * 2 ** 20, 2.5 * 2 ** 20]],
  ['tiny', 1_100, [330_000, 330_000]],
  ['sparse', 2, [2 ** 24, 2 ** 24]],
] as const)('%s: so many files and bytes', (name, files, [least, most]) => {
  const corpus = prepare(tempDir(), name)
  expect(corpus.files).toHaveLength(files)
  expect(totalBytes(corpus.files)).toBe(corpus.bytes)
  expect(corpus.bytes).toBeGreaterThanOrEqual(least)
  expect(corpus.bytes).toBeLessThanOrEqual(most)
})

test('sparse files take only the room of their data', () => {
  const { files } = prepare(tempDir(), 'sparse')
  for (const { path } of files) expect(statSync(path).blocks * 512).toBeLessThan(2 * 2 ** 20)
})

test('changes and the next version are there and gone again', () => {
  const work = tempDir()
  const corpus = prepare(work, 'text')
  const before = contents(corpus)
  const times = corpus.files.map(({ path }) => Math.round(statSync(path).mtimeMs))

  expect(corpus.changeSome()).toBe(6)
  const changed = contents(corpus)
  expect([...changed].filter(([path, text]) => before.get(path) !== text)).toHaveLength(6)
  expect([...changed.keys()]).toEqual([...before.keys()])
  corpus.revert()
  expect(contents(corpus)).toEqual(before)
  expect(corpus.files.map(({ path }) => Math.round(statSync(path).mtimeMs))).toEqual(times)

  corpus.switchToNext()
  const next = contents(corpus)
  const same = [...next].filter(([path, text]) => before.get(path) === text)
  expect(same.length).toBeGreaterThan(0.9 * before.size)
  expect(same.length).toBeLessThan(next.size)
  expect([...before.keys()].some(path => !next.has(path))).toBe(true)
  corpus.revert()
  expect(contents(corpus)).toEqual(before)
})

test('a corpus is built once, and again when a run was killed while it was changed', () => {
  const work = tempDir()
  const corpus = prepare(work, 'text')
  const mark = join(corpus.tree, 'mark')
  writeFileSync(mark, '')
  prepare(work, 'text')
  expect(existsSync(mark)).toBe(true)
  corpus.changeSome()
  prepare(work, 'text')
  expect(existsSync(mark)).toBe(false)
})

test('a given tree is copied, never changed', () => {
  const [work, given] = [tempDir(), tempDir()]
  for (const [version, text] of [
    ['old', 'one'],
    ['new', 'two'],
  ] as const) {
    mkdirSync(join(given, version))
    writeFileSync(join(given, version, 'file'), `${text} and so on`)
  }
  const tree = { root: join(given, 'old'), next: join(given, 'new'), about: '' }
  const corpus = prepareCorpus(work, 'text', sizes, tree, () => {})
  corpus.changeSome()
  corpus.revert()
  expect(contents(corpus)).toEqual(new Map([['/file', 'one and so on']]))
  corpus.switchToNext()
  expect(contents(corpus)).toEqual(new Map([['/file', 'two and so on']]))
  rmSync(work, { recursive: true })
  expect(readFileSync(join(given, 'old/file'), 'utf8')).toBe('one and so on')
})

test('the fullest leaf: most entries, no folder in it', () => {
  const files = ['/a/1', '/a/2', '/a/3', '/a/b/1', '/a/b/2', '/c/1'].map(path => ({ path, bytes: 1 }))
  expect(fullestLeaf(files)).toEqual({ folder: '/a/b', entries: 2, file: '/a/b/2' })
})
