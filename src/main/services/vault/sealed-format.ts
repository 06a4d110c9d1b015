import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto'
import type { ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import { AppError } from '../../../shared/errors.ts'

/**
 * The bytes of `vault.json`.
 *
 * scrypt makes a key of the passphrase; that key opens `key`, a random key; that one opens `secrets`, names and all.
 * Two steps, so that a passphrase which opens nothing can be told from secrets that are damaged. What can be read
 * without a key is authenticated with each of the two. `sum` is no protection against people, only against disks: it
 * tells a damaged file before anybody is asked for a passphrase.
 */
export interface SealedSecrets {
  readonly kdf: { readonly name: 'scrypt'; readonly salt: string } & ScryptCost
  readonly key: string
  readonly secrets: string
}

export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** About a third of a second and 128 MiB, once for each time the file is opened. */
export const defaultCost: ScryptCost = { N: 2 ** 17, r: 8, p: 1 }

/** Longer files are neither read nor written. */
export const maxFileBytes = 4 * 2 ** 20

// The file is untrusted until it is opened, and its costs are ours to pay before.
const maxMemoryBytes = 512 * 2 ** 20
const maxWork = 2 ** 23

const format = 'holdfast-vault'
const version = 1
const cipher = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/)
const count = z.int().min(1)
const File = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  cipher: z.literal(cipher),
  kdf: z.strictObject({ name: z.literal('scrypt'), N: count, r: count, p: count, salt: base64 }),
  key: base64,
  secrets: base64,
  sum: z.string(),
})
const Entries = z.array(z.tuple([z.string(), z.string()]))

export function encode({ kdf, key, secrets }: SealedSecrets): Buffer {
  const { name, N, r, p, salt } = kdf
  const content = { format, version, cipher, kdf: { name, N, r, p, salt }, key, secrets }
  const sum = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  return Buffer.from(`${JSON.stringify({ ...content, sum }, null, 2)}\n`)
}

/** Bounds what opening it will cost. @throws data_corrupt for anything but the bytes that `encode` makes */
export function decode(bytes: Uint8Array): SealedSecrets {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw damaged('is damaged or was cut off')
  }
  const found = (json as { version?: unknown } | null)?.version
  if (typeof found === 'number' && found > version)
    throw damaged(`has version ${found}, made by a newer Holdfast`)
  const parsed = File.safeParse(json)
  if (!parsed.success || !encode(parsed.data).equals(bytes)) throw damaged('is damaged')
  const problem = costProblem(parsed.data.kdf)
  if (problem !== null) throw damaged(`can't be genuine: ${problem}`)
  const { kdf, key, secrets } = parsed.data
  return { kdf, key, secrets }
}

export interface Opened {
  readonly key: Buffer
  readonly secrets: ReadonlyMap<string, string>
}

/** Sealed afresh: salt and keys are new. */
export async function sealWithPassphrase(
  passphrase: string,
  secrets: ReadonlyMap<string, string>,
  cost: ScryptCost,
): Promise<{ file: SealedSecrets; key: Buffer }> {
  const problem = costProblem(cost)
  if (problem !== null) throw new RangeError(problem)
  const kdf = { name: 'scrypt', ...cost, salt: randomBytes(32).toString('base64') } as const
  const outer = await derive(passphrase, kdf)
  const key = randomBytes(keyBytes)
  try {
    return { file: sealSecrets({ kdf, key: seal(outer, key, aboutKey(kdf)) }, secrets, key), key }
  } finally {
    outer.fill(0)
  }
}

/** The same passphrase and key, other secrets, a new nonce. */
export function sealSecrets(
  { kdf, key }: Pick<SealedSecrets, 'kdf' | 'key'>,
  secrets: ReadonlyMap<string, string>,
  opened: Uint8Array,
): SealedSecrets {
  const json = Buffer.from(JSON.stringify([...secrets]))
  const step = 1024 // so that the length of the file tells little about the secrets' lengths
  const plain = Buffer.alloc(Math.ceil(json.length / step) * step, ' ')
  json.copy(plain)
  try {
    return { kdf, key, secrets: seal(opened, plain, aboutSecrets({ kdf, key })) }
  } finally {
    json.fill(0)
    plain.fill(0)
  }
}

/** null when the passphrase does not open it. @throws data_corrupt it does, but what is inside is damaged */
export async function openWithPassphrase(file: SealedSecrets, passphrase: string): Promise<Opened | null> {
  const outer = await derive(passphrase, file.kdf)
  const key = open(outer, file.key, aboutKey(file.kdf))
  outer.fill(0)
  if (key?.length !== keyBytes) return null
  return { key, secrets: openSecrets(file, key) }
}

/** @throws data_corrupt */
export function openSecrets(file: SealedSecrets, key: Uint8Array): Map<string, string> {
  const plain = open(key, file.secrets, aboutSecrets(file))
  if (plain === null) throw damaged('is damaged: the secrets in it do not belong to its key')
  let json: unknown
  try {
    json = JSON.parse(plain.toString('utf8'))
  } catch {
    throw damaged('holds something else than secrets') // the parser's own message quotes what it read
  } finally {
    plain.fill(0)
  }
  const entries = Entries.safeParse(json)
  if (!entries.success) throw damaged('holds something else than secrets')
  return new Map(entries.data)
}

const aboutKey = (kdf: SealedSecrets['kdf']): Buffer =>
  Buffer.from(JSON.stringify([format, version, cipher, kdf.name, kdf.N, kdf.r, kdf.p, kdf.salt]))

const aboutSecrets = ({ kdf, key }: Pick<SealedSecrets, 'kdf' | 'key'>): Buffer =>
  Buffer.concat([aboutKey(kdf), Buffer.from(`\n${key}`)])

/** Nonce, content and tag, in base64. */
function seal(key: Uint8Array, plain: Uint8Array, about: Uint8Array): string {
  const nonce = randomBytes(nonceBytes)
  const sealer = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAAD(about)
  return Buffer.concat([nonce, sealer.update(plain), sealer.final(), sealer.getAuthTag()]).toString('base64')
}

function open(key: Uint8Array, text: string, about: Uint8Array): Buffer | null {
  const box = Buffer.from(text, 'base64')
  if (box.length < nonceBytes + tagBytes) return null
  const nonce = box.subarray(0, nonceBytes)
  const opener = createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes })
  opener.setAAD(about).setAuthTag(box.subarray(-tagBytes))
  const plain = opener.update(box.subarray(nonceBytes, -tagBytes))
  try {
    opener.final()
    return plain
  } catch {
    plain.fill(0)
    return null
  }
}

const deriveBytes = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

/** Runs in the thread pool. The same passphrase may be typed in two encodings of the same letters. */
function derive(passphrase: string, { N, r, p, salt }: SealedSecrets['kdf']): Promise<Buffer> {
  const maxmem = 128 * r * (N + p + 2) + 2 ** 20 // what OpenSSL counts, and some
  return deriveBytes(passphrase.normalize('NFC'), Buffer.from(salt, 'base64'), keyBytes, { N, r, p, maxmem })
}

function costProblem({ N, r, p }: ScryptCost): string | null {
  if (N < 2 || !Number.isInteger(Math.log2(N))) return `N must be a power of two above 1 but is ${N}`
  if (128 * N * r > maxMemoryBytes || 128 * r * p > maxMemoryBytes)
    return `N=${N} r=${r} p=${p} take more than ${maxMemoryBytes} bytes of memory`
  return N * r * p > maxWork ? `N=${N} r=${r} p=${p} take more time than any real file` : null
}

const damaged = (what: string): AppError =>
  new AppError('data_corrupt', `The file of sealed passwords ${what}. It was left as it is.`, {
    hint: 'Put vault.json back from a backup of the data directory, or move it away and give the passwords again (the recovery kit has them).',
  })
