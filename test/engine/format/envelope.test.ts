import { createCipheriv } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSealer, sealOverhead, sealWithIv } from '../../../src/main/engine/format/envelope.ts'
import type { SealKey } from '../../../src/main/engine/format/envelope.ts'
import { createKernels } from '../../../src/main/engine/kernels/kernels.ts'
import { fromHex, vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })

const key: SealKey = {
  encrypt: Buffer.from(Array.from({ length: 32 }, (_, i) => i)),
  macK: Buffer.from(Array.from({ length: 16 }, (_, i) => 0x20 + i)),
  macR: Buffer.from(Array.from({ length: 16 }, (_, i) => 0xf0 + i)),
}
const master: SealKey = {
  encrypt: fromHex(vectors.master.encrypt_hex),
  macK: fromHex(vectors.master.mac_k_hex),
  macR: fromHex(vectors.master.mac_r_hex_unmasked),
}

describe('known answers', () => {
  test.each(vectors.seal)('seal, $plaintext_len bytes', vector => {
    const sealKey = {
      encrypt: fromHex(vector.aes256_key_hex),
      macK: fromHex(vector.mac_k_hex),
      macR: fromHex(vector.mac_r_hex),
    }
    const plain = Buffer.from(Array.from({ length: vector.plaintext_len }, (_, i) => (i * 7 + 3) & 255))
    const sealed = sealWithIv(sealKey, fromHex(vector.iv_hex), plain)
    expect(sealed.toString('hex')).toBe(vector.sealed_hex)
    expect(createSealer(sealKey).open(sealed)).toEqual(plain)
  })

  test.each(vectors.poly1305_aes)('Poly1305-AES, r $r_hex, $length bytes', vector => {
    const macKey = { ...key, macK: fromHex(vector.k_hex), macR: fromHex(vector.r_hex) }
    const nonce = fromHex(vector.nonce_hex)
    const message = Buffer.from(Array.from({ length: vector.length }, (_, i) => (i * 31 + 7) & 255))
    // A message becomes a ciphertext by sealing what decrypts to it.
    const plain = createCipheriv('aes-256-ctr', macKey.encrypt, nonce).update(message)
    const sealed = sealWithIv(macKey, nonce, plain)
    expect(sealed.subarray(16, -16)).toEqual(message)
    expect(sealed.subarray(-16).toString('hex')).toBe(vector.mac_hex)
  })

  test('a real config', () => {
    const { raw_hex, iv_hex, ciphertext_hex, mac_hex, plaintext_utf8 } = vectors.config
    expect(iv_hex + ciphertext_hex + mac_hex).toBe(raw_hex)
    expect(createSealer(master).open(fromHex(raw_hex)).toString()).toBe(plaintext_utf8)
    expect(sealWithIv(master, fromHex(iv_hex), Buffer.from(plaintext_utf8)).toString('hex')).toBe(raw_hex)
  })

  test('the worked example of the format', () => {
    const example = {
      encrypt: fromHex('5d0bce2a1320a58e7d60e0e42de9263b79b0284da1311e5141c4847cec2783c0'),
      macK: fromHex('70271222f5086abcb38a5f21d028284b'),
      macR: fromHex('2a8ad2041024850fec470706ccd2590d'),
    }
    const sealed = fromHex(
      '530cdc1a7069faf33683b7183f7d410c' +
        '8306f48aed2bdf2383b629ef41472fdea7710b30a6d1885e5f4bd746062e3a2bb5f0434e3381ad03a35a94af4884f858' +
        '6254f791cd5ba260466493904e9b1434ffe4ff5f97eeb832cf8aa0c6d91e64f96168259114cda22a16eaec08b71a8649' +
        'e31e946559a6dac6b78bd1cc9b2f6f8daa7be1782fc357e6b432b3' +
        'a5b2b58e3e561cb60d054028a0309598',
    )
    expect(createSealer(example).open(sealed).toString()).toBe(
      '{"version":2,"id":"3b9ef26589dcc7bb20d0af1ec042360f611057e1b6c57999e3067608a6ca40b7","chunker_polynomial":"3d7678b90f27f3"}',
    )
  })
})

test('what was sealed opens, whatever its size, and every IV is a new one', () => {
  const sealer = createSealer(key)
  const ivs = new Set<string>()
  for (let bytes = 0; bytes < 2100; bytes++) {
    const plain = Buffer.alloc(bytes, bytes)
    const sealed = sealer.seal(plain)
    expect(sealed.length).toBe(bytes + sealOverhead)
    expect(sealer.open(sealed).equals(plain)).toBe(true)
    ivs.add(sealed.toString('hex', 0, 16))
  }
  expect(ivs.size).toBe(2100) // more than one draw from the generator
})

test('blobs around the slices of the cipher equal one pass over the whole', () => {
  const iv = Buffer.alloc(16, 9)
  const slice = 256 * 1024
  for (const bytes of [slice - 1, slice, slice + 1, 3 * slice + 17]) {
    const plain = Buffer.alloc(bytes, 'slices of a longer text ')
    const sealed = sealWithIv(key, iv, plain)
    expect(
      sealed.subarray(16, -16).equals(createCipheriv('aes-256-ctr', key.encrypt, iv).update(plain)),
    ).toBe(true)
    expect(createSealer(key).open(sealed).equals(plain)).toBe(true)
  }
})

test('sealing in place gives what sealing gives, and touches nothing around', () => {
  const sealer = createSealer(key)
  for (const bytes of [0, 1, 31, 1000, 600_000]) {
    const plain = Buffer.alloc(bytes, 'in place ')
    const around = Buffer.alloc(bytes + sealOverhead + 20, 7)
    const room = around.subarray(10, -10)
    room.set(plain, 16)
    sealer.sealInPlace(room)
    expect(sealer.open(room).equals(plain)).toBe(true)
    expect(sealWithIv(key, room.subarray(0, 16), plain).equals(room)).toBe(true)
    expect([...around.subarray(0, 10), ...around.subarray(-10)]).toEqual(Array(20).fill(7))
  }
})

test('all kernels seal alike', () => {
  const plain = Buffer.alloc(1000, 'x')
  for (const variant of ['plain', 'scalar', 'simd'] as const) {
    const sealer = createSealer(key, createKernels({ variant }))
    expect(sealer.open(sealWithIv(key, Buffer.alloc(16, 1), plain))).toEqual(plain)
  }
})

test('the plaintext has memory of its own', () => {
  const sealer = createSealer(key)
  const sealed = sealer.seal(Buffer.from('mine'))
  const plain = sealer.open(sealed)
  sealed.fill(0)
  expect(plain.toString()).toBe('mine')
  expect(plain.buffer.byteLength).toBe(4)
})

test('every flipped bit and every cut is noticed', () => {
  const sealer = createSealer(key)
  const sealed = sealer.seal(Buffer.from('some forty bytes that nobody may touch..'))
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = Buffer.from(sealed)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => sealer.open(damaged)).toThrow(corrupt)
  }
  for (let bytes = 0; bytes < sealed.length; bytes++) {
    expect(() => sealer.open(sealed.subarray(0, bytes))).toThrow(corrupt)
  }
  expect(() => sealer.open(Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow(corrupt)
})

test('random bytes do not open', () => {
  const sealer = createSealer(key)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(() => sealer.open(bytes)).toThrow(corrupt)
    }),
  )
})

test('zeros are neither keys nor IVs', () => {
  for (const part of ['encrypt', 'macK', 'macR'] as const) {
    const zero = { ...key, [part]: new Uint8Array(key[part].length) }
    expect(() => createSealer(zero)).toThrow(corrupt)
  }
  expect(() => createSealer(key).open(sealWithIv(key, Buffer.alloc(16), Buffer.from('a')))).toThrow(corrupt)
  expect(() => createSealer({ ...key, macR: Buffer.alloc(15, 1) })).toThrow(RangeError)
})

test('opened into a room of the caller it is the same, and refused for the same reasons', () => {
  const sealer = createSealer(key)
  const room = Buffer.alloc(700_000)
  for (const bytes of [0, 1, 5000, 256 * 1024, 256 * 1024 + 1, 650_000]) {
    const plain = Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 31) & 255))
    const sealed = sealer.seal(plain)
    expect(plain.equals(sealer.openInto(sealed, room))).toBe(true)
    sealed[sealed.length - 20]! ^= 1
    expect(() => sealer.openInto(sealed, room)).toThrow(corrupt)
  }
  expect(() => sealer.openInto(Buffer.alloc(31), room)).toThrow(corrupt)
})
