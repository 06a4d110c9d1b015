import { compileExcludes, type ExcludeRules } from './files/exclude.ts'
import { lstatRaw, namesIn } from './files/walk.ts'
import { joinRaw, rawFromText, textFromRaw, type Raw } from './format/raw.ts'

export interface Measured {
  files: number
  /** As files say they are long; not what a backup of them takes. */
  bytes: number
  folders: number
  excludedFiles: number
  excludedBytes: number
  /** The first items that a rule leaves out, a folder for all that is in it. */
  excluded: { path: string; folder: boolean }[]
  /** Folders and files that could not be examined. */
  unreadable: number
  /** false: the time was over before all had been seen, so the counts are the least there is. */
  complete: boolean
}

/** Between two breaths; longer would be felt by whoever else uses the thread. */
const sliceMs = 8

/**
 * Counts what a backup of these paths would look at, and what the rules leave out of it. Reads no content.
 * Stops where it is when `signal` fires.
 * @param examples of what is left out that are named
 * @throws invalid_input a pattern that breaks the rules
 */
export async function measure(
  paths: readonly string[],
  rules: ExcludeRules,
  { signal, now, examples = 20 }: { signal: AbortSignal; now: () => number; examples?: number },
): Promise<Measured> {
  const excluder = compileExcludes(rules)
  const found: Measured = {
    files: 0,
    bytes: 0,
    folders: 0,
    excludedFiles: 0,
    excludedBytes: 0,
    excluded: [],
    unreadable: 0,
    complete: true,
  }
  const folders: { path: Raw; out: boolean }[] = []

  function look(path: Raw, out: boolean, named: boolean, kept = true): void {
    try {
      const stat = lstatRaw(path)
      if (named) excluder.allowDevice(path, stat)
      const left =
        !out && !named && (!kept || excluder.pathExcluded(path) || excluder.entryExcluded(path, stat))
      if (left && found.excluded.length < examples) {
        found.excluded.push({ path: textFromRaw(path), folder: stat.isDirectory() })
      }
      const outside = out || left
      if (stat.isDirectory()) {
        if (!outside) found.folders++
        if (outside || excluder.entersFolder(path, stat)) folders.push({ path, out: outside })
      } else if (stat.isFile()) {
        found[outside ? 'excludedFiles' : 'files']++
        found[outside ? 'excludedBytes' : 'bytes'] += Number(stat.size)
      }
    } catch {
      found.unreadable++
    }
  }

  for (const path of paths) look(rawFromText(path), false, true)
  let breathedAt = now()
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { path, out } = folder
    let names: Raw[]
    try {
      names = namesIn(path)
    } catch {
      found.unreadable++
      continue
    }
    const kept = out ? null : new Set(excluder.keptNames(path, names))
    for (const name of names) {
      look(joinRaw(path, name), out, false, kept?.has(name) ?? true)
      if (now() - breathedAt < sliceMs) continue
      await new Promise(setImmediate)
      breathedAt = now()
      if (signal.aborted) return { ...found, complete: false }
    }
  }
  return found
}
