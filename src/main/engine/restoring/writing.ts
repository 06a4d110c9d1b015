import { writeSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'

/** A run of zeros of this length and alignment is not written. */
export const holeBytes = 64 * 1024
const zeros = Buffer.alloc(holeBytes)

/** Writes into a file that has its full length already, so what is not written reads as zeros. */
export function writeAroundHoles(fd: number, at: number, bytes: Uint8Array): void {
  let from = 0
  let block = (holeBytes - (at % holeBytes)) % holeBytes
  for (; block + holeBytes <= bytes.length; block += holeBytes) {
    if (bytes[block] !== 0 || zeros.compare(bytes, block, block + holeBytes) !== 0) continue
    writeFully(fd, at + from, bytes.subarray(from, block))
    from = block + holeBytes
  }
  writeFully(fd, at + from, bytes.subarray(from))
}

export function writeFully(fd: number, at: number, bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) {
    const written = writeSync(fd, bytes, done, bytes.length - done, at + done)
    if (written === 0) throw new AppError('disk_full', 'The disk takes no more bytes.')
    done += written
  }
}
