/** Two texts side by side. Pure. */

export interface DiffLine {
  readonly kind: 'same' | 'changed' | 'removed' | 'added'
  /** Line numbers begin at 1; null where this side has nothing. */
  readonly before: { readonly number: number; readonly text: string } | null
  readonly after: { readonly number: number; readonly text: string } | null
}

export interface Diff {
  readonly lines: readonly DiffLine[]
  /** They differ too much to be matched within reason: what differs is shown as one block. */
  readonly coarse: boolean
}

/** More edits than this are not looked for; the work grows with their square. */
const mostEdits = 1000

export function diffLines(before: string, after: string): Diff {
  const old = linesOf(before)
  const young = linesOf(after)
  let head = 0
  while (head < old.length && head < young.length && old[head] === young[head]) head++
  let tail = 0
  while (
    tail < old.length - head &&
    tail < young.length - head &&
    old[old.length - 1 - tail] === young[young.length - 1 - tail]
  )
    tail++
  const pairs = matches(old.slice(head, old.length - tail), young.slice(head, young.length - tail))
  const lines: DiffLine[] = []
  const same = (a: number, b: number) =>
    lines.push({
      kind: 'same',
      before: { number: a + 1, text: old[a]! },
      after: { number: b + 1, text: young[b]! },
    })
  for (let at = 0; at < head; at++) same(at, at)
  let [a, b] = [head, head]
  const until = (toA: number, toB: number) => {
    for (; a < toA || b < toB; a++, b++) {
      const left = a < toA ? { number: a + 1, text: old[a]! } : null
      const right = b < toB ? { number: b + 1, text: young[b]! } : null
      lines.push({
        kind: left && right ? 'changed' : left ? 'removed' : 'added',
        before: left,
        after: right,
      })
    }
    ;[a, b] = [toA, toB]
  }
  for (const [x, y] of pairs ?? []) {
    until(head + x, head + y)
    same(a++, b++)
  }
  until(old.length - tail, young.length - tail)
  for (let at = tail; at > 0; at--) same(old.length - at, young.length - at)
  return { lines, coarse: pairs === null }
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/**
 * Lines that are the same on both sides, in order (Myers, "An O(ND) Difference Algorithm"); null when more edits than
 * `mostEdits` lie between them.
 */
function matches(a: readonly string[], b: readonly string[]): [number, number][] | null {
  const trail: Int32Array[] = []
  const most = Math.min(a.length + b.length, mostEdits)
  const middle = most + 1
  const reach = new Int32Array(2 * most + 3)
  for (let edits = 0; edits <= most; edits++) {
    trail.push(reach.slice(middle - edits - 1, middle + edits + 2))
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && reach[middle + k - 1]! < reach[middle + k + 1]!)
      let x = down ? reach[middle + k + 1]! : reach[middle + k - 1]! + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      reach[middle + k] = x
      if (x >= a.length && x - k >= b.length) return backwards(trail, a, b)
    }
  }
  return null
}

function backwards(
  trail: readonly Int32Array[],
  a: readonly string[],
  b: readonly string[],
): [number, number][] {
  const pairs: [number, number][] = []
  let [x, y] = [a.length, b.length]
  for (let edits = trail.length - 1; edits >= 0; edits--) {
    const reach = (k: number) => trail[edits]![k + edits + 1]!
    const k = x - y
    const down = k === -edits || (k !== edits && reach(k - 1) < reach(k + 1))
    const fromK = down ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : reach(fromK)
    const fromY = edits === 0 ? 0 : fromX - fromK
    while (x > fromX && y > fromY) pairs.push([--x, --y])
    ;[x, y] = [fromX, fromY]
  }
  return pairs.reverse()
}
