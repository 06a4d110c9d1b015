import { AppError } from './errors.ts'

/** A command line in words: white space parts them, quotes hold them together, a backslash takes the next as it is. */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!
    if (quote !== '') {
      if (char === quote) quote = ''
      else if (char === '\\' && quote === '"' && i + 1 < line.length) word += line[++i]!
      else word += char
    } else if (char === '"' || char === "'") {
      quote = char
      word ??= ''
    } else if (char === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!
    else if (/\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + char
  }
  if (quote !== '') {
    throw new AppError('invalid_input', 'The command has a quote that is not closed.')
  }
  if (word !== null) words.push(word)
  return words
}
