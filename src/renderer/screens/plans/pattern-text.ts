/** Patterns from a text with one a line. Pure. */
export const patternsOf = (text: string): string[] =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
