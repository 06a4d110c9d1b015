// Made-up file contents: the same for the same seed, everywhere.
import { createCipheriv, createHash } from 'node:crypto'

/** Numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const seedOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32LE()

/** Incompressible bytes without end, a piece a call. */
export function noise(seed: string): (bytes: number) => Buffer {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return bytes => cipher.update(Buffer.alloc(bytes))
}

const syllables = 'ba co de fi gu ha in jo ke la me nu or pa qui re st tra un ver wi xe yo zu'.split(' ')
/** `{}` is a name, `{#}` a number. */
const forms = [
  'static int {}_{}(struct {} *{}, int {})\n{\n',
  '\tif (!{}->{})\n\t\treturn -EINVAL;\n\n',
  '\t{} = {}_{}({}, {});\n',
  '\tfor (i = 0; i < {}; i++)\n\t\t{}[i] = {}(i);\n',
  '\treturn {}->{};\n}\n\n',
  '#define {}_{}\t\t0x{#}\n',
  '/* {} the {} of each {}, as {} does. */\n',
  '\tdev_err({}, "{} of {} failed: %d\\n", {});\n',
  '\t{}->{} = {} ? {}->{} : {#};\n',
  '\t{ .compatible = "{},{}-{#}", .data = &{}_{} },\n',
].map(form => form.split(/({#?})/))
/** A line is one of the last few again this often. */
const repeats = 0.4
const remembered = 80

let vocabulary: string[] | undefined

function words(): string[] {
  const next = random(7)
  return Array.from({ length: 6000 }, () =>
    Array.from({ length: 1 + Math.floor(next() * 4) }, () => pick(syllables, next)).join(''),
  )
}

const pick = <T>(list: readonly T[], next: () => number): T => list[Math.floor(next() * list.length)]!

/** Looks like source code, and compresses like it: four- to fivefold. */
export function sourceText(seed: string, bytes: number): string {
  const next = random(seedOf(seed))
  const all = (vocabulary ??= words())
  // A few names make up most of a file; the rest of the language turns up now and then.
  const own = Array.from({ length: 10 + Math.floor(bytes / 800) }, () => pick(all, next))
  const fill = (part: string): string => {
    if (part === '{#}') return Math.floor(next() * 65_536).toString(16)
    if (part !== '{}') return part
    return next() < 0.95 ? own[Math.floor(next() * next() * own.length)]! : pick(all, next)
  }
  const lines: string[] = []
  let length = 0
  while (length < bytes) {
    const again = lines.length > 5 && next() < repeats
    const line = again
      ? lines[lines.length - 1 - Math.floor(next() * Math.min(lines.length, remembered))]!
      : pick(forms, next).map(fill).join('')
    lines.push(line)
    length += line.length
  }
  return lines.join('').slice(0, bytes)
}
