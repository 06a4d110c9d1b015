import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BadPattern,
  childMayMatch,
  compilePattern,
  lowerRaw,
  matchPattern,
  splitPath,
} from '../../../src/main/engine/files/glob.ts'
import { rawFromText, type Raw } from '../../../src/main/engine/format/raw.ts'

const matches = (pattern: string, path: string, platform: NodeJS.Platform = 'linux') =>
  matchPattern(compilePattern(rawFromText(pattern), platform), splitPath(rawFromText(path)))

/** Patterns of one component, each with names it matches and names it does not. */
const components: [string, string[], string[]][] = [
  ['plain', ['plain'], ['plai', 'plainer', 'Plain', 'xplain']],
  ['*', ['a', '.hidden', 'ünï ☃'], []],
  ['*.o', ['a.o', '.o', 'a.b.o'], ['a.O', 'a.ob', 'o']],
  ['lib*', ['lib', 'library'], ['Lib', 'alib']],
  ['a*b*c', ['abc', 'axxbyyc', 'abcbc', 'abbc'], ['abcd', 'ac', 'acb']],
  ['*a*', ['a', 'bab', 'aa'], ['b']],
  ['**a', ['a', 'ba'], ['ab']],
  ['a**b*', ['ab', 'axbx'], ['ba']],
  ['?', ['a', 'é', '☃', '\u{1f600}'], ['ab', 'éé']],
  ['a?b', ['a☃b', 'a.b'], ['ab', 'a☃☃b']],
  ['*?.txt', ['a.txt', 'é.txt'], ['.txt']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'x', 'abx', 'Ax']],
  ['[^a-c]x', ['dx', 'éx', '^x'], ['ax', 'x']],
  ['[!a]x', ['!x', 'ax'], ['bx']],
  ['[α-ω]', ['β'], ['a', 'Ω', 'ββ']],
  ['[abc-eg]', ['a', 'b', 'd', 'g'], ['f', '-']],
  ['[\\]a]', [']', 'a'], ['\\']],
  ['[\\-x]', ['-', 'x'], ['a']],
  ['[*]', ['*'], ['a', '']],
  ['[a*]b*', ['*bc', 'ab'], ['cb']],
  ['\\*', ['*'], ['a', '\\*', '\\']],
  ['\\[x]', ['[x]'], ['x']],
  ['a\\?', ['a?'], ['ab']],
  ['\\p\\l', ['pl'], ['\\p\\l']],
  ['x]', ['x]'], ['x']],
  ['a]*', ['a]', 'a]b'], ['a']],
]

test.each(components)('the component %j', (pattern, hits, misses) => {
  for (const name of hits) expect([name, matches(pattern, `/dir/${name}`)]).toEqual([name, true])
  for (const name of misses) expect([name, matches(pattern, `/dir/${name}`)]).toEqual([name, false])
})

test('bytes that are not UTF-8 count one each', () => {
  const name = splitPath('/dir/a\xff\xfe' as Raw)
  expect(matchPattern(compilePattern(rawFromText('a??'), 'linux'), name)).toBe(true)
  expect(matchPattern(compilePattern(rawFromText('a?'), 'linux'), name)).toBe(false)
  expect(matchPattern(compilePattern('a\xff*' as Raw, 'linux'), name)).toBe(true)
  expect(matchPattern(compilePattern(rawFromText('a[\ufffd]*'), 'linux'), name)).toBe(true)
})

test.each([
  '[',
  'a[',
  '[^',
  '[^bc',
  '[]a]',
  '[-]',
  '[x-]',
  '[-x]',
  '[a-b-c]',
  '\\',
  'a\\',
  '[a\\',
  'dir/[',
  '**/[',
  '*[',
  '[a',
])('%j is no pattern', pattern => {
  expect(() => compilePattern(rawFromText(pattern), 'linux')).toThrow(BadPattern)
})

/** Whole patterns; a rooted one begins at the start, any other anywhere, and what is below a match is one too. */
const paths: [string, string[], string[]][] = [
  ['bar', ['/bar', '/foo/bar', '/foo/bar/deep/er', 'bar', 'foo/bar'], ['/foo/barn', '/']],
  ['foo/bar', ['/foo/bar', '/x/foo/bar/y'], ['/foo/x/bar', '/foo', '/bar']],
  ['foo/*.c', ['/foo/a.c', '/x/foo/a.c/y'], ['/foo/x/a.c', '/foo']],
  ['/foo', ['/foo', '/foo/bar'], ['/x/foo', '/foobar', 'foo']],
  ['/foo/*', ['/foo/bar', '/foo/bar/baz'], ['/foo']],
  ['/*/bar', ['/a/bar', '/a/bar/x'], ['/bar', '/a/b/bar']],
  ['/', ['/', '/a', '/a/b'], ['a']],
  ['**', ['/a', 'a', '/a/b'], []],
  ['foo/**/bar', ['/foo/bar', '/foo/x/bar', '/foo/x/y/bar/z', '/a/foo/bar'], ['/foo', '/bar/foo', '/foo/x']],
  ['/foo/**', ['/foo', '/foo/a/b'], ['/fo']],
  ['/foo/**/*.c', ['/foo/a.c', '/foo/x/y/a.c'], ['/a.c', '/x/foo/a.c']],
  ['**/foo', ['/foo', '/x/foo/y'], ['/fo']],
  ['/**/foo', ['/foo', '/x/y/foo'], ['/x', 'foo']],
  ['foo/', ['/foo', '/x/foo'], ['/fo']],
  ['/foo//bar/.', ['/foo/bar'], ['/foo']],
  ['/foo/../bar', ['/bar'], ['/foo/bar', '/foo']],
  ['./foo', ['/foo', '/x/foo'], ['/.']],
  ['../foo', [], ['/foo', '/x/foo']],
  // restic counts the ** to come as one component each; see matchAny
  ['/a/**/b/**/c', ['/a/b/x/c', '/a/x/b/x/c'], ['/a/x/b/c']],
]

test.each(paths)('the pattern %j', (pattern, hits, misses) => {
  for (const path of hits) expect([path, matches(pattern, path)]).toEqual([path, true])
  for (const path of misses) expect([path, matches(pattern, path)]).toEqual([path, false])
})

test('on Windows a backslash separates and nothing escapes', () => {
  expect(matches('C:\\Users\\*\\Temp', 'C:/Users/ada/Temp/x', 'win32')).toBe(true)
  expect(matches('Temp\\*.tmp', 'C:/Users/ada/Temp/x.tmp', 'win32')).toBe(true)
  expect(matches('C:/Users', 'D:/Users', 'win32')).toBe(false)
})

test.each([
  ['/foo/bar', ['/foo', '/', '/foo/bar', '/foo/bar/x'], ['/baz', '/foo/baz']],
  ['foo/bar', ['/foo', '/x', '/'], []],
  ['/foo/*/x', ['/foo', '/foo/a'], ['/foo/a/b', '/bar']],
  ['/foo/**/x', ['/foo', '/foo/a/b/c'], ['/bar']],
  ['/**/x', ['/a', '/'], []],
] as [string, string[], string[]][])('below what %j may match', (pattern, yes, no) => {
  const may = (path: string) =>
    childMayMatch(compilePattern(rawFromText(pattern), 'linux'), splitPath(rawFromText(path)))
  for (const path of yes) expect([path, may(path)]).toEqual([path, true])
  for (const path of no) expect([path, may(path)]).toEqual([path, false])
})

const part = fc.constantFrom('a', 'b', 'ab', 'c', '*', '**', '?', 'a*', '*b', '[ab]', '[^a]')
const name = fc.constantFrom('a', 'b', 'ab', 'c', 'abc')

test('a folder is entered whenever something in it may match', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(part, { minLength: 1, maxLength: 5 }),
      fc.array(name, { minLength: 2, maxLength: 6 }),
      (rooted, parts, names) => {
        const pattern = compilePattern(((rooted ? '/' : '') + parts.join('/')) as Raw, 'linux')
        if (!matchPattern(pattern, splitPath(`/${names.join('/')}`))) return
        for (let length = 1; length < names.length; length++) {
          expect(childMayMatch(pattern, splitPath(`/${names.slice(0, length).join('/')}`))).toBe(true)
        }
      },
    ),
    { numRuns: 3000 },
  )
})

/** restic's own way, step by step: each `**` written out as so many `*`, the first one first. */
function matchesByExpansion(parts: string[], path: string[]): boolean {
  const at = parts.indexOf('**')
  if (at >= 0) {
    for (let count = 0; count <= path.length - parts.length + 1; count++) {
      const stars = Array.from({ length: count }, () => '*')
      if (matchesByExpansion([...parts.slice(0, at), ...stars, ...parts.slice(at + 1)], path)) return true
    }
    return false
  }
  if (parts.length === 0) return false
  const rooted = parts[0] === '/'
  for (let offset = rooted ? 0 : 1; offset <= (rooted ? 0 : path.length - parts.length); offset++) {
    if (parts.every((each, index) => path[offset + index] !== undefined && same(each, path[offset + index]!)))
      return true
  }
  return false
}
const same = (glob: string, text: string) =>
  glob === text ||
  (glob !== '/' &&
    new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(text) &&
    text !== '/')

test('any number of ** finds what writing them out finds', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.oneof(part, fc.constant('**')), { minLength: 1, maxLength: 6 }),
      fc.array(name, { minLength: 1, maxLength: 6 }),
      (rooted, parts, names) => {
        const pattern = compilePattern(((rooted ? '/' : '') + parts.join('/')) as Raw, 'linux')
        const path = splitPath(`/${names.join('/')}`)
        expect(matchPattern(pattern, path)).toBe(matchesByExpansion(rooted ? ['/', ...parts] : parts, path))
      },
    ),
    { numRuns: 5000 },
  )
})

test('lower case as Go has it: one character for one', () => {
  const lower = (text: string) => Buffer.from(lowerRaw(rawFromText(text)), 'latin1').toString()
  expect(lower('README.Txt')).toBe('readme.txt')
  expect(lower('ÄÖÜẞ ΣΑΣ İ Ǆ')).toBe('äöüß σασ i ǆ')
  expect(lowerRaw('A\xff' as Raw)).toBe(rawFromText('a\ufffd'))
})
