import { scryptSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSealer } from '../../../src/main/engine/format/envelope.ts'
import { idOf } from '../../../src/main/engine/format/id.ts'
import {
  createKeyFile,
  decodeKeyFile,
  encodeKeyFile,
  newMasterKey,
  openKeyFile,
} from '../../../src/main/engine/format/key.ts'
import { fromHex, vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })
const cheap = { N: 2, r: 1, p: 1 }
const who = { created: '2026-01-02T03:04:05.6+05:30', username: '<ü>', hostname: 'a "host"' }

describe('restic’s keys', () => {
  test.each(vectors.keys)('$file opens with its password only', async vector => {
    const raw = Buffer.from(vector.raw_utf8)
    expect(idOf(raw)).toBe(vector.file)
    const file = decodeKeyFile(raw)
    expect(encodeKeyFile(file)).toEqual(raw)

    const master = await openKeyFile(file, vector.opens_with_password)
    expect(master).toEqual({
      encrypt: fromHex(vectors.master.encrypt_hex),
      macK: fromHex(vectors.master.mac_k_hex),
      macR: fromHex(vectors.master.mac_r_hex_unmasked),
    })
    expect(await openKeyFile(file, `${vector.opens_with_password} `)).toBeNull()
  })

  test('the user key is scrypt’s output, cut in three, and seals exactly this JSON', () => {
    const vector = vectors.keys[0]!
    const { N, r, p, salt, data } = decodeKeyFile(Buffer.from(vector.raw_utf8))
    const derived = scryptSync(vector.opens_with_password, salt, 64, { N, r, p, maxmem: 2 ** 28 })
    expect(derived.toString('hex')).toBe(vector.scrypt_output_hex)
    expect(vector.user_aes256_key_hex + vector.user_mac_k_hex + vector.user_mac_r_hex_unmasked).toBe(
      vector.scrypt_output_hex,
    )
    const sealer = createSealer({
      encrypt: fromHex(vector.user_aes256_key_hex),
      macK: fromHex(vector.user_mac_k_hex),
      macR: fromHex(vector.user_mac_r_hex_unmasked),
    })
    expect(sealer.open(data).toString()).toBe(vector.master_json)
  })

  test('the worked example of the format', async () => {
    const file = decodeKeyFile(
      Buffer.from(
        JSON.stringify({
          kdf: 'scrypt',
          N: 32768,
          r: 8,
          p: 7,
          salt: 'ZQCxbmFLnlQAkYQ9GhmnC6OIjhtodeajxLCLzPTCEpwWkDOHhsSs0byE/vH/oJyCBQ6BMR4XJBtZu7rrmLEddw==',
          data: 'UhFmlk5JdbjhJ1HzC8+GOQBdBtmbvvoZWXG1f8T37DxEWhMbUT9X3wLgqcWiKLdAj/rbOjeBTiDmjRxwV1JZSxa3ELXE1ViEqt8WDCh33q5v2OYEJvnF746l+5z69uh8voeRhaqhtfmnk1Pi3NHap+TDxRmHq5OiZRGHk5G+3KvuagPJtIl5acYveUwfMA2aIKYw5vGMPrNfFBxQXHqE0A==',
        }),
      ),
    )
    expect(await openKeyFile(file, 'correct horse ✓ battery')).toEqual({
      encrypt: fromHex('5d0bce2a1320a58e7d60e0e42de9263b79b0284da1311e5141c4847cec2783c0'),
      macK: fromHex('70271222f5086abcb38a5f21d028284b'),
      macR: fromHex('2a8ad2041024850fec470706ccd2590d'),
    })
  })
})

test('our own key survives the file', async () => {
  const master = newMasterKey()
  for (const password of ['', 'ünï ✓', 'x'.repeat(1000)]) {
    const file = await createKeyFile(password, master, who, cheap)
    const json = encodeKeyFile(file)
    expect(json.toString()).toMatch(
      /^\{"created":"2026-01-02T03:04:05\.6\+05:30","username":"\\u003cü\\u003e","hostname":"a \\"host\\"","kdf":"scrypt","N":2,"r":1,"p":1,"salt":"[^"]{88}","data":"[^"]+"\}$/,
    )
    expect(decodeKeyFile(json)).toEqual(file)
    expect(await openKeyFile(decodeKeyFile(json), password)).toEqual(master)
    expect(await openKeyFile(file, `${password}!`)).toBeNull()
  }
})

test('no two master keys or salts are equal', async () => {
  const [one, two] = [newMasterKey(), newMasterKey()]
  expect(one.encrypt).not.toEqual(two.encrypt)
  const files = [await createKeyFile('a', one, who, cheap), await createKeyFile('a', one, who, cheap)]
  expect(files[0]!.salt).not.toEqual(files[1]!.salt)
})

const sound = () => JSON.parse(vectors.keys[0]!.raw_utf8) as Record<string, unknown>

test.each<[string, unknown]>([
  ['kdf', 'argon2id'],
  ['kdf', undefined],
  ['N', 0],
  ['N', 1],
  ['N', 32767],
  ['N', -32768],
  ['N', 2.5],
  ['N', '32768'],
  ['N', 2 ** 21], // 2 GiB
  ['N', 2 ** 52],
  ['r', 0],
  ['r', 2 ** 20],
  ['p', 0],
  ['p', 2 ** 24],
  ['p', 2000], // minutes
  ['p', 2 ** 53],
  ['salt', 'AAAA'],
  ['salt', ''],
  ['salt', '*'.repeat(88)],
  ['data', 'AAAA'],
  ['data', 7],
  ['created', 'yesterday'],
  ['username', ['root']],
])('a key file whose %s is %j is refused', (field, value) => {
  expect(() => decodeKeyFile(Buffer.from(JSON.stringify({ ...sound(), [field]: value })))).toThrow(corrupt)
})

test('costs beyond the limits are the caller’s mistake', async () => {
  await expect(createKeyFile('a', newMasterKey(), who, { N: 2 ** 22, r: 8, p: 1 })).rejects.toThrow(
    RangeError,
  )
})

test('as much as the limits allow still works', async () => {
  const file = decodeKeyFile(Buffer.from(JSON.stringify({ ...sound(), N: 2 ** 17, r: 8, p: 1 })))
  expect(await openKeyFile(file, 'other')).toBeNull() // 128 MiB: needs the memory limit raised
})

test('a key file that opens to something else is damaged, not of another password', async () => {
  const master = newMasterKey()
  const file = await createKeyFile('a', master, who, cheap)
  const derived = scryptSync('a', file.salt, 64, cheap)
  const sealer = createSealer({
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48),
  })
  const b64 = (bytes: number, fill: number) => Buffer.alloc(bytes, fill).toString('base64')
  for (const json of [
    '',
    '[]',
    '{}',
    '{"mac":7,"encrypt":"AAAA"}',
    `{"mac":{"k":"${b64(16, 1)}","r":"${b64(16, 1)}"},"encrypt":"${b64(31, 1)}"}`,
    `{"mac":{"k":"${b64(16, 0)}","r":"${b64(16, 1)}"},"encrypt":"${b64(32, 1)}"}`,
    `{"mac":{"k":"${b64(16, 1)}","r":"${b64(16, 0)}"},"encrypt":"${b64(32, 1)}"}`,
    `{"mac":{"k":"${b64(16, 1)}","r":"${b64(16, 1)}"},"encrypt":"${b64(32, 0)}"}`,
  ]) {
    const data = sealer.seal(Buffer.from(json))
    await expect(openKeyFile({ ...file, data }, 'a')).rejects.toThrow(corrupt)
  }
})

test('anything but a key file is refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map(text => Buffer.from(text)),
      ),
      bytes => {
        expect(() => decodeKeyFile(bytes)).toThrow(corrupt)
      },
    ),
  )
})
