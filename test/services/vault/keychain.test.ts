import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect, promisify } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { openVault } from '../../../src/main/services/vault/choose.ts'
import { needs } from '../../support/needs.ts'
import { tempDir } from '../../support/tmp.ts'
import { privateSession, type PrivateSession } from './private-session.ts'

const { test } = needs('linux', 'dbus-daemon', 'gnome-keyring-daemon', 'secret-tool')

const name = 'repository/7d0c'
const secret = 'canary: Zwölf Löwen 🦁'
const cost = { N: 2 ** 10, r: 8, p: 1 }

interface Clock {
  atMs: number
}

const openIn = (
  dataDirectory: string,
  environment: Record<string, string>,
  more: { clock?: Clock; limitMs?: number } = {},
) =>
  openVault({
    dataDirectory,
    environment,
    platform: 'linux',
    now: () => more.clock?.atMs ?? 0,
    cost,
    limitMs: more.limitMs ?? 30_000,
  })

const prefixIn = (dataDirectory: string): string =>
  JSON.parse(readFileSync(join(dataDirectory, 'vault-choice.json'), 'utf8')).prefix

async function unlockedSession(): Promise<PrivateSession> {
  const session = await privateSession()
  await session.unlock('keyring')
  return session
}

test('what is kept there is found again, by other programs too, and is not found when removed', async () => {
  const session = await unlockedSession()
  const data = tempDir()
  const vault = await openIn(data, session.environment)
  expect(vault.info()).toEqual({
    kind: 'keychain',
    state: 'open',
    explanation: "Passwords are kept in this computer's keychain (GNOME Keyring / Secret Service).",
  })
  expect(await vault.get(name)).toBe(null)
  await vault.set(name, secret)
  expect(await vault.get(name)).toBe(secret)
  expect(await session.lookUp(`${prefixIn(data)}/${name}`)).toBe(secret)

  const again = await openIn(data, session.environment)
  expect(await again.get(name)).toBe(secret)
  await again.set(name, 'another')
  expect(await vault.get(name)).toBe('another')
  await again.remove(name)
  await again.remove(name)
  expect(await vault.get(name)).toBe(null)

  expect(readdirSync(data)).toEqual(['vault-choice.json'])
  expect(inspect(vault, { showHidden: true, depth: 10 })).not.toContain(secret)
})

test('two data directories have nothing in common; one whose choice was lost finds its own', async () => {
  const session = await unlockedSession()
  const [one, other] = [tempDir(), tempDir()]
  await (await openIn(one, session.environment)).set(name, 'of one')
  const second = await openIn(other, session.environment)
  expect(await second.get(name)).toBe(null)
  await second.set(name, 'of the other')
  rmSync(join(one, 'vault-choice.json'))
  expect(await (await openIn(one, session.environment)).get(name)).toBe('of one')
})

test('many at a time', async () => {
  const session = await unlockedSession()
  const vault = await openIn(tempDir(), session.environment)
  const numbers = Array.from({ length: 20 }, (_, i) => i)
  await Promise.all(numbers.map(i => vault.set(`repository/${i}`, `secret ${i}`)))
  const found = await Promise.all(
    numbers.flatMap(i => [vault.get(`repository/${i}`), vault.get(`repository/none-${i}`)]),
  )
  expect(found).toEqual(numbers.flatMap(i => [`secret ${i}`, null]))
})

test('a locked keychain is locked: never "no password", never a file in its place', async () => {
  const session = await unlockedSession()
  const data = tempDir()
  const clock = { atMs: 0 }
  const vault = await openIn(data, session.environment, { clock })
  await vault.set(name, secret)
  await session.lock()

  await expect(vault.get(name)).rejects.toMatchObject({ code: 'vault_locked' })
  expect(vault.info()).toMatchObject({ kind: 'keychain', state: 'locked' })
  await expect(vault.get('repository/never-there')).rejects.toMatchObject({ code: 'vault_locked' })
  await expect(vault.set(name, 'x')).rejects.toMatchObject({ code: 'vault_locked' })
  await expect(vault.remove(name)).rejects.toMatchObject({ code: 'vault_locked' })

  const fresh = await openIn(data, session.environment, { clock })
  expect(fresh.info()).toMatchObject({
    kind: 'keychain',
    state: 'locked',
    explanation: expect.stringContaining('is locked now'),
  })
  await expect(fresh.get('repository/never-there')).rejects.toMatchObject({ code: 'vault_locked' })
  expect(existsSync(join(data, 'vault.json'))).toBe(false)

  await session.unlock('keyring')
  await expect(vault.get(name)).rejects.toMatchObject({ code: 'vault_locked' }) // it is not asked again so soon
  clock.atMs = 61_000
  expect(await vault.get(name)).toBe(secret) // but by itself later,
  expect(await fresh.unlock('')).toMatchObject({ state: 'open' }) // and at once when told
  expect(await fresh.get(name)).toBe(secret)
  expect(await fresh.get('repository/never-there')).toBe(null)
})

test('a name that is not there, asked of a keychain that was locked a moment ago, does not count as absent', async () => {
  const session = await unlockedSession()
  const asks = [
    await openIn(tempDir(), session.environment),
    await openIn(tempDir(), session.environment),
  ] as const
  await session.lock()
  await expect(asks[0].get('repository/never-there')).rejects.toMatchObject({ code: 'vault_locked' })
  await expect(asks[1].remove('repository/never-there')).rejects.toMatchObject({ code: 'vault_locked' })
})

test('locked at the very first start: nothing is decided until it opens', async () => {
  const session = await unlockedSession()
  await session.lock()
  const data = tempDir()
  const vault = await openIn(data, session.environment)
  expect(vault.info()).toMatchObject({
    kind: 'keychain',
    state: 'locked',
    explanation: expect.stringContaining('HOLDFAST_VAULT=file'),
  })
  expect(readdirSync(data)).toEqual([])
  await session.unlock('keyring')
  expect(await vault.unlock('')).toMatchObject({ state: 'open' })
  expect(readdirSync(data)).toEqual(['vault-choice.json'])
})

test('a keychain without a keyring in it (which answers "nothing there" to everything)', async () => {
  const session = await privateSession() // gnome-keyring is started by the bus, and empty
  const data = tempDir()
  const vault = await openIn(data, session.environment)
  expect(vault.info()).toEqual({
    kind: 'sealed-file',
    state: 'new',
    explanation:
      "This computer's keychain has no keyring in it, so passwords are kept in vault.json, sealed with your passphrase. No passphrase has been chosen yet: choose one (`holdfast vault unlock`).",
  })

  const elsewhere = await unlockedSession()
  await (await openIn(data, elsewhere.environment)).set(name, secret)
  const emptied = await openIn(data, session.environment)
  expect(emptied.info()).toMatchObject({ kind: 'keychain', state: 'unavailable' })
  await expect(emptied.get(name)).rejects.toMatchObject({ code: 'backend_unreachable' })
})

test('a keychain that is gone for a time is unavailable, and an empty file never takes its place', async () => {
  const session = await unlockedSession()
  const data = tempDir()
  await (await openIn(data, session.environment)).set(name, secret)

  const passphraseFile = join(tempDir(), 'passphrase')
  writeFileSync(passphraseFile, 'from the environment', { mode: 0o600 })
  const vault = await openIn(data, { ...withoutBus(), HOLDFAST_VAULT_PASSPHRASE_FILE: passphraseFile })
  expect(vault.info()).toMatchObject({
    kind: 'keychain',
    state: 'unavailable',
    explanation: expect.stringContaining("can't be reached now"),
  })
  await expect(vault.get(name)).rejects.toMatchObject({ code: 'backend_unreachable' })
  await expect(vault.set(name, 'x')).rejects.toMatchObject({ code: 'backend_unreachable' })
  expect(readdirSync(data)).toEqual(['vault-choice.json'])

  expect(await (await openIn(data, session.environment)).get(name)).toBe(secret)
})

test('without D-Bus there is a sealed file, also later when there is a keychain', async () => {
  const data = tempDir()
  const vault = await openIn(data, withoutBus())
  expect(vault.info()).toMatchObject({
    kind: 'sealed-file',
    state: 'new',
    explanation: expect.stringMatching(
      /^There is no keychain here \(no D-Bus session with a Secret Service\), so passwords are kept in vault.json, sealed/,
    ),
  })
  await vault.unlock('passphrase')
  await vault.set(name, secret)
  expect(readdirSync(data).sort()).toEqual(['vault-choice.json', 'vault.json'])

  const session = await unlockedSession()
  const later = await openIn(data, session.environment)
  expect(later.info()).toMatchObject({ kind: 'sealed-file', state: 'locked' })
  await later.unlock('passphrase')
  expect(await later.get(name)).toBe(secret)
})

test('HOLDFAST_VAULT decides, and what it decided stays', async () => {
  const session = await unlockedSession()
  const data = tempDir()
  await (await openIn(data, session.environment)).set(name, secret)
  const file = await openIn(data, { ...session.environment, HOLDFAST_VAULT: 'file' })
  expect(file.info()).toMatchObject({ kind: 'sealed-file', state: 'new' })
  await file.unlock('passphrase')
  expect((await openIn(data, session.environment)).info()).toMatchObject({
    kind: 'sealed-file',
    state: 'locked',
  })

  const back = await openIn(data, { ...session.environment, HOLDFAST_VAULT: 'keychain' })
  expect(await back.get(name)).toBe(secret)
  expect((await openIn(data, session.environment)).info().kind).toBe('keychain')

  const none = await openIn(tempDir(), { ...withoutBus(), HOLDFAST_VAULT: 'keychain' })
  expect(none.info()).toMatchObject({ kind: 'keychain', state: 'unavailable' })
})

test('a keychain that hangs is given up', async () => {
  const session = await unlockedSession()
  const data = tempDir()
  const vault = await openIn(data, session.environment)
  await vault.set(name, secret)
  session.stop()
  await expect(vault.get(name)).rejects.toMatchObject({
    code: 'vault_locked',
    message: expect.stringContaining('does not answer'), // by the binding's own limit,
  })
  const hasty = await openIn(data, session.environment, { limitMs: 500 })
  expect(hasty.info()).toMatchObject({
    state: 'locked',
    explanation: expect.stringContaining('no answer within 0.5 s'), // and by ours
  })
  session.resume()
  expect(await vault.unlock('')).toMatchObject({ state: 'open' })
  expect(await vault.get(name)).toBe(secret)
})

test('a bus that takes connections and says nothing stops neither us nor our end', async () => {
  const path = join(tempDir(), 'bus')
  const mute = createServer(() => undefined)
  await new Promise<void>(resolve => void mute.listen(path, resolve))
  onTestFinished(() => void mute.close())
  const environment = { ...withoutBus(), DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` }

  let turns = 0
  const turning = setInterval(() => turns++, 10)
  onTestFinished(() => clearInterval(turning))
  const data = tempDir()
  const vault = await openIn(data, environment, { limitMs: 2_000 })
  expect(vault.info()).toMatchObject({ kind: 'keychain', state: 'locked' })
  expect(turns).toBeGreaterThan(1)
  expect(readdirSync(data)).toEqual([])

  const script = `
    import { openVault } from ${JSON.stringify(new URL('../../../src/main/services/vault/choose.ts', import.meta.url).href)}
    const [dataDirectory, limitMs, how] = process.argv.slice(1)
    const options = { dataDirectory, environment: process.env, platform: 'linux', now: () => 0, limitMs: Number(limitMs) }
    if (how === 'at once') setTimeout(() => process.exit(5), 1000)
    console.log((await openVault(options)).info().state)`
  const node = (...args: string[]) =>
    promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '-e', script, tempDir(), ...args],
      { env: environment, timeout: 50_000, killSignal: 'SIGKILL' },
    )
  expect((await node('500', 'by itself')).stdout).toBe('locked\n')
  await expect(node('600000', 'at once')).rejects.toMatchObject({ code: 5, signal: null })
  while (processesWith(path).length > 0) await sleep(20) // none stays behind
})

/** Processes, other than this one, that were given `text` in their environment. */
const processesWith = (text: string): string[] =>
  readdirSync('/proc')
    .filter(pid => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text)
      } catch {
        return false // it has ended
      }
    })

function withoutBus(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', XDG_RUNTIME_DIR: tempDir('no-bus') }
}
