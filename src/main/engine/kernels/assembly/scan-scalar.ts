import { cutMask, digestBefore, scanOne, slide } from './window'

/** Positions each lane walks; a multiple of the page size would make the lanes compete for cache sets. */
const laneBytes: usize = 3136

/** Four lanes at a time, as one alone spends its time waiting for its own table look-up. */
export function scan(from: usize, to: usize): usize {
  while (from + 4 * laneBytes <= to) {
    let a = digestBefore(from)
    let b = digestBefore(from + laneBytes)
    let c = digestBefore(from + 2 * laneBytes)
    let d = digestBefore(from + 3 * laneBytes)
    for (let end = from, stop = from + laneBytes; end < stop; end++) {
      if (!(a & cutMask)) return end
      // A hit in a later lane counts only if the rest of the earlier ones has none.
      if (!(b & cutMask)) return firstOf(end, from, 1)
      if (!(c & cutMask)) return firstOf(end, from, 2)
      if (!(d & cutMask)) return firstOf(end, from, 3)
      a = slide(a, end)
      b = slide(b, end + laneBytes)
      c = slide(c, end + 2 * laneBytes)
      d = slide(d, end + 3 * laneBytes)
    }
    from += 4 * laneBytes
  }
  return scanOne(from, to)
}

function firstOf(end: usize, from: usize, lane: usize): usize {
  const hit = end + lane * laneBytes
  for (let k: usize = 0; k < lane; k++) {
    const stop = from + (k + 1) * laneBytes
    const earlier = scanOne(end + k * laneBytes, stop)
    if (earlier < stop) return earlier
  }
  return hit
}

/** The tables are used as they come. */
export function scanTables(): void {}
