import { AppError } from '../../../shared/errors.ts'
import { rawFromText, type Raw } from '../format/raw.ts'
import {
  BadPattern,
  childMayMatch,
  compilePattern,
  lowerRaw,
  matchPattern,
  splitPath,
  type Pattern,
} from './glob.ts'

export interface PatternText {
  text: string
  /** Where a person finds it: `--exclude`, or `line 3 of skip.txt`. */
  origin: string
}

/** Patterns in their order: `!pattern` takes back what those before it matched. Paths are clean. */
export interface PatternList {
  matches(path: Raw): boolean
  /** Whether something below the path may match; false also for an empty list. */
  childMayMatch(path: Raw): boolean
}

/**
 * @param fold compares without regard to case
 * @throws {AppError} invalid_input a pattern that breaks the rules
 */
export function compileList(
  given: readonly PatternText[],
  { fold = false, platform = process.platform }: { fold?: boolean; platform?: NodeJS.Platform } = {},
): PatternList {
  const patterns = given.filter(({ text }) => text !== '').map(each => compile(each, fold, platform))
  if (patterns.length === 0) return { matches: () => false, childMayMatch: () => false }
  const prepare = fold ? lowerRaw : (path: Raw) => path

  return {
    matches: matcher(patterns, prepare),
    childMayMatch(path) {
      const split = splitPath(prepare(path))
      let may = false
      for (const pattern of patterns) {
        may = pattern.negated ? may && !matchPattern(pattern, split) : may || childMayMatch(pattern, split)
      }
      return may
    },
  }
}

/** Which items a restore is to bring back: those that match, with all below them. */
export function compileIncludes(
  patterns: readonly string[],
  ipatterns: readonly string[],
  platform: NodeJS.Platform = process.platform,
): PatternList {
  const exact = compileList(
    patterns.map(text => ({ text, origin: '--include' })),
    { platform },
  )
  const folded = compileList(
    ipatterns.map(text => ({ text, origin: '--iinclude' })),
    { fold: true, platform },
  )
  return {
    matches: path => exact.matches(path) || folded.matches(path),
    childMayMatch: path => exact.childMayMatch(path) || folded.childMayMatch(path),
  }
}

function compile({ text, origin }: PatternText, fold: boolean, platform: NodeJS.Platform): Pattern {
  const raw = rawFromText(text)
  try {
    return compilePattern(fold ? lowerRaw(raw) : raw, platform)
  } catch (error) {
    if (!(error instanceof BadPattern)) throw error
    throw new AppError('invalid_input', `The pattern "${text}" (${origin}) is not valid: ${error.message}.`, {
      hint: 'Put a \\ before a [ or \\ that stands for itself.',
    })
  }
}

function matcher(patterns: readonly Pattern[], prepare: (path: Raw) => Raw): (path: Raw) => boolean {
  if (patterns.some(({ negated }) => negated)) {
    return path => {
      const split = splitPath(prepare(path))
      let matched = false
      for (const pattern of patterns) {
        if (matched === pattern.negated && matchPattern(pattern, split)) matched = !pattern.negated
      }
      return matched
    }
  }
  // Without negation order is nothing, and the many patterns that are one plain name become one look-up.
  const names = new Set<string>()
  const others: Pattern[] = []
  for (const pattern of patterns) {
    const [only] = pattern.parts
    if (pattern.parts.length === 1 && typeof only === 'string' && only !== '/') names.add(only)
    else others.push(pattern)
  }
  return path => {
    const split = splitPath(prepare(path))
    if (names.size > 0 && split.some(name => names.has(name))) return true
    return others.some(pattern => matchPattern(pattern, split))
  }
}
