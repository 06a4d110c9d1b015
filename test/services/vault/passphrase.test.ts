import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPassphrase } from '../../../src/main/services/vault/passphrase.ts'
import { openVault } from '../../../src/main/services/vault/choose.ts'
import { tempDir } from '../../support/tmp.ts'

const FILE = 'HOLDFAST_VAULT_PASSPHRASE_FILE'
const COMMAND = 'HOLDFAST_VAULT_PASSPHRASE_COMMAND'
const cost = { N: 2 ** 10, r: 8, p: 1 }

function fileWith(text: string | Uint8Array, mode = 0o600): string {
  const path = join(tempDir(), 'passphrase')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

const read = (environment: Record<string, string>) =>
  readPassphrase({ PATH: process.env['PATH'], ...environment }, process.platform)

test('from nowhere', async () => {
  expect(await read({})).toBe(null)
  expect(await read({ [FILE]: '', [COMMAND]: '' })).toBe(null)
  expect(await read({ CREDENTIALS_DIRECTORY: tempDir() })).toBe(null)
})

test('from a file, without the line end and with all other blanks', async () => {
  const path = fileWith(' zwölf Löwen \r\n')
  expect(await read({ [FILE]: path })).toEqual({ passphrase: ' zwölf Löwen ', source: `the file ${path}` })
})

test('from a command, which runs without a shell', async () => {
  const command = `${process.execPath} -e 'process.stdout.write("a $HOME b\\n")'`
  expect(await read({ [COMMAND]: command })).toMatchObject({ passphrase: 'a $HOME b' })
})

test('from systemd, whose files may show permissions of the group', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'holdfast-vault'), 'from systemd')
  chmodSync(join(folder, 'holdfast-vault'), 0o440)
  expect(await read({ CREDENTIALS_DIRECTORY: folder })).toEqual({
    passphrase: 'from systemd',
    source: 'the systemd credential holdfast-vault',
  })
  const path = fileWith('from the file')
  expect(await read({ CREDENTIALS_DIRECTORY: folder, [FILE]: path })).toMatchObject({
    passphrase: 'from the file',
  })
})

test.skipIf(process.platform === 'win32').each([0o640, 0o604, 0o620, 0o602, 0o644, 0o660])(
  'a file with mode %o is refused',
  async mode => {
    const path = fileWith('secret words', mode)
    const error = await read({ [FILE]: path }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'invalid_input', hint: `Run: chmod 600 ${path}` })
    expect(String(error)).toContain(`its mode is ${mode.toString(8)}`)
    expect(String(error)).not.toContain('secret words')
  },
)

test.each<[string, () => Record<string, string>, string]>([
  ['a file that is not there', () => ({ [FILE]: join(tempDir(), 'none') }), 'there is no file'],
  ['a folder', () => ({ [FILE]: privateFolder() }), "can't be read"],
  ['an empty file', () => ({ [FILE]: fileWith('\n') }), 'is empty'],
  ['an empty credential', () => ({ CREDENTIALS_DIRECTORY: folderWithEmpty() }), 'is empty'],
  ['no text', () => ({ [FILE]: fileWith(Uint8Array.of(0xff, 0xfe, 0x80)) }), 'is not UTF-8'],
  ['too much', () => ({ [FILE]: fileWith('x'.repeat(65_537)) }), 'too long'],
  ['both', () => ({ [FILE]: fileWith('x'), [COMMAND]: 'echo x' }), 'both given'],
  [
    'a command that fails',
    () => ({ [COMMAND]: `${process.execPath} -e process.exit(3)` }),
    'ended with code 3',
  ],
  ['a command that is not there', () => ({ [COMMAND]: 'holdfast-no-such-program' }), "can't be run"],
  ['a command of blanks', () => ({ [COMMAND]: '  ' }), 'names no program'],
  ['a command without end', () => ({ [COMMAND]: 'cat /dev/zero' }), 'prints more than any passphrase'],
])('%s is refused', async (_, environment, message) => {
  await expect(read(environment())).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining(message),
  })
})

test('a host without anybody to type makes and opens the file by itself', async () => {
  const data = tempDir()
  const [right, wrong] = [fileWith('right'), fileWith('wrong')]
  const open = (file: string) =>
    openVault({
      dataDirectory: data,
      environment: { PATH: process.env['PATH'], HOLDFAST_VAULT: 'file', [FILE]: file },
      platform: process.platform,
      now: () => 0,
      cost,
    })
  const first = await open(right)
  expect(first.info()).toEqual({
    kind: 'sealed-file',
    state: 'open',
    explanation:
      'HOLDFAST_VAULT=file says so, so passwords are kept in vault.json, sealed with your passphrase.',
  })
  await first.set('repository/1', 'one')
  expect(await (await open(right)).get('repository/1')).toBe('one')

  const locked = await open(wrong)
  expect(locked.info()).toMatchObject({
    state: 'locked',
    explanation: expect.stringContaining(`The passphrase from the file ${wrong} does not open it.`),
  })
  await expect(locked.get('repository/1')).rejects.toMatchObject({ code: 'vault_locked' })
  await locked.unlock('right')
  expect(await locked.get('repository/1')).toBe('one')
  expect(locked.info().state).toBe('open')

  writeFileSync(join(data, 'vault.json'), 'damaged')
  expect((await open(right)).info().state).toBe('unavailable')
  writeFileSync(join(data, 'vault-choice.json'), '{}')
  const plain = { dataDirectory: data, environment: {}, platform: process.platform, now: () => 0 }
  await expect(openVault(plain)).rejects.toMatchObject({ code: 'data_corrupt' })
  await expect(openVault({ ...plain, environment: { HOLDFAST_VAULT: 'both' } })).rejects.toMatchObject({
    code: 'invalid_input',
  })
})

function privateFolder(): string {
  const path = join(tempDir(), 'folder')
  mkdirSync(path, { mode: 0o700 })
  return path
}

function folderWithEmpty(): string {
  const folder = tempDir()
  writeFileSync(join(folder, 'holdfast-vault'), '')
  return folder
}
