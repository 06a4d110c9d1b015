import { rawFromText, type Raw } from '../format/raw.ts'

/** A pattern as restic reads it: `filepath.Match` for each component, `**` for any number of components. */
export interface Pattern {
  readonly negated: boolean
  /** Begins with a slash, hence matches from the start of a path only. */
  readonly rooted: boolean
  /** A rooted pattern begins with '/', as a split path does. */
  readonly parts: readonly Part[]
  /** Of `parts`, the first `**`; -1 without. */
  readonly firstAny: number
}

/** A name to be equal to, a test of a name, or null for `**`. */
type Part = string | ((name: string) => boolean) | null

/** A pattern that breaks the rules: the reason, without the pattern. */
export class BadPattern extends Error {}

/**
 * @param text not empty; a leading `!` negates
 * @throws {BadPattern} an unclosed `[`, an empty range, a `\` at the end
 * @see restic internal/filter/filter.go, Go path/filepath/match.go
 */
export function compilePattern(text: Raw, platform: NodeJS.Platform = process.platform): Pattern {
  const negated = text.startsWith('!')
  const clean = cleanPath(negated ? text.slice(1) : text, platform)
  // To restic the pattern `/` is `/**`.
  const parts = splitPath(clean === '/' ? '/**' : clean).map(part =>
    part === '**' ? null : compilePart(part, platform),
  )
  return { negated, rooted: parts[0] === '/', parts, firstAny: parts.indexOf(null) }
}

/** Components of a clean path; those of an absolute one begin with '/', and the root's are that alone. */
export function splitPath(path: string): string[] {
  if (path === '/') return ['/']
  const parts = path.split('/')
  if (parts[0] === '') parts[0] = '/'
  return parts
}

/** Whether the pattern matches the path or a folder above it. */
export function matchPattern(pattern: Pattern, path: readonly string[]): boolean {
  const { parts, rooted, firstAny } = pattern
  if (firstAny >= 0) return matchAny(pattern, path)
  const last = path.length - parts.length
  if (rooted) return last >= 0 && matchRun(parts, path, 0)
  for (let at = last; at >= (path[0] === '/' ? 1 : 0); at--) if (matchRun(parts, path, at)) return true
  return false
}

function matchRun(parts: readonly Part[], path: readonly string[], at: number): boolean {
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index]!
    const name = path[at + index]!
    if (typeof part === 'string' ? part !== name : !(part as (name: string) => boolean)(name)) return false
  }
  return true
}

/**
 * restic tries each `**` from left to right as 0 to `path.length - parts.length + 1` single components, counting the
 * `**` still to come as one component each. So a pattern of several `**` misses a path that is just long enough for
 * it; we keep to that, so that both store the same files.
 */
function matchAny({ parts, rooted }: Pattern, path: readonly string[]): boolean {
  const matchFrom = (index: number, at: number, spare: number): boolean => {
    for (; index < parts.length; index++, at++) {
      const part = parts[index]!
      if (part === null) {
        for (let taken = 0; taken <= spare + 1 && at + taken <= path.length; taken++) {
          if (matchFrom(index + 1, at + taken, spare + 1 - taken)) return true
        }
        return false
      }
      const name = path[at]
      if (name === undefined || (typeof part === 'string' ? part !== name : !part(name))) return false
    }
    return true
  }
  const spare = path.length - parts.length
  if (rooted) return matchFrom(0, 0, spare)
  for (let at = path[0] === '/' ? 1 : 0; at < path.length; at++) if (matchFrom(0, at, spare)) return true
  return false
}

/** Whether something below the path may match: a relative pattern always may. */
export function childMayMatch(pattern: Pattern, path: readonly string[]): boolean {
  const { parts, rooted, firstAny } = pattern
  if (!rooted) return true
  const length = Math.min(path.length, firstAny >= 0 ? firstAny : parts.length)
  return matchRun(parts.slice(0, length), path, 0)
}

/** Go's filepath.Clean, with slashes on Windows too. */
export function cleanPath(path: string, platform: NodeJS.Platform): string {
  const slashed = platform === 'win32' ? path.replaceAll('\\', '/') : path
  const rooted = slashed.startsWith('/')
  const kept: string[] = []
  for (const part of slashed.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') kept.push(part)
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop()
    else if (!rooted) kept.push(part)
  }
  return (rooted ? '/' : '') + kept.join('/') || '.'
}

/** What a pattern component is made of between two stars. */
type Token =
  { readonly byte: string } | 'any' | { readonly negated: boolean; readonly ranges: [number, number][] }
interface Chunk {
  readonly star: boolean
  readonly tokens: readonly Token[]
  /** The bytes of a chunk that is nothing but bytes. */
  readonly literal: string | null
}

function compilePart(part: string, platform: NodeJS.Platform): Part {
  if (!/[\\[\]*?]/.test(part)) return part
  const escapes = platform !== 'win32'
  const chunks: Chunk[] = []
  for (let rest = part; rest !== '';) {
    const star = rest.startsWith('*')
    rest = rest.replace(/^\*+/, '')
    const end = chunkEnd(rest, escapes)
    const tokens = readTokens(rest.slice(0, end), escapes)
    const literal = tokens.every(token => typeof token === 'object' && 'byte' in token)
      ? tokens.map(token => (token as { byte: string }).byte).join('')
      : null
    chunks.push({ star, tokens, literal })
    rest = rest.slice(end)
  }
  const [first, second] = chunks
  if (chunks.length === 1 && first!.literal !== null) {
    const literal = first!.literal
    return first!.star ? name => name.endsWith(literal) && name !== '/' : literal
  }
  if (chunks.length === 2 && !first!.star && first!.literal !== null && second!.literal === '') {
    const literal = first!.literal
    return name => name.startsWith(literal)
  }
  return name => matchChunks(chunks, name)
}

/** Where the next star outside brackets is. */
function chunkEnd(text: string, escapes: boolean): number {
  let inRange = false
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === '\\' && escapes) at++
    else if (byte === '[') inRange = true
    else if (byte === ']') inRange = false
    else if (byte === '*' && !inRange) return at
  }
  return text.length
}

function readTokens(chunk: string, escapes: boolean): Token[] {
  const tokens: Token[] = []
  let at = 0
  const character = (): number => {
    if (at >= chunk.length) throw new BadPattern('a [ is not closed')
    if (chunk[at] === '-' || chunk[at] === ']') throw new BadPattern('a range in [ ] is not complete')
    if (chunk[at] === '\\' && escapes) at++
    if (at >= chunk.length) throw new BadPattern('a [ is not closed')
    const rune = decodeRune(chunk, at)
    if (rune.code === 0xfffd && rune.length === 1) throw new BadPattern('a character in [ ] is not UTF-8')
    at += rune.length
    if (at >= chunk.length) throw new BadPattern('a [ is not closed')
    return rune.code
  }
  while (at < chunk.length) {
    const byte = chunk[at++]!
    if (byte === '?') tokens.push('any')
    else if (byte === '[') {
      const negated = chunk[at] === '^'
      if (negated) at++
      const ranges: [number, number][] = []
      while (ranges.length === 0 || chunk[at] !== ']') {
        const low = character()
        if (chunk[at] === '-') {
          at++
          ranges.push([low, character()])
        } else ranges.push([low, low])
      }
      at++
      tokens.push({ negated, ranges })
    } else if (byte === '\\' && escapes) {
      if (at >= chunk.length) throw new BadPattern('it ends with a single \\')
      tokens.push({ byte: chunk[at++]! })
    } else tokens.push({ byte })
  }
  return tokens
}

/** A star takes as little as lets the next chunk match, and never gives back: enough, for the last one must reach the end. */
function matchChunks(chunks: readonly Chunk[], name: string): boolean {
  let at = 0
  for (const [index, { star, tokens }] of chunks.entries()) {
    const isLast = index === chunks.length - 1
    if (star && tokens.length === 0) return !name.includes('/', at)
    let end = matchTokens(tokens, name, at)
    const misses = () => end < 0 || (isLast && end < name.length)
    if (star) while (misses() && at < name.length && name[at] !== '/') end = matchTokens(tokens, name, ++at)
    if (misses()) return false
    at = end
  }
  return at === name.length
}

/** Where the match that begins at `at` ends; -1 for none. */
function matchTokens(tokens: readonly Token[], name: string, at: number): number {
  for (const token of tokens) {
    if (at >= name.length) return -1
    if (typeof token === 'object' && 'byte' in token) {
      if (name[at] !== token.byte) return -1
      at++
      continue
    }
    const { code, length } = decodeRune(name, at)
    if (token === 'any') {
      if (code === 0x2f) return -1
    } else if (token.ranges.some(([low, high]) => low <= code && code <= high) === token.negated) return -1
    at += length
  }
  return at
}

interface Rune {
  code: number
  length: number
}

/** The UTF-8 character that begins at byte `at`, as Go reads it: U+FFFD of one byte where there is none. */
export function decodeRune(raw: string, at: number): Rune {
  const first = raw.charCodeAt(at)
  if (first < 0x80) return { code: first, length: 1 }
  const invalid = { code: 0xfffd, length: 1 }
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + length > raw.length) return invalid
  let code = first & (0xff >> (length + 1))
  for (let index = 1; index < length; index++) {
    const next = raw.charCodeAt(at + index)
    if ((next & 0xc0) !== 0x80) return invalid
    code = (code << 6) | (next & 0x3f)
  }
  const smallest = [0, 0, 0x80, 0x800, 0x10000][length]!
  if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return invalid
  return { code, length }
}

/** Go's strings.ToLower: character by character, never growing, what is not UTF-8 becoming U+FFFD. */
export function lowerRaw(raw: Raw): Raw {
  if (!/[\x80-\xff]/.test(raw)) return raw.toLowerCase() as Raw
  let text = ''
  for (let at = 0; at < raw.length;) {
    const { code, length } = decodeRune(raw, at)
    text += String.fromCodePoint(String.fromCodePoint(code).toLowerCase().codePointAt(0)!)
    at += length
  }
  return rawFromText(text)
}
