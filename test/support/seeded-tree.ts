import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { noise, random } from './content.ts'

export interface TreeOptions {
  files: number
  seed: number
  /** Mean of the file sizes, which vary from 0 to about 20 times this. Default 2 KiB. */
  meanBytes?: number
}

/** Seconds since 1970 of the first tree; each later day adds 86,400. */
const firstDay = 1_700_000_000

/** Fills `root` (made when absent) with a tree that depends on nothing but the options. */
export function buildTree(root: string, { files, seed, meanBytes = 2_048 }: TreeOptions): void {
  const next = random(seed)
  const folders = ['']
  mkdirSync(root, { recursive: true })
  for (let n = 0; n < files; n++) {
    if (next() < 0.1) {
      const folder = join(pick(folders, next), `folder-${n}`)
      mkdirSync(join(root, folder))
      folders.push(folder)
    }
    const path = join(root, pick(folders, next), `file-${n}.${next() < 0.7 ? 'txt' : 'bin'}`)
    writeFileSync(path, content(`${seed}/${n}`, size(meanBytes, next), path))
  }
  setAllTimes(root, firstDay)
}

/** What a day of work did, paths relative to the root and sorted. */
export interface NextDay {
  changed: string[]
  added: string[]
  removed: string[]
  /** Renamed: in `added` under the new name and in `removed` under the old one. */
  moved: [string, string][]
  /** Same content, new time. */
  touched: string[]
}

/**
 * A day's changes to a tree that `buildTree` made: of the files, about 3 % change, 2 % vanish, 2 % move, 2 % are only
 * touched, and 3 % are new. The same seed makes the same day.
 */
export function nextDay(root: string, { seed, day = 1 }: { seed: number; day?: number }): NextDay {
  const next = random(seed * 1_000 + day)
  const result: NextDay = { changed: [], added: [], removed: [], moved: [], touched: [] }
  const before = listFiles(root)
  const at = firstDay + day * 86_400
  const stamp = (path: string): void => utimesSync(join(root, path), at, at)
  const write = (path: string, sizeBytes: number): void => {
    writeFileSync(join(root, path), content(`${seed}/${day}/${path}`, sizeBytes, path))
    stamp(path)
  }

  for (const path of before) {
    const fate = next()
    const touchedFolders = [dirname(path)]
    if (fate < 0.03) {
      write(path, statSync(join(root, path)).size + Math.floor(next() * 200))
      result.changed.push(path)
      continue
    }
    if (fate < 0.05) {
      rmSync(join(root, path))
      result.removed.push(path)
    } else if (fate < 0.07) {
      const target = join(dirname(pick(before, next)), `moved-${day}-${result.moved.length}.txt`)
      renameSync(join(root, path), join(root, target))
      result.moved.push([path, target])
      result.removed.push(path)
      result.added.push(target)
      touchedFolders.push(dirname(target))
    } else if (fate < 0.09) {
      stamp(path)
      result.touched.push(path)
      continue
    } else if (fate < 0.12) {
      const target = join(dirname(path), `new-${day}-${result.added.length}.txt`)
      write(target, Math.floor(next() * 4_096))
      result.added.push(target)
    } else continue
    for (const folder of touchedFolders) stamp(folder)
  }
  for (const list of [result.changed, result.added, result.removed, result.touched]) list.sort()
  return result
}

const pick = <T>(list: readonly T[], next: () => number): T => list[Math.floor(next() * list.length)]!

/** Mostly small, some empty, a few large: about what people keep. */
const size = (meanBytes: number, next: () => number): number =>
  next() < 0.03 ? 0 : Math.floor(-Math.log(1 - next()) * meanBytes * (next() < 0.02 ? 4 : 0.94))

function content(seed: string, sizeBytes: number, path: string): Buffer {
  const bytes = noise(seed, sizeBytes)
  if (!path.endsWith('.txt')) return bytes
  for (let n = 0; n < bytes.length; n++) bytes[n] = 97 + (bytes[n]! % 16) // compressible, as text is
  return bytes
}

function listFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

function setAllTimes(root: string, seconds: number): void {
  const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort().reverse() // folders after their files
  for (const [index, path] of all.entries()) {
    utimesSync(join(root, path), seconds + (index % 1_000), seconds + (index % 1_000))
  }
  utimesSync(root, seconds, seconds)
}
