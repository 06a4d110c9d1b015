import { corrupt } from './corrupt.ts'
import { textOf } from './fields.ts'

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const opening = new Set([0x5b, 0x7b])
const closing = new Set([0x5d, 0x7d])
const head = Buffer.from('{"nodes":[')
const end = /^\]\}[ \t\r\n]*$/

/** The place after the string that starts at `at`, or -1 when it does not end. */
function skipString(bytes: Buffer, at: number): number {
  for (let last = bytes.indexOf(quote, at + 1); last >= 0; last = bytes.indexOf(quote, last + 1)) {
    let slashes = last - 1
    while (bytes[slashes] === backslash) slashes--
    if ((last - slashes) % 2 === 1) return last + 1
  }
  return -1
}

/**
 * The list of nodes of a tree too long for one string (a folder of a million files) as JSON lists of `partBytes`
 * or little more. Reads trees as restic writes them, not any JSON with the same meaning; what lies between the
 * borders found here is for JSON.parse to judge.
 */
export function* partsOfTree(tree: Uint8Array, partBytes: number): Generator<string> {
  const bytes = Buffer.from(tree.buffer, tree.byteOffset, tree.byteLength)
  const what = 'a large folder'
  if (!bytes.subarray(0, head.length).equals(head))
    throw corrupt(`The content of ${what} is no list of entries.`)

  let start = head.length
  let depth = 0
  for (let at = start; at >= 0 && at < bytes.length;) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = skipString(bytes, at)
      continue
    }
    if (opening.has(byte)) depth++
    else if (closing.has(byte) && --depth < 0) {
      if (bytes.length - at > 64 || !end.test(bytes.toString('latin1', at))) break
      return yield `[${textOf(what, bytes.subarray(start, at))}]`
    } else if (byte === comma && depth === 0 && at - start >= partBytes) {
      yield `[${textOf(what, bytes.subarray(start, at))}]`
      start = at + 1
    }
    at++
  }
  throw corrupt(`The list of entries of ${what} does not end as it should.`)
}
