import { expect, test } from 'vitest'
import { collisionKey, safeName } from '../../../src/main/engine/files/windows-names.ts'
import { rawFromText, type Raw } from '../../../src/main/engine/format/raw.ts'

const refused = (name: string, platform: NodeJS.Platform) => !safeName(rawFromText(name), platform).ok

test.each(['', '.', '..', 'a/b', '../x', '/etc', 'nul\0byte'])('%j is refused everywhere', name => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) expect(refused(name, platform)).toBe(true)
})

test.each([
  ['..\\..\\evil.exe', 'leaves the target'],
  ['C:evil.exe', 'is on another drive'],
  ['C:', 'is a drive'],
  ['file.txt:stream', 'is a stream of another file'],
  ['\\\\server\\share', 'is on another machine'],
  ['file.txt::$DATA', 'is another name of file.txt'],
])('%j is refused on Windows: it %s', name => {
  expect(refused(name, 'win32')).toBe(true)
  expect(refused(name, 'linux')).toBe(false)
})

test('names that mean a device on Windows are refused, those that only look like one are not', () => {
  const devices =
    'con CON Con nul NUL.txt nul.tar.gz aux prn com1 COM9 lpt1 LPT9.log com¹ lpt³ CONIN$ conout$'.split(' ')
  for (const name of [...devices, 'nul .txt', 'aux '])
    expect([name, refused(name, 'win32')]).toEqual([name, true])
  const plain = 'console conx com com10 lpt nullable .nul a.con auxiliary com1x CONIN'.split(' ')
  for (const name of plain) expect([name, refused(name, 'win32')]).toEqual([name, false])
})

test('characters, dots and spaces that Windows changes or refuses', () => {
  for (const name of [
    'a<b',
    'a>b',
    'a"b',
    'a|b',
    'a?b',
    'a*b',
    'tab\tname',
    'line\nname',
    'dot.',
    'space ',
    '...',
  ])
    expect([name, refused(name, 'win32')]).toEqual([name, true])
  for (const name of ['a b', '.hidden', 'ünïcode ☃', "it's", 'a&b', 'x'.repeat(255)])
    expect([name, refused(name, 'win32')]).toEqual([name, false])
  expect(refused('x'.repeat(256), 'win32')).toBe(true)
})

test('names that are not Unicode', () => {
  expect(safeName('bad-\xff' as Raw, 'linux').ok).toBe(true)
  expect(safeName('bad-\xff' as Raw, 'darwin').ok).toBe(false)
  expect(safeName('bad-\xff' as Raw, 'win32').ok).toBe(false)
  // half of a surrogate pair, which Windows has and macOS has not
  expect(safeName('half-\xed\xa0\x80' as Raw, 'win32').ok).toBe(true)
  expect(safeName('half-\xed\xa0\x80' as Raw, 'darwin').ok).toBe(false)
})

test('which names are one on a file system that ignores case or composition', () => {
  const same = (a: string, b: string, platform: NodeJS.Platform) =>
    collisionKey(rawFromText(a), platform) === collisionKey(rawFromText(b), platform)
  const composed = 'café'.normalize('NFC')
  const decomposed = 'café'.normalize('NFD')
  const answers = (['linux', 'win32', 'darwin'] as const).map(platform => ({
    case: same('Readme.TXT', 'README.txt', platform),
    umlaut: same('ÄRGER', 'ärger', platform),
    composition: same(composed, decomposed, platform),
    sharp: same('straße', 'STRASSE', platform),
    other: same('a', 'b', platform),
  }))
  expect(answers).toEqual([
    { case: false, umlaut: false, composition: false, sharp: false, other: false },
    { case: true, umlaut: true, composition: false, sharp: false, other: false },
    { case: true, umlaut: true, composition: true, sharp: true, other: false },
  ])
})
