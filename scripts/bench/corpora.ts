// The trees that are backed up. Each is built once in the work folder and then used by all programs from the same path.
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { noise, random, seedOf, sourceText } from './contents.ts'
import { filesBelow, totalBytes, type FoundFile } from './folders.ts'

const mib = 1024 * 1024

export const corpusNames = ['text', 'media', 'large', 'tiny', 'sparse'] as const
export type CorpusName = (typeof corpusNames)[number]

export interface Sizes {
  text: { files: number; meanBytes: number }
  media: { files: number }
  large: { bytes: number }
  tiny: { files: number; bytes: number }
  sparse: { files: number; bytes: number; dataBytes: number }
}

export const fullSizes: Sizes = {
  text: { files: 80_000, meanBytes: 16_000 },
  media: { files: 200 },
  large: { bytes: 1024 * mib },
  tiny: { files: 100_000, bytes: 300 },
  sparse: { files: 3, bytes: 1024 * mib, dataBytes: 16 * mib },
}
export const quickSizes: Sizes = {
  text: { files: 5_000, meanBytes: 16_000 },
  media: { files: 20 },
  large: { bytes: 128 * mib },
  tiny: { files: 5_000, bytes: 300 },
  sparse: { files: 2, bytes: 128 * mib, dataBytes: 4 * mib },
}

/** A real tree instead of the made-up one, and a later version of it; both are copied and only read. */
export interface GivenTree {
  root: string
  next: string | null
  about: string
}

export interface Corpus {
  name: string
  about: string
  /** What the programs are told to back up. */
  tree: string
  files: FoundFile[]
  bytes: number
  /** Whether there is a next version. */
  hasNext: boolean
  /** Puts the next version in the tree's place. Every file of it is another one on disk. */
  switchToNext(): void
  /** Overwrites a few bytes in the middle of every hundredth file, in place. Returns how many. */
  changeSome(): number
  /** As it was, with its old times. */
  revert(): void
}

interface Recipe {
  about: string
  build(tree: string): void
  buildNext?: (tree: string) => void
}

/** @param say hears of what takes long */
export function prepareCorpus(
  work: string,
  name: CorpusName,
  sizes: Sizes,
  given: GivenTree | null,
  say: (line: string) => void,
): Corpus {
  const own = name === 'text' && given !== null
  const recipe = own ? copied(given) : recipes[name](sizes)
  const spec = own ? [resolve(given.root), given.next && resolve(given.next)] : sizes[name]
  return prepare(join(work, 'corpora', `${name}-${digest(spec)}`), name, recipe, say)
}

/** `count` files of about 100 bytes. */
export const prepareGrowing = (work: string, count: number, say: (line: string) => void): Corpus =>
  prepare(join(work, 'corpora', `grow-${count}`), `${count} files`, tinyFiles(count, 100), say)

function prepare(folder: string, name: string, recipe: Recipe, say: (line: string) => void): Corpus {
  const [tree, next, before, ready] = ['tree', 'next', 'before', 'ready'].map(part => join(folder, part)) as [
    string,
    string,
    string,
    string,
  ]
  // The mark is away while the tree is being built or changed: what a killed run left is not used.
  if (!existsSync(ready)) {
    say(`building the corpus "${name}": ${recipe.about}`)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    recipe.build(tree)
    recipe.buildNext?.(next)
    execFileSync('sync')
    writeFileSync(ready, '')
  }
  const files = filesBelow(tree)
  const undo: (() => void)[] = []

  return {
    name,
    about: recipe.about,
    tree,
    files,
    bytes: totalBytes(files),
    hasNext: existsSync(next),

    switchToNext() {
      rmSync(ready, { force: true })
      renameSync(tree, before)
      renameSync(next, tree)
      undo.push(() => {
        renameSync(tree, next)
        renameSync(before, tree)
      })
    },

    changeSome() {
      rmSync(ready, { force: true })
      const changed = files.filter((_, n) => n % 100 === 37 || files.length < 100)
      for (const { path } of changed) undo.push(overwriteMiddle(path))
      return changed.length
    },

    revert() {
      for (let last = undo.pop(); last; last = undo.pop()) last()
      writeFileSync(ready, '')
    },
  }
}

/** Returns what takes it back. */
function overwriteMiddle(path: string): () => void {
  const fd = openSync(path, 'r+')
  try {
    const { size, atimeMs, mtimeMs } = fstatSync(fd)
    const at = Math.max(0, (size >> 1) - 16)
    const old = Buffer.alloc(Math.min(32, size))
    readSync(fd, old, 0, old.length, at)
    writeSync(fd, Buffer.from('/* a line that was changed now */').subarray(0, old.length), 0, old.length, at)
    return () => {
      const fd = openSync(path, 'r+')
      writeSync(fd, old, 0, old.length, at)
      futimesSync(fd, atimeMs / 1000, mtimeMs / 1000)
      closeSync(fd)
    }
  } finally {
    closeSync(fd)
  }
}

const copied = ({ root, next, about }: GivenTree): Recipe => ({
  about: about || basename(resolve(root)),
  build: tree => copy(root, tree),
  ...(next !== null && { buildNext: (tree: string) => copy(next, tree) }),
})

const copy = (from: string, to: string): void =>
  void execFileSync('cp', ['-a', '--reflink=auto', '--', `${resolve(from)}/.`, to])

const recipes: Record<CorpusName, (sizes: Sizes) => Recipe> = {
  text: ({ text: { files, meanBytes } }) => ({
    about: `made-up source code, ${files} files of ${meanBytes} bytes on average`,
    build: tree => sourceTree(tree, files, meanBytes, false),
    buildNext: tree => sourceTree(tree, files, meanBytes, true),
  }),
  media: ({ media: { files } }) => ({
    about: `${files} incompressible files of 2 to 6 MB`,
    build(tree) {
      const next = random(1)
      for (let n = 0; n < files; n++) {
        const path = join(tree, `album-${n % 10}`, `picture-${n}.jpg`)
        writeNoise(path, `media ${n}`, Math.floor(2e6 + next() * 4e6))
      }
    },
  }),
  large: ({ large: { bytes } }) => ({
    about: `one incompressible file of ${bytes / mib} MiB`,
    build: tree => writeNoise(join(tree, 'archive.bin'), 'large', bytes),
  }),
  tiny: ({ tiny: { files, bytes } }) => tinyFiles(files, bytes),
  sparse: ({ sparse: { files, bytes, dataBytes } }) => ({
    about: `${files} sparse files of ${bytes / mib} MiB, ${dataBytes / mib} MiB of data in each`,
    build(tree) {
      mkdirSync(tree)
      for (let n = 0; n < files; n++) {
        const fd = openSync(join(tree, `disk-${n}.img`), 'w')
        ftruncateSync(fd, bytes)
        const data = noise(`sparse ${n}`)
        for (let piece = 0; piece < dataBytes / mib; piece++) {
          writeSync(fd, data(mib), 0, mib, Math.floor(((piece + 0.5) * bytes * mib) / dataBytes))
        }
        closeSync(fd)
      }
    },
  }),
}

const tinyFiles = (files: number, bytes: number): Recipe => ({
  about: `${files} files of ${bytes} bytes, 1,000 a folder`,
  build(tree) {
    for (let n = 0; n < files; n++) {
      const folder = join(tree, String(Math.floor(n / 100_000)), String(Math.floor(n / 1000) % 100))
      if (n % 1000 === 0) mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, `note-${n}.txt`), `${n} ${digest(n).repeat(bytes / 12)}`.slice(0, bytes))
    }
  },
})

/**
 * Most files are small and a few large. In the next version 3 % of the files have some lines more, 0.5 % are gone and as
 * many are new.
 */
function sourceTree(tree: string, files: number, meanBytes: number, later: boolean): void {
  const median = meanBytes / Math.exp(1.3 ** 2 / 2) // log-normal
  for (let n = 0; n < files; n++) {
    const next = random(seedOf(`file ${n}`))
    const bytes = Math.ceil(median * Math.exp(1.3 * normal(next)))
    const fate = next()
    if (later ? fate < 0.005 : fate >= 0.995) continue
    const folder = join(tree, `part-${n % 37}`, `module-${(n >> 3) % Math.ceil(files / 500)}`)
    const text = sourceText(`text ${n}`, bytes)
    const middle = later && fate > 0.5 && fate < 0.53 ? text.indexOf('\n', bytes >> 1) + 1 : 0
    const added = middle > 0 ? sourceText(`more ${n}`, 200) : ''
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, `file-${n}.c`), text.slice(0, middle) + added + text.slice(middle))
  }
}

const normal = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())

function writeNoise(path: string, seed: string, bytes: number): void {
  mkdirSync(dirname(path), { recursive: true })
  const data = noise(seed)
  const fd = openSync(path, 'w')
  for (let left = bytes; left > 0; left -= mib) writeSync(fd, data(Math.min(mib, left)))
  closeSync(fd)
}

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)
