/** Puts many rows in order without holding the window up. Pure; the caller says when to go on. */

/** Sorted at once; about two milliseconds' work. */
const slice = 2000

/** @yields between slices; returns the indexes 0 … count - 1 in order, those that are equal as they were */
export function* sortedIndexes(
  count: number,
  compare: (a: number, b: number) => number,
): Generator<void, Uint32Array, void> {
  let parts: Uint32Array[] = []
  for (let from = 0; from < count; from += slice) {
    const part = Uint32Array.from({ length: Math.min(slice, count - from) }, (_, at) => from + at)
    part.sort((a, b) => compare(a, b) || a - b)
    parts.push(part)
    yield
  }
  while (parts.length > 1) {
    const merged: Uint32Array[] = []
    for (let at = 0; at < parts.length; at += 2) {
      const second = parts[at + 1]
      merged.push(second ? yield* merge(parts[at]!, second, compare) : parts[at]!)
    }
    parts = merged
  }
  return parts[0] ?? new Uint32Array(0)
}

function* merge(
  a: Uint32Array,
  b: Uint32Array,
  compare: (a: number, b: number) => number,
): Generator<void, Uint32Array, void> {
  const merged = new Uint32Array(a.length + b.length)
  let [x, y] = [0, 0]
  for (let at = 0; at < merged.length; at++) {
    const first = y >= b.length || (x < a.length && compare(a[x]!, b[y]!) <= 0)
    merged[at] = first ? a[x++]! : b[y++]!
    if (at % slice === slice - 1) yield
  }
  return merged
}
