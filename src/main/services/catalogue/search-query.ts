/** What a person typed into the search, taken apart. Pure; the rules stand at `parseQuery`. */
export interface ParsedQuery {
  /** Names that match, folded, are LIKE this (`\\` escapes). */
  readonly like: string
  /** Those that fit best: the name itself, then what begins with it. */
  readonly exact: string
  readonly beginning: string
  /** A name that matches has all of these, of three characters each; none: it is too short to tell. */
  readonly parts: readonly string[]
  /** The folders above it match, folded, the nearest one first; the root is ''. */
  readonly folders: readonly ((folded: string) => boolean)[]
  readonly foldersOnly: boolean
}

/** Names are compared without regard to case, and however an accent is put together (macOS stores them in two parts). */
export const fold = (text: string): string =>
  text.toWellFormed().replaceAll('\0', '\uFFFD').normalize('NFC').toLowerCase().replaceAll('ς', 'σ')

/**
 * - `read` finds names that have it anywhere in them.
 * - `*.c`, `img_????.jpg`: with wildcards the whole name has to match; they never stand for a slash.
 * - `docs/read` finds what has it in its path, to the end of which only the rest of a name is missing; with wildcards,
 *   each part is a whole name (`docs/*.md`), and a slash at the beginning means the root.
 * - A slash at the end: folders only.
 */
export function parseQuery(text: string): ParsedQuery {
  const folded = fold(text).replace(/\/+/g, '/')
  const foldersOnly = folded.endsWith('/')
  const pieces = (foldersOnly ? folded.slice(0, -1) : folded).split('/')
  const last = pieces.pop()!
  const wild = /[*?]/.test(folded)
  const prefix = pieces.length > 0
  return {
    like: wild
      ? escaped(last).replaceAll('*', '%').replaceAll('?', '_')
      : `${prefix ? '' : '%'}${escaped(last)}%`,
    exact: escaped(last),
    beginning: `${escaped(last)}%`,
    parts: [...new Set(last.split(/[*?]/).flatMap(trigrams))].slice(0, 16),
    folders: pieces
      .map((piece, index) => {
        const whole = wild ? wholeName(piece) : null
        if (whole !== null) return (name: string) => whole.test(name)
        return index === 0 ? (name: string) => name.endsWith(piece) : (name: string) => name === piece
      })
      .reverse(),
    foldersOnly,
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\%_]/g, '\\$&')

function trigrams(text: string): string[] {
  const letters = [...text]
  return letters.slice(2).map((letter, index) => `${letters[index]}${letters[index + 1]}${letter}`)
}

/** One `*` after another is one; matching goes back to the last one only, so no pattern takes long. */
function wholeName(pattern: string): { test(name: string): boolean } {
  const want = [...pattern.replace(/\*+/g, '*')]
  return {
    test(name) {
      const have = [...name]
      let [h, w, star, resume] = [0, 0, -1, 0]
      while (h < have.length) {
        if (want[w] === '*') [star, resume, w] = [w, h, w + 1]
        else if (want[w] === '?' || want[w] === have[h]) [h, w] = [h + 1, w + 1]
        else if (star >= 0) [h, w, resume] = [resume + 1, star + 1, resume + 1]
        else return false
      }
      while (want[w] === '*') w++
      return w === want.length
    },
  }
}
