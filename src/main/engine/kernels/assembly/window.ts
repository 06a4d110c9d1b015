import { leavingAt, overflowAt } from './layout'

export const windowBytes: usize = 64
export const cutMask: u64 = 0xfffff

// @ts-ignore: decorator
@inline
export function enter(digest: u64, at: usize): u64 {
  return ((digest << 8) | load<u8>(at)) ^ load<u64>(overflowAt + <usize>((digest >> 45) << 3))
}

// @ts-ignore: decorator
@inline
export function slide(digest: u64, at: usize): u64 {
  return enter(digest, at) ^ load<u64>(leavingAt + ((<usize>load<u8>(at - windowBytes)) << 3))
}

/** The digest of the 64 bytes before `end`. */
export function digestBefore(end: usize): u64 {
  let digest: u64 = 0
  for (let at = end - windowBytes; at < end; at++) digest = enter(digest, at)
  return digest
}

/** The lowest `end` in [from, to) after which to cut, else `to`. */
export function scanOne(from: usize, to: usize): usize {
  if (from >= to) return to
  let digest = digestBefore(from)
  for (let end = from; end < to; end++) {
    if (!(digest & cutMask)) return end
    digest = slide(digest, end)
  }
  return to
}
