import type { Raw } from './raw.ts'

/** One rune and its width in bytes, packed in a number: this is called for every byte of odd names. */
export type FoundRune = number & { readonly __rune: never }

const widthShift = 21
const invalid = ((1 << widthShift) | 0xd800) as FoundRune // no valid UTF-8 yields a surrogate

const pack = (rune: number, width: number): FoundRune => ((width << widthShift) | rune) as FoundRune

export const widthOf = (found: FoundRune): number => found >> widthShift

/** The code point, or null for a byte that is not part of valid UTF-8; its width is 1 then. */
export const runeOf = (found: FoundRune): number | null =>
  found === invalid ? null : found & ((1 << widthShift) - 1)

const isTail = (byte: number): boolean => byte >= 0x80 && byte <= 0xbf // false for NaN, past the end

/** As Go's utf8.DecodeRune: overlong forms and surrogates are invalid, byte by byte. */
export function runeAt(raw: Raw, at: number): FoundRune {
  const first = raw.charCodeAt(at)
  if (first < 0x80) return pack(first, 1)
  if (first < 0xc2 || first > 0xf4) return invalid
  const second = raw.charCodeAt(at + 1)
  if (!isTail(second)) return invalid
  if (first < 0xe0) return pack(((first & 0x1f) << 6) | (second & 0x3f), 2)

  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return invalid
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return invalid
  const third = raw.charCodeAt(at + 2)
  if (!isTail(third)) return invalid
  const head = ((second & 0x3f) << 6) | (third & 0x3f)
  if (first < 0xf0) return pack(((first & 0xf) << 12) | head, 3)

  const fourth = raw.charCodeAt(at + 3)
  if (!isTail(fourth)) return invalid
  return pack(((first & 7) << 18) | (head << 6) | (fourth & 0x3f), 4)
}
