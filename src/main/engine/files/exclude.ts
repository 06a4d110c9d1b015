import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import { joinRaw, rawFromText, textFromRaw, type Raw } from '../format/raw.ts'
import type { Warning } from '../run.ts'
import { patternsFromFile } from './exclude-file.ts'
import { cleanPath } from './glob.ts'
import { compileList } from './pattern-list.ts'
import { reach } from './reach.ts'
import type { ItemStat } from './walk.ts'

/** What to leave out, with restic's semantics. */
export interface ExcludeRules {
  excludes: string[]
  iexcludes: string[]
  /** Contents of --exclude-file, one entry a file. */
  excludeFiles: { name: string; text: string }[]
  /** Contents of --iexclude-file. */
  iexcludeFiles?: { name: string; text: string }[]
  /** What `$NAME` in these files stands for: the environment. Without it a file with a `$NAME` is refused. */
  variables?: Readonly<Record<string, string | undefined>>
  excludeCaches: boolean
  /** `name` or `name:header`. */
  excludeIfPresent: string[]
  excludeLargerThanBytes: number | null
  oneFileSystem: boolean
  /** Rules that hold at and below a folder instead of these; of several, those of the nearest. */
  below?: readonly { folder: string; rules: ExcludeRules }[]
}

export const noRules: ExcludeRules = {
  excludes: [],
  iexcludes: [],
  excludeFiles: [],
  excludeCaches: false,
  excludeIfPresent: [],
  excludeLargerThanBytes: null,
  oneFileSystem: false,
}

/** Paths are absolute, or relative to the working folder. What is excluded is neither stored nor entered. */
export interface Excluder {
  /** Says from the name alone, so before lstat. */
  pathExcluded(path: Raw): boolean
  /** Says by what lstat tells: too large, or on a device where only its mount point stays. */
  entryExcluded(path: Raw, stat: ItemStat): boolean
  /** Whether what is in this folder belongs to the backup at all; a mount point, for one, is kept as an empty folder. */
  entersFolder(path: Raw, stat: ItemStat): boolean
  /**
   * Which of `names`, all entries of the folder, a tag file in it leaves: all without one, else the tag file alone.
   * A tag that cannot be read or lacks its header marks nothing and is warned of.
   */
  keptNames(folder: Raw, names: Raw[], warn?: (warning: Warning) => void): Raw[]
  /** For `oneFileSystem`: what is below this target, down to a deeper one, has to be on the target's device. */
  allowDevice(target: Raw, stat: ItemStat): void
}

const cacheTag = 'CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55'

interface Place {
  platform?: NodeJS.Platform
  workingFolder?: string
}

/** @throws {AppError} invalid_input a pattern or tag that breaks the rules, named with where it came from */
export function compileExcludes(rules: ExcludeRules, place: Place = {}): Excluder {
  const outer = compileOne(rules, place)
  if (!rules.below?.length) return outer
  const absolute = absolutePaths(place.platform ?? process.platform, () =>
    rawFromText(place.workingFolder ?? process.cwd()),
  )
  const parts = new Map<string, Excluder>()
  for (const { folder, rules: inner } of rules.below) {
    parts.set(absolute(rawFromText(folder)), compileOne(inner, place))
  }
  /** The excluder of the nearest folder above an item that has rules of its own. */
  const at = (path: Raw): Excluder => {
    for (let above: string = absolute(path); above !== ''; above = above.slice(0, above.lastIndexOf('/'))) {
      const found = parts.get(above)
      if (found) return found
      if (!above.includes('/')) break
    }
    return parts.get('/') ?? outer
  }
  return {
    pathExcluded: path => at(path).pathExcluded(path),
    entryExcluded: (path, stat) => at(path).entryExcluded(path, stat),
    entersFolder: (path, stat) => at(path).entersFolder(path, stat),
    keptNames: (folder, names, warn) => at(folder).keptNames(folder, names, warn),
    allowDevice(target, stat) {
      for (const part of [outer, ...parts.values()]) part.allowDevice(target, stat)
    },
  }
}

/** For rules that are kept for later. @throws {AppError} invalid_input as `compileExcludes` */
export function checkRules(rules: ExcludeRules): void {
  compileExcludes(rules)
}

function compileOne(rules: ExcludeRules, { platform = process.platform, workingFolder }: Place): Excluder {
  const variable = (name: string) => {
    // Going on would turn `$HOME/tmp` into `/tmp`.
    if (rules.variables === undefined) {
      throw new AppError('invalid_input', `An exclude file uses $${name}, which has no meaning here.`, {
        hint: 'Write the path in full, or $$ for a plain dollar sign.',
      })
    }
    return rules.variables[name]
  }
  const compile = (
    patterns: string[],
    option: string,
    files: { name: string; text: string }[],
    fold: boolean,
  ) =>
    compileList(
      [
        ...patterns.map(text => ({ text, origin: option })),
        ...files.flatMap(({ name, text }) => patternsFromFile(name, text, variable)),
      ],
      { fold, platform },
    )
  const exact = compile(rules.excludes, '--exclude', rules.excludeFiles, false)
  const folded = compile(rules.iexcludes, '--iexclude', rules.iexcludeFiles ?? [], true)
  const tags = [...rules.excludeIfPresent, ...(rules.excludeCaches ? [cacheTag] : [])].map(parseTag)
  const largest = rules.excludeLargerThanBytes === null ? null : BigInt(rules.excludeLargerThanBytes)

  const devices = new Map<Raw, bigint>()
  const absolute = absolutePaths(platform, () => rawFromText(workingFolder ?? process.cwd()))

  /** Whether an item is on the device of the nearest target above it; so is one that has no target above it. */
  const isAllowed = (path: Raw, device: bigint): boolean => {
    if (!rules.oneFileSystem) return true
    for (let at: string = absolute(path); at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
      const allowed = devices.get(at as Raw)
      if (allowed !== undefined) return allowed === device
    }
    return (devices.get('/' as Raw) ?? device) === device
  }

  return {
    pathExcluded(path) {
      const full = absolute(path)
      return exact.matches(full) || folded.matches(full)
    },
    entryExcluded(path, stat) {
      if (stat.isDirectory()) return false
      return (largest !== null && stat.size > largest) || !isAllowed(path, stat.dev)
    },
    entersFolder: (path, stat) => isAllowed(path, stat.dev),
    allowDevice(target, stat) {
      devices.set(absolute(target), stat.dev)
    },
    keptNames(folder, names, warn = () => undefined) {
      const found = new Set<Raw>()
      for (const tag of tags) {
        if (!found.has(tag.name) && names.includes(tag.name) && hasHeader(folder, tag, warn))
          found.add(tag.name)
      }
      if (found.size === 0) return names
      // Each tag excludes everything but itself, so two of them leave nothing.
      return found.size === 1 ? [...found] : []
    },
  }
}

/** Patterns are compared with absolute paths whose separator is a slash. */
function absolutePaths(platform: NodeJS.Platform, workingFolder: () => Raw): (path: Raw) => Raw {
  if (platform === 'win32') {
    return path => {
      const full = /^([A-Za-z]:|[/\\])/.test(path) ? path : joinRaw(workingFolder(), path)
      return cleanPath(full, platform) as Raw
    }
  }
  return path => (path.startsWith('/') ? path : (cleanPath(joinRaw(workingFolder(), path), platform) as Raw))
}

interface Tag {
  name: Raw
  /** Bytes the tag file must begin with; '' for any. */
  header: Raw
}

function parseTag(spec: string): Tag {
  const colon = spec.indexOf(':')
  const name = colon < 0 ? spec : spec.slice(0, colon)
  if (name === '') {
    throw new AppError('invalid_input', `"${spec}" names no file to look for (--exclude-if-present).`, {
      hint: 'Give a file name, or a name and the text it must begin with: NAME:HEADER.',
    })
  }
  return { name: rawFromText(name), header: rawFromText(colon < 0 ? '' : spec.slice(colon + 1)) }
}

function hasHeader(folder: Raw, { name, header }: Tag, warn: (warning: Warning) => void): boolean {
  if (header === '') return true
  const path = joinRaw(folder, name)
  const refuse = (why: string) => {
    const message = `It does not mark its folder as excluded: ${why}.`
    warn({ kind: 'note', path: textFromRaw(path), message })
    return false
  }
  let fd: number
  try {
    // A fifo of that name must not make the run wait for a writer.
    const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
    fd = reach(path, access => openSync(access, flags))
  } catch (error) {
    return refuse(`it cannot be opened (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  }
  try {
    if (!fstatSync(fd).isFile()) return refuse('it is not a file')
    const bytes = Buffer.alloc(header.length)
    const length = readSync(fd, bytes, 0, bytes.length, 0)
    return (
      bytes.toString('latin1', 0, length) === header ||
      refuse(`it does not begin with "${textFromRaw(header)}"`)
    )
  } catch (error) {
    return refuse(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`)
  } finally {
    closeSync(fd)
  }
}
