/** What names are sorted by as people would: case and accents count last, `img2` comes before `img10`. */
export function naturalKey(name: string): string {
  const plain = /^[ -~]*$/.test(name) ? name.toLowerCase() : name.normalize('NFD').toLowerCase()
  // A number goes by its length first, written as one character behind a digit.
  return plain.replace(/\d+/g, digits => {
    const number = digits.replace(/^0+(?=\d)/, '')
    return `0${String.fromCharCode(Math.min(number.length, 0xffff))}${number}`
  })
}

/** The same key twice means two spellings of one name; these differ in some way all the same. */
export function compareNaturally(a: string, b: string): number {
  const [keyA, keyB] = [naturalKey(a), naturalKey(b)]
  if (keyA !== keyB) return keyA < keyB ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** Sorted at once: some milliseconds' work. */
const runLength = 4_000

/** Sorts however many items with a pause now and then. @param breathe lets everything else have its turn */
export async function sortedSlowly<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  breathe: () => Promise<void>,
): Promise<T[]> {
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(items.slice(at, at + runLength).sort(compare))
    if (items.length > runLength) await breathe()
  }
  while (runs.length > 1) {
    const longer: T[][] = []
    for (let nth = 0; nth < runs.length; nth += 2)
      longer.push(await merged(runs[nth]!, runs[nth + 1] ?? [], compare, breathe))
    runs = longer
  }
  return runs[0] ?? []
}

async function merged<T>(
  first: readonly T[],
  second: readonly T[],
  compare: (a: T, b: T) => number,
  breathe: () => Promise<void>,
): Promise<T[]> {
  const all: T[] = []
  let [a, b] = [0, 0]
  while (a < first.length || b < second.length) {
    const takesFirst = b >= second.length || (a < first.length && compare(first[a]!, second[b]!) <= 0)
    all.push(takesFirst ? first[a++]! : second[b++]!)
    if (all.length % (4 * runLength) === 0) await breathe()
  }
  return all
}
