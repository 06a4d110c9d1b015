import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  passwordFromBytes,
  type PasswordSource,
  readPassword,
  takeSecrets,
} from '../../../src/main/shells/cli/password.ts'
import { splitWords } from '../../../src/shared/command-words.ts'

const { signal } = new AbortController()
const question = { prompt: 'Password', twice: false, setBy: 'Set it.' }
let dir = ''
beforeAll(async () => (dir = await mkdtemp(join(tmpdir(), 'holdfast-password-'))))
afterAll(() => rm(dir, { recursive: true, force: true }))

const read = async (options: PasswordSource, environment: PasswordSource = {}, twice = false) =>
  (await readPassword(options, environment, { ...question, twice }, signal)).password

describe('a password in bytes', () => {
  test.each([
    ['plain', Buffer.from('geheim'), 'geheim'],
    ['white space around it', Buffer.from(' \t\u00a0\u2003 ge heim \u0085\r\n'), 'ge heim'],
    ['UTF-8 mark', Buffer.from('\ufeffpäss\n'), 'päss'],
    ['UTF-16, little end first', Buffer.from('\ufeffpäss\r\n', 'utf16le'), 'päss'],
    ['UTF-16, big end first', Buffer.from('\ufeffpäss\r\n', 'utf16le').swap16(), 'päss'],
    ['empty', Buffer.alloc(0), ''],
    // JavaScript's own trim would take this one away, Go's does not
    ['a mark inside', Buffer.from('a\ufeff'), 'a\ufeff'],
  ])('%s', (_name, bytes, password) => expect(passwordFromBytes(bytes, 'It')).toBe(password))

  test('what is no text is refused, not guessed at', () => {
    expect(() => passwordFromBytes(Buffer.from([0x70, 0xe4, 0x73]), 'The file')).toThrow('not UTF-8')
  })
})

describe('where it comes from', () => {
  test('a file', async () => {
    await writeFile(join(dir, 'pw'), 'from file\n')
    expect(await read({ file: join(dir, 'pw') }, { text: 'from environment' })).toBe('from file')
    expect(await read({}, { file: join(dir, 'pw') })).toBe('from file')
  })

  test('a command, run without a shell', async () => {
    expect(await read({ command: `printf '%s\\n' "it's $HOME"` })).toBe("it's $HOME")
  })

  test('the environment, verbatim', async () => {
    expect(await read({}, { text: ' spaces count ' })).toBe(' spaces count ')
  })

  test.each([
    ['a file that is not there', { file: '/nonexistent/file' }],
    ['a command that is not there', { command: '/nonexistent/command' }],
    ['a command that fails', { command: 'false' }],
    ['an empty command', { command: ' ' }],
    ['an open quote', { command: 'echo "a' }],
    ['a file and a command', { file: 'a', command: 'b' }],
    ['nothing, and no terminal', {}],
  ])('%s is a wrong input', async (_name, source) => {
    await expect(read(source)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('a new password is not empty', async () => {
    await expect(read({ command: 'true' }, {}, true)).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await read({ command: 'true' })).toBe('')
  })
})

test('secrets leave the environment', () => {
  const env = {
    HOLDFAST_PASSWORD: 'a',
    HOLDFAST_NEW_PASSWORD: 'b',
    HOLDFAST_FROM_PASSWORD_FILE: 'c',
    HOLDFAST_PASSWORD_COMMAND: '',
    HOLDFAST_REPOSITORY: '/r',
  }
  expect(takeSecrets(env)).toEqual({
    repository: { text: 'a' },
    fresh: { text: 'b' },
    from: { file: 'c' },
  })
  expect(env).toEqual({ HOLDFAST_REPOSITORY: '/r' })
})

test.each([
  ['pass show backup', ['pass', 'show', 'backup']],
  [`a 'b c' "d \\" e" f\\ g ''`, ['a', 'b c', 'd " e', 'f g', '']],
  ['  ', []],
])('%s in words', (line, words) => expect(splitWords(line)).toEqual(words))
