import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Cipheriv, Decipheriv } from 'node:crypto'
import { createKernels } from '../kernels/kernels.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { corrupt } from './corrupt.ts'

/** The three secrets that seal every byte of a repository (or, derived from a password, one key file). */
export interface SealKey {
  readonly encrypt: Uint8Array // 32 bytes, AES-256
  readonly macK: Uint8Array // 16 bytes, AES-128
  readonly macR: Uint8Array // 16 bytes, Poly1305, kept unmasked
}

/** What sealing adds: 16 bytes of IV before, 16 of MAC after. */
export const sealOverhead = 32

const ivBytes = 16
const macBytes = 16
const ivsAtOnce = 1024 // asking the system's generator costs the same for one
const sliceBytes = 64 * 1024 // stays in the processor's cache

export interface Sealer {
  /** IV ‖ AES-256-CTR(plain) ‖ Poly1305-AES(ciphertext), with a fresh random IV. */
  seal(plain: Uint8Array): Buffer
  /** As `seal`, within `room`: the plaintext lies in it from byte 16 to 16 before its end, and is overwritten. */
  sealInPlace(room: Uint8Array): void
  /** The plaintext, in a buffer of its own. @throws {AppError} data_corrupt too short, or the MAC does not fit */
  open(sealed: Uint8Array): Buffer
  /** As `open`, but the plaintext lies in `room`, which must be as long, and not in memory of its own. */
  openInto(sealed: Uint8Array, room: Uint8Array): Uint8Array
}

export const isZero = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0)

let sharedKernels: Kernels | undefined

/** Sealing and opening with an IV in hand; `createSealer` and `sealWithIv` are made of it. */
function createEnvelope(key: SealKey, kernels: Kernels) {
  if (key.encrypt.length !== 32 || key.macK.length !== 16 || key.macR.length !== 16) {
    throw new RangeError('a seal key has 32, 16 and 16 bytes')
  }
  if (isZero(key.encrypt) || isZero(key.macK) || isZero(key.macR))
    throw corrupt('A key consists of zeros only.')

  const encryptKey = createSecretKey(key.encrypt) // makes a cipher five times as fast as raw bytes do
  const poly1305 = kernels.poly1305(key.macR)
  // ECB has no state between blocks, so one cipher serves all messages.
  const nonceCipher = createCipheriv('aes-128-ecb', createSecretKey(key.macK), null).setAutoPadding(false)
  const macOf = (iv: Uint8Array, ciphertext: Uint8Array): Buffer =>
    poly1305(nonceCipher.update(iv), ciphertext)

  /** For bytes whose MAC is right. */
  function decipherOf(sealed: Uint8Array): Decipheriv {
    if (sealed.byteLength < sealOverhead)
      throw corrupt(`Sealed data of ${sealed.byteLength} bytes is cut off.`)
    const iv = sealed.subarray(0, ivBytes)
    if (isZero(iv)) throw corrupt('Sealed data starts with an IV of zeros.')
    const mac = macOf(iv, sealed.subarray(ivBytes, -macBytes))
    if (!timingSafeEqual(mac, sealed.subarray(-macBytes))) {
      throw corrupt(
        'Sealed data does not fit its MAC: it was damaged or altered, or sealed with another key.',
      )
    }
    return createDecipheriv('aes-256-ctr', encryptKey, iv)
  }

  return {
    sealInPlace(iv: Uint8Array, room: Uint8Array): void {
      room.set(iv)
      const body = room.subarray(ivBytes, -macBytes)
      const cipher = createCipheriv('aes-256-ctr', encryptKey, iv)
      bySlices(cipher, body, body)
      room.set(macOf(iv, body), room.byteLength - macBytes)
    },
    seal(iv: Uint8Array, plain: Uint8Array): Buffer {
      const sealed = Buffer.allocUnsafeSlow(plain.byteLength + sealOverhead)
      sealed.set(plain, ivBytes)
      this.sealInPlace(iv, sealed)
      return sealed
    },
    open(sealed: Uint8Array): Buffer {
      const decipher = decipherOf(sealed)
      const ciphertext = sealed.subarray(ivBytes, -macBytes)
      if (ciphertext.byteLength <= sliceBytes) return decipher.update(ciphertext)
      const plain = Buffer.allocUnsafeSlow(ciphertext.byteLength)
      bySlices(decipher, ciphertext, plain)
      return plain
    },
    openInto(sealed: Uint8Array, room: Uint8Array): Uint8Array {
      const decipher = decipherOf(sealed)
      const ciphertext = sealed.subarray(ivBytes, -macBytes)
      bySlices(decipher, ciphertext, room)
      return room.subarray(0, ciphertext.byteLength)
    },
  }
}

/**
 * A cipher's output is fresh memory outside V8's heap, of which V8 lets tens of megabytes pile up on each thread before
 * it looks. Given back at once, the next slice gets the same memory, still in the processor's cache: half the time.
 */
function bySlices(cipher: Cipheriv | Decipheriv, from: Uint8Array, to: Uint8Array): void {
  for (let at = 0; at < from.byteLength; at += sliceBytes) {
    const slice = cipher.update(from.subarray(at, at + sliceBytes))
    to.set(slice, at)
    if (slice.buffer.byteLength === slice.byteLength) (slice.buffer as ArrayBuffer).transfer(0) // nothing else is in it
  }
}

/** @param kernels for Poly1305; by default one set for the whole thread */
export function createSealer(key: SealKey, kernels: Kernels = (sharedKernels ??= createKernels())): Sealer {
  const envelope = createEnvelope(key, kernels)
  let ivs = Buffer.alloc(0)
  let used = 0

  function freshIv(): Uint8Array {
    if (used === ivs.byteLength) {
      ivs = randomBytes(ivsAtOnce * ivBytes)
      used = 0
    }
    return ivs.subarray(used, (used += ivBytes))
  }
  return {
    seal: plain => envelope.seal(freshIv(), plain),
    sealInPlace: room => envelope.sealInPlace(freshIv(), room),
    open: envelope.open,
    openInto: envelope.openInto,
  }
}

/** For known-answer tests: seals with a given IV. An IV is never used twice. */
export const sealWithIv = (key: SealKey, iv: Uint8Array, plain: Uint8Array): Buffer =>
  createEnvelope(key, (sharedKernels ??= createKernels())).seal(iv, plain)
