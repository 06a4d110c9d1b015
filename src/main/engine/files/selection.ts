import type { Raw } from '../format/raw.ts'
import { compileIncludes, compileList } from './pattern-list.ts'

/** The items of a snapshot that are meant. Paths are absolute inside it. */
export interface Selection {
  selected(path: Raw): boolean
  /** Whether a folder's entries are to be looked at, selected itself or not. */
  entered(path: Raw): boolean
}

export interface SelectionRules {
  includes: readonly string[]
  iincludes: readonly string[]
  excludes: readonly string[]
  iexcludes: readonly string[]
}

/**
 * restic's rules: without includes everything is meant, and what is excluded is not entered. With both kinds an item
 * must be included and not excluded.
 * @throws {AppError} invalid_input a pattern that breaks the rules
 */
export function compileSelection(rules: SelectionRules, platform = process.platform): Selection {
  const included =
    rules.includes.length + rules.iincludes.length > 0
      ? compileIncludes(rules.includes, rules.iincludes, platform)
      : null
  const texts = (patterns: readonly string[], origin: string) => patterns.map(text => ({ text, origin }))
  const exact = compileList(texts(rules.excludes, '--exclude'), { platform })
  const folded = compileList(texts(rules.iexcludes, '--iexclude'), { fold: true, platform })
  const excluded = (path: Raw) => exact.matches(path) || folded.matches(path)
  return {
    selected: path => (included?.matches(path) ?? true) && !excluded(path),
    entered: path =>
      (included === null || included.matches(path) || included.childMayMatch(path)) && !excluded(path),
  }
}

/** Without these places and all that is below them. */
export function leavingOut(selection: Selection, places: readonly Raw[]): Selection {
  if (places.length === 0) return selection
  const isLeftOut = (path: Raw) => places.some(place => path === place || path.startsWith(`${place}/`))
  return {
    selected: path => selection.selected(path) && !isLeftOut(path),
    entered: path => selection.entered(path) && !isLeftOut(path),
  }
}
