/** Whole numbers as bytes: sorted, each as its distance from the one before it, seven bits a byte, the low ones first. */
export function packNumbers(numbers: readonly number[]): Buffer {
  const bytes: number[] = []
  let before = 0
  for (const number of numbers.toSorted((a, b) => a - b)) {
    let rest = number - before
    for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
    before = number
  }
  return Buffer.from(bytes)
}

export function unpackNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = []
  let before = 0
  let number = 0
  let unit = 1
  for (const byte of bytes) {
    number += (byte & 127) * unit
    unit *= 128
    if (byte > 127) continue
    numbers.push((before += number))
    number = 0
    unit = 1
  }
  return numbers
}
