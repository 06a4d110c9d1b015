import { randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScryptOptions } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import { corrupt } from './corrupt.ts'
import { createSealer, isZero, sealOverhead } from './envelope.ts'
import type { SealKey } from './envelope.ts'
import { asFields, bytesField, countField, decodeFields, textField, timeField } from './fields.ts'
import { jsonString } from './go-json.ts'

/** A key file: who made it and the master key, sealed under what scrypt makes of the password. */
export interface KeyFile {
  created: string
  username: string
  hostname: string
  kdf: 'scrypt'
  N: number
  r: number
  p: number
  salt: Uint8Array // 64 bytes
  data: Uint8Array // sealed
}

const saltBytes = 64

export const newMasterKey = (): SealKey => ({
  encrypt: randomBytes(32),
  macK: randomBytes(16),
  macR: randomBytes(16),
})

export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** About half a second and 64 MiB: the strength restic calibrates for. */
export const defaultCost: ScryptCost = { N: 32768, r: 8, p: 7 }

// A key file may come from anyone who can write to the storage, and its costs are ours to pay before anything is
// proved. restic's own stay 16 times below the first limit and 35 times below the second (about 20 seconds).
const maxMemoryBytes = 2 ** 30
const maxWork = 2 ** 26

function costProblem({ N, r, p }: ScryptCost): string | null {
  if (N < 2 || !Number.isInteger(Math.log2(N))) return `N must be a power of two above 1 but is ${N}`
  if (r < 1 || p < 1) return `r and p must be at least 1 but are ${r} and ${p}`
  if (128 * N * r > maxMemoryBytes || 128 * r * p > maxMemoryBytes) {
    return `N=${N} r=${r} p=${p} take more than ${maxMemoryBytes} bytes of memory`
  }
  return N * r * p > maxWork ? `N=${N} r=${r} p=${p} take more time than any real key` : null
}

const deriveBytes = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

/** Runs in the thread pool. */
async function deriveKey(password: string, salt: Uint8Array, cost: ScryptCost): Promise<SealKey> {
  const { N, r, p } = cost
  const maxmem = 128 * r * (N + p + 2) + 2 ** 20 // what OpenSSL counts, and some
  const bytes = await deriveBytes(password, salt, 64, { N, r, p, maxmem })
  return { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48, 64) }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

const encodeMaster = ({ encrypt, macK, macR }: SealKey): Buffer =>
  Buffer.from(`{"mac":{"k":"${base64(macK)}","r":"${base64(macR)}"},"encrypt":"${base64(encrypt)}"}`)

function decodeMaster(json: Uint8Array): SealKey {
  const what = 'the master key'
  const fields = decodeFields(what, json)
  const mac = asFields(what, fields['mac'])
  const key = {
    encrypt: bytesField(fields, 'encrypt', what),
    macK: bytesField(mac, 'k', what),
    macR: bytesField(mac, 'r', what),
  }
  if (key.encrypt.length !== 32 || key.macK.length !== 16 || key.macR.length !== 16) {
    throw corrupt('The master key in a key file has parts of the wrong length.')
  }
  if (isZero(key.encrypt) || isZero(key.macK) || isZero(key.macR)) {
    throw corrupt('The master key in a key file consists of zeros only.')
  }
  return key
}

/** Seals `master` under `password`. @throws {RangeError} a cost that `decodeKeyFile` would refuse */
export async function createKeyFile(
  password: string,
  master: SealKey,
  who: { created: string; username: string; hostname: string },
  cost: ScryptCost = defaultCost,
): Promise<KeyFile> {
  const problem = costProblem(cost)
  if (problem !== null) throw new RangeError(problem)
  const salt = randomBytes(saltBytes)
  const sealer = createSealer(await deriveKey(password, salt, cost))
  const { created, username, hostname } = who
  const { N, r, p } = cost
  return {
    created,
    username,
    hostname,
    kdf: 'scrypt',
    N,
    r,
    p,
    salt,
    data: sealer.seal(encodeMaster(master)),
  }
}

/** The master key, or null when the password is not this key's. @throws {AppError} data_corrupt */
export async function openKeyFile(file: KeyFile, password: string): Promise<SealKey | null> {
  const sealer = createSealer(await deriveKey(password, file.salt, file))
  let json
  try {
    json = sealer.open(file.data)
  } catch (error) {
    // A wrong password and damaged data look alike here: the derived key does not fit.
    if (error instanceof AppError && error.code === 'data_corrupt') return null
    throw error
  }
  return decodeMaster(json)
}

/** Compact JSON in Go's field order; the file's name is the SHA-256 of these bytes. */
export function encodeKeyFile(file: KeyFile): Buffer {
  const { created, username, hostname, kdf, N, r, p, salt, data } = file
  const who = `"created":${jsonString(created)},"username":${jsonString(username)},"hostname":${jsonString(hostname)}`
  const how = `"kdf":"${kdf}","N":${N},"r":${r},"p":${p},"salt":"${base64(salt)}"`
  return Buffer.from(`{${who},${how},"data":"${base64(data)}"}`)
}

/** @throws {AppError} data_corrupt wrong shape, or costs that would take unreasonable memory */
export function decodeKeyFile(json: Uint8Array): KeyFile {
  const what = 'a key file'
  const fields = decodeFields(what, json)
  const kdf = textField(fields, 'kdf', what)
  if (kdf !== 'scrypt') {
    throw corrupt(
      `A key file uses ${JSON.stringify(kdf.slice(0, 40))} on its password; only scrypt is known.`,
    )
  }
  const file: KeyFile = {
    created: timeField(fields, 'created', what),
    username: textField(fields, 'username', what, ''),
    hostname: textField(fields, 'hostname', what, ''),
    kdf,
    N: countField(fields, 'N', what, Number.MAX_SAFE_INTEGER),
    r: countField(fields, 'r', what, Number.MAX_SAFE_INTEGER),
    p: countField(fields, 'p', what, Number.MAX_SAFE_INTEGER),
    salt: bytesField(fields, 'salt', what),
    data: bytesField(fields, 'data', what),
  }
  const problem = costProblem(file)
  if (problem !== null) throw corrupt(`A key file asks for impossible work: ${problem}.`)
  if (file.salt.length !== saltBytes) {
    throw corrupt(`The salt of a key file must have ${saltBytes} bytes but has ${file.salt.length}.`)
  }
  if (file.data.length < sealOverhead) throw corrupt('A key file holds no sealed key.')
  return file
}
