import { closeSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

export interface FoundFile {
  path: string
  bytes: number
}

/** Regular files below, by path; names must be text. */
export function filesBelow(root: string): FoundFile[] {
  const found: FoundFile[] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile()) found.push({ path, bytes: lstatSync(path).size })
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

export const totalBytes = (files: readonly FoundFile[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes, 0)

/** What lies there, however many times names point to it. */
export const sizeOf = (root: string): number => totalBytes(filesBelow(root))

/** The folder with the most entries that has no folder in it, and one of its files. */
export function fullestLeaf(files: readonly FoundFile[]): { folder: string; entries: number; file: string } {
  const counts = new Map<string, string[]>()
  const parents = new Set<string>()
  for (const { path } of files) {
    const folder = path.slice(0, path.lastIndexOf('/'))
    const seen = counts.get(folder)
    if (seen) seen.push(path)
    else {
      counts.set(folder, [path])
      for (let at = folder.lastIndexOf('/'); at > 0; at = folder.lastIndexOf('/', at - 1)) {
        const parent = folder.slice(0, at)
        if (parents.has(parent)) break
        parents.add(parent)
      }
    }
  }
  let best: [string, string[]] = ['', []]
  for (const each of counts) if (!parents.has(each[0]) && each[1].length > best[1].length) best = each
  return { folder: best[0], entries: best[1].length, file: best[1].at(-1) ?? '' }
}

const buffer = Buffer.allocUnsafeSlow(1024 * 1024)

/** Hands each file's bytes on in pieces of at most 1 MiB; a piece is overwritten by the next. */
export function readPieces(path: string, take: (piece: Buffer) => void): void {
  const fd = openSync(path, 'r')
  try {
    for (let got = readSync(fd, buffer); got > 0; got = readSync(fd, buffer)) take(buffer.subarray(0, got))
  } finally {
    closeSync(fd)
  }
}

/** Reads everything once, so that all programs find it in the page cache. */
export function warm(files: readonly FoundFile[]): void {
  for (const { path } of files) readPieces(path, () => undefined)
}
