import { isBelow } from '../../parts/local-path.ts'

/**
 * What is chosen in a tree of folders: the places a source names, and places below them that are left out. restic never
 * comes back to what is below an excluded folder, so nothing there can be chosen while the folder is left out. Pure.
 */
export interface Selection {
  readonly paths: readonly string[]
  /** Plain paths, each below one of `paths`. */
  readonly leftOut: readonly string[]
}

export type Check =
  | 'checked'
  /** Some of what is below it is chosen. */
  | 'mixed'
  | 'unchecked'
  /** It is left out itself. */
  | 'left-out'
  /** A folder above it is left out. */
  | 'within-left-out'

const covers = (folders: readonly string[], path: string): boolean =>
  folders.some(folder => isBelow(path, folder))
const notBelow = (folder: string) => (path: string) => !isBelow(path, folder)

export function checkOf({ paths, leftOut }: Selection, path: string): Check {
  if (covers(leftOut, path)) return 'within-left-out'
  if (leftOut.includes(path)) return 'left-out'
  if (paths.includes(path) || covers(paths, path)) {
    return leftOut.some(out => isBelow(out, path)) ? 'mixed' : 'checked'
  }
  return paths.some(chosen => isBelow(chosen, path)) ? 'mixed' : 'unchecked'
}

/** After a click: what is in part becomes whole, what is whole goes, what is out comes in. */
export function toggled(selection: Selection, path: string): Selection {
  const { paths, leftOut } = selection
  const below = notBelow(path)
  switch (checkOf(selection, path)) {
    case 'within-left-out':
      return selection
    case 'left-out':
      return { paths, leftOut: leftOut.filter(out => out !== path) }
    case 'checked': {
      const rest = paths.filter(chosen => chosen !== path).filter(below)
      return covers(rest, path) ? { paths: rest, leftOut: [...leftOut, path] } : { paths: rest, leftOut }
    }
    case 'mixed':
    case 'unchecked':
      return {
        paths: covers(paths, path) || paths.includes(path) ? paths : [...paths.filter(below), path],
        leftOut: leftOut.filter(below),
      }
  }
}

/** A pattern that matches this very place and nothing else. */
export function patternOf(path: string): string {
  return /^[A-Za-z]:|^\\\\/.test(path)
    ? path.replaceAll('[', '[[]')
    : path.replaceAll(/[\\[\]*?]/g, match => `\\${match}`)
}

/** The place that an absolute pattern without wildcards stands for; null for any other pattern. */
export function pathOfPattern(pattern: string): string | null {
  if (/^[A-Za-z]:|^\\\\/.test(pattern)) {
    const path = pattern.replaceAll('[[]', '[')
    return patternOf(path) === pattern && !/[*?]/.test(path) ? path : null
  }
  if (!pattern.startsWith('/')) return null
  const path = pattern.replaceAll(/\\(.)/g, '$1')
  return patternOf(path) === pattern ? path : null
}

/** Excludes of a source, parted in what the tree shows and what the field of patterns does. */
export function parted(
  paths: readonly string[],
  excludes: readonly string[],
): { selection: Selection; patterns: string[] } {
  const places = excludes.map(pattern => {
    const path = pathOfPattern(pattern)
    return path !== null && covers(paths, path) ? path : null
  })
  return {
    selection: { paths, leftOut: places.filter(path => path !== null) },
    patterns: excludes.filter((_, at) => places[at] === null),
  }
}

/** Excludes with another selection; the others keep their order, for `!pattern` takes back what stands before it. */
export function withSelection(
  before: Selection,
  excludes: readonly string[],
  { leftOut }: Selection,
): string[] {
  const gone = new Set(before.leftOut.filter(path => !leftOut.includes(path)).map(patternOf))
  const come = leftOut.filter(path => !before.leftOut.includes(path)).map(patternOf)
  return [...excludes.filter(pattern => !gone.has(pattern)), ...come]
}

/** Excludes with other patterns. Places that are left out come last, so that no `!pattern` takes them back. */
export const withPatterns = ({ leftOut }: Selection, patterns: readonly string[]): string[] => [
  ...patterns,
  ...leftOut.map(patternOf),
]
