import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors.ts'
import { openSealedFile, type SealedFile } from '../../../src/main/services/vault/sealed-file.ts'
import { decode, encode, openWithPassphrase } from '../../../src/main/services/vault/sealed-format.ts'
import { random } from '../../support/content.ts'
import { tempDir } from '../../support/tmp.ts'

const name = 'repository/7d0c'
const secret = 'canary-Zwölf Löwen 🦁'
const passphrase = 'drei Wünsche frei'
const cost = { N: 2 ** 10, r: 8, p: 1 }

const openAt = (path: string, wasMade = false): Promise<SealedFile> =>
  openSealedFile({ path, why: 'There is no keychain here.', wasMade, cost })

/** A file with one secret in it. */
async function made(): Promise<{ path: string; vault: SealedFile }> {
  const path = join(tempDir(), 'vault.json')
  const vault = await openAt(path)
  await vault.unlock(passphrase)
  await vault.set(name, secret)
  return { path, vault }
}

const failure = async (promise: Promise<unknown>): Promise<unknown> => {
  const result = await promise.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )
  return result instanceof AppError ? result.code : result
}

test('from new to open, and again after a restart', async () => {
  const path = join(tempDir(), 'vault.json')
  const vault = await openAt(path)
  expect(vault.info()).toEqual({
    kind: 'sealed-file',
    state: 'new',
    explanation:
      'There is no keychain here. No passphrase has been chosen yet: choose one (`holdfast vault unlock`).',
  })
  expect(await failure(vault.get(name))).toBe('vault_locked')
  expect(await failure(vault.set(name, secret))).toBe('vault_locked')
  expect(await failure(vault.unlock(''))).toBe('invalid_input')
  expect(readdirSync(join(path, '..'))).toEqual([])

  expect(await vault.unlock(passphrase)).toEqual({
    kind: 'sealed-file',
    state: 'open',
    explanation: 'There is no keychain here.',
  })
  expect(await vault.get(name)).toBe(null)
  await vault.set(name, secret)
  await vault.set('token/__proto__', 'x')
  expect(await vault.get(name)).toBe(secret)

  const again = await openAt(path, true)
  expect(again.info().state).toBe('locked')
  expect(await failure(again.get(name))).toBe('vault_locked')
  expect(await failure(again.unlock('wrong'))).toBe('wrong_password')
  expect(again.info().state).toBe('locked')
  expect((await again.unlock(passphrase.normalize('NFD'))).state).toBe('open')
  expect(await again.get(name)).toBe(secret)
  expect(await again.get('token/__proto__')).toBe('x')
  await again.remove(name)
  await again.remove(name)
  expect(await again.get(name)).toBe(null)
  expect(await failure(again.unlock('wrong'))).toBe('wrong_password') // and stays open
  expect(await again.get('token/__proto__')).toBe('x')
})

test('with what a real file costs', async () => {
  const path = join(tempDir(), 'vault.json')
  const vault = await openSealedFile({ path, why: 'Here.', wasMade: false })
  await vault.unlock(passphrase)
  await vault.set(name, secret)
  expect(decode(readFileSync(path)).kdf).toMatchObject({ N: 2 ** 17, r: 8, p: 1 })
  const again = await openAt(path)
  await again.unlock(passphrase)
  expect(await again.get(name)).toBe(secret)
})

test('neither name nor secret is in the file, in errors or in what inspect shows; only its owner may read it', async () => {
  const { path, vault } = await made()
  const bytes = readFileSync(path)
  for (const hidden of [secret, name, '7d0c', 'canary', passphrase]) {
    for (const form of [hidden, Buffer.from(hidden).toString('base64').slice(0, -4)]) {
      if (form.length > 3) expect(bytes.includes(form)).toBe(false)
    }
  }
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  const shown = inspect(vault, { showHidden: true, depth: 20, getters: true })
  expect(shown).not.toContain('canary')
  expect(shown).not.toContain('Buffer')
  const error = await vault.unlock(`${passphrase}!`).catch((error: unknown) => error)
  expect(inspect(error, { showHidden: true, depth: 20 })).not.toContain(passphrase)
})

test('each write has a nonce of its own', async () => {
  const { path, vault } = await made()
  const nonces = new Set<string>()
  for (let i = 0; i < 20; i++) {
    await vault.set(name, String(i % 2))
    nonces.add(decode(readFileSync(path)).secrets.slice(0, 16))
  }
  expect(nonces.size).toBe(20)
})

test('changes at the same time are all kept', async () => {
  const { path, vault } = await made()
  await Promise.all([
    ...Array.from({ length: 50 }, (_, i) => vault.set(`token/${i}`, `secret ${i}`)),
    vault.changePassphrase(passphrase, 'another'),
    ...Array.from({ length: 50 }, (_, i) => vault.set(`credentials/${i}`, `secret ${i}`)),
    vault.remove(name),
  ])
  const again = await openAt(path, true)
  await again.unlock('another')
  for (let i = 0; i < 50; i++) {
    expect(await again.get(`token/${i}`)).toBe(`secret ${i}`)
    expect(await again.get(`credentials/${i}`)).toBe(`secret ${i}`)
  }
  expect(await again.get(name)).toBe(null)
})

test('another passphrase: the old one opens nothing any more, nor does what it had opened', async () => {
  const { path, vault } = await made()
  const old = decode(readFileSync(path))
  expect(await failure(vault.changePassphrase('wrong', 'fresh'))).toBe('wrong_password')
  expect(await failure(vault.changePassphrase(passphrase, ''))).toBe('invalid_input')
  expect(decode(readFileSync(path))).toEqual(old)

  const other = await openAt(path, true)
  await other.unlock(passphrase)
  await vault.changePassphrase(passphrase, 'fresh')
  expect(await vault.get(name)).toBe(secret)
  expect(await failure(other.get(name))).toBe('vault_locked') // the file is not the one it opened
  expect(await failure(other.unlock(passphrase))).toBe('wrong_password')
  await other.unlock('fresh')
  expect(await other.get(name)).toBe(secret)

  const oldKey = (await openWithPassphrase(old, passphrase))?.key
  const freshKey = (await openWithPassphrase(decode(readFileSync(path)), 'fresh'))?.key
  expect(oldKey?.equals(freshKey!)).toBe(false)
})

test('any byte that changed, any end that is missing: found before a passphrase is asked, and left as it is', async () => {
  const { path, vault } = await made()
  const good = readFileSync(path)
  const damaged: Buffer[] = []
  for (let i = 0; i < good.length; i++) {
    const bytes = Buffer.from(good)
    bytes[i]! ^= 1 << (i % 8)
    damaged.push(bytes, good.subarray(0, i))
  }
  damaged.push(Buffer.concat([good, Buffer.from('\n')]))
  for (const bytes of damaged) expect(() => decode(bytes)).toThrow(AppError)

  for (const bytes of [damaged[0]!, damaged[777]!, Buffer.alloc(0), Buffer.alloc(5 * 2 ** 20, '{')]) {
    writeFileSync(path, bytes)
    const again = await openAt(path)
    expect(again.info()).toMatchObject({ state: 'unavailable', kind: 'sealed-file' })
    for (const each of [again, vault]) {
      expect(await failure(each.get(name))).toBe('data_corrupt')
      expect(await failure(each.set(name, 'x'))).toBe('data_corrupt')
      expect(await failure(each.remove(name))).toBe('data_corrupt')
      expect(await failure(each.unlock(passphrase))).toBe('data_corrupt')
      expect(await failure(each.changePassphrase(passphrase, 'x'))).toBe('data_corrupt')
    }
    expect(readFileSync(path).equals(bytes)).toBe(true)
  }
  writeFileSync(path, good) // put back from a backup
  expect(await vault.get(name)).toBe(secret)
  expect(vault.info().state).toBe('open')
})

test('somebody who knows the format can change nothing either', async () => {
  const { path } = await made()
  const file = decode(readFileSync(path))
  const other = decode(readFileSync((await made()).path))
  const flipped = (text: string, at: number): string => {
    const bytes = Buffer.from(text, 'base64')
    bytes[at]! ^= 1
    return bytes.toString('base64')
  }
  const { draw } = drawing(7)
  for (let round = 0; round < 40; round++) {
    const inKey = encode({ ...file, key: flipped(file.key, draw(60)) })
    expect(await openWithPassphrase(decode(inKey), passphrase)).toBe(null)
    const salt = encode({ ...file, kdf: { ...file.kdf, salt: flipped(file.kdf.salt, draw(32)) } })
    expect(await openWithPassphrase(decode(salt), passphrase)).toBe(null)
    const inSecrets = encode({ ...file, secrets: flipped(file.secrets, draw(1024)) })
    expect(await failure(openWithPassphrase(decode(inSecrets), passphrase))).toBe('data_corrupt')
  }
  const cheaper = encode({ ...file, kdf: { ...file.kdf, N: 2 } })
  expect(await openWithPassphrase(decode(cheaper), passphrase)).toBe(null)
  const mixed = encode({ ...file, secrets: other.secrets })
  expect(await failure(openWithPassphrase(decode(mixed), passphrase))).toBe('data_corrupt')

  writeFileSync(path, mixed)
  const vault = await openAt(path, true)
  expect(await failure(vault.unlock(passphrase))).toBe('data_corrupt')
  expect(vault.info().state).toBe('unavailable')
  expect(readFileSync(path).equals(mixed)).toBe(true)
})

test.each([
  { N: 2 ** 30, r: 8, p: 1 },
  { N: 2 ** 17, r: 2 ** 20, p: 1 },
  { N: 2 ** 17, r: 8, p: 2 ** 20 },
  { N: 2, r: 8, p: 2 ** 40 },
  { N: 2, r: 2 ** 50, p: 1 },
  { N: 3, r: 8, p: 1 },
  { N: 1, r: 8, p: 1 },
  { N: 0, r: 8, p: 1 },
  { N: -2, r: 8, p: 1 },
  { N: 1024.5, r: 8, p: 1 },
])('a file that would cost N=$N r=$r p=$p is refused as it is read', async ({ N, r, p }) => {
  const { path } = await made()
  const file = decode(readFileSync(path))
  writeFileSync(path, encode({ ...file, kdf: { ...file.kdf, N, r, p } }))
  const vault = await openAt(path)
  expect(vault.info().state).toBe('unavailable')
  expect(await failure(vault.unlock(passphrase))).toBe('data_corrupt')
})

test('a newer version is said to be one', async () => {
  const { path } = await made()
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  delete json['sum']
  const content = { ...json, version: 2 }
  const sum = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  writeFileSync(path, `${JSON.stringify({ ...content, sum }, null, 2)}\n`)
  expect((await openAt(path)).info().explanation).toContain('made by a newer Holdfast')
})

test('a file that is gone is missed, and no empty one takes its place', async () => {
  const { path, vault } = await made()
  rmSync(path)
  for (const each of [vault, await openAt(path, true)]) {
    expect(await failure(each.get(name))).toBe('data_corrupt')
    expect(await failure(each.set(name, 'x'))).toBe('data_corrupt')
    expect(await failure(each.unlock(passphrase))).toBe('data_corrupt')
    expect(each.info().state).toBe('unavailable')
  }
  expect(readdirSync(join(path, '..'))).toEqual([])
})

test('more than the file can hold is refused, and all that was there stays', async () => {
  const { vault } = await made()
  expect(await failure(vault.set('token/long', 'x'.repeat(5 * 2 ** 20)))).toBe('invalid_input')
  expect(await vault.get(name)).toBe(secret)
})

test('killed in the middle of a change: all that was acknowledged is there, and nothing is left over', async () => {
  const path = join(tempDir(), 'vault.json')
  const acknowledged = new Map<string, string>()
  const { draw } = drawing(11)
  for (let round = 0; round < 12; round++) {
    const script = new URL('keep-setting.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [script, path, passphrase, String(round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const stopAfter = 1 + draw(30)
    let heard = 0
    for await (const line of createInterface({ input: child.stdout })) {
      const [name = '', value = ''] = line.split(' ')
      acknowledged.set(name, value)
      if (++heard === stopAfter) child.kill('SIGKILL') // while it writes the next, or the one after
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    expect(child.signalCode).toBe('SIGKILL')
    writeFileSync(`${path}.0123456789ab.tmp`, 'begun') // what a kill at the worst moment leaves

    const vault = await openAt(path, true)
    await vault.unlock(passphrase)
    for (const [name, value] of acknowledged) {
      const found = Number(await vault.get(name as `token/${string}`))
      expect(found).toBeGreaterThanOrEqual(Number(value)) // the one after may have been done, too
    }
    expect(readdirSync(join(path, '..'))).toEqual(['vault.json'])
  }
}, 120_000)

function drawing(seed: number): { draw: (below: number) => number } {
  const next = random(seed)
  return { draw: below => Math.floor(next() * below) }
}
