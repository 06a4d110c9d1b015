import type { PatternText } from './pattern-list.ts'

/**
 * The patterns of an exclude file: one a line, blank ones and those that begin with `#` skipped, `$NAME` and `${NAME}`
 * replaced by what `variable` says, `$$` by `$`.
 * @param name what messages call the file
 */
export function patternsFromFile(
  name: string,
  text: string,
  variable: (name: string) => string | undefined,
): PatternText[] {
  const patterns: PatternText[] = []
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const trimmed = line.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
    if (trimmed === '' || trimmed.startsWith('#')) continue
    patterns.push({ text: expand(trimmed, variable), origin: `line ${index + 1} of ${name}` })
  }
  return patterns
}

/** Go's os.Expand with its corners: `${}` and an unclosed `${` vanish, a `$` that names nothing stays. */
const dollar = /\$(?:\{([*#$@!?\-0-9])\}|\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z0-9_]+))/g

function expand(text: string, variable: (name: string) => string | undefined): string {
  return text.replace(
    dollar,
    (_whole, braced?: string, long?: string, open?: string, single?: string, plain?: string) => {
      if (open !== undefined) return ''
      const name = braced ?? long ?? single ?? plain ?? ''
      return name === '$' ? '$' : name === '' ? '' : (variable(name) ?? '')
    },
  )
}
