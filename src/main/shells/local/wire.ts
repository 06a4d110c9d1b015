import { z } from 'zod'
import { AppError, type WireError } from '../../../shared/errors.ts'
import { WireErrorShape } from '../../../shared/entities/run.ts'

/** What goes over the local socket: JSON, a frame a line. Nothing of the other side is believed before it is checked. */

/** Raised when an older side could not understand a newer one. */
export const protocol = 1

/** A file of plans may have a million characters; each may take six as JSON. */
export const longestRequestBytes = 8 * 1024 * 1024
export const longestAnswerBytes = 64 * 1024 * 1024

/** One line of plain text: it is written into logs. */
const whoText = z.string().regex(/^[\p{L}\p{N}\p{P}\p{S} ]{1,100}$/u)

export const ClientFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), protocol: z.int(), who: whoText }),
  z.object({
    kind: z.literal('call'),
    id: z.int().min(0),
    name: z.string().max(100),
    input: z.unknown().optional(),
  }),
  z.object({ kind: z.literal('events'), wanted: z.boolean() }),
])
export type ClientFrame = z.output<typeof ClientFrame>

export const OwnerFrame = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), protocol: z.int(), version: z.string(), pid: z.int() }),
  z.object({ kind: z.literal('answer'), id: z.int(), value: z.unknown().optional() }),
  z.object({ kind: z.literal('failure'), id: z.int(), error: WireErrorShape }),
  z.object({ kind: z.literal('event'), name: z.string(), value: z.unknown() }),
  /** The connection ends; nothing else follows. */
  z.object({ kind: z.literal('refused'), error: WireErrorShape }),
])
export type OwnerFrame =
  | Exclude<z.output<typeof OwnerFrame>, { error: unknown }>
  | { kind: 'failure'; id: number; error: WireError }
  | { kind: 'refused'; error: WireError }

export const encode = (frame: ClientFrame | OwnerFrame): Buffer => Buffer.from(`${JSON.stringify(frame)}\n`)

/**
 * Puts frames together out of what a stream brings. What was begun is kept, up to `longestBytes`.
 * @returns takes the next part
 * @throws invalid_input from what is returned: too long, no JSON, or not of that shape
 */
export function createReader<T>(
  shape: z.ZodType<T>,
  longestBytes: number,
  take: (frame: T) => void,
): (part: Buffer) => void {
  let begun: Buffer[] = []
  let begunBytes = 0
  return part => {
    let from = 0
    for (let end = part.indexOf(10); ; end = part.indexOf(10, from)) {
      const piece = part.subarray(from, end === -1 ? part.length : end)
      begunBytes += piece.length
      if (begunBytes > longestBytes) throw notAFrame('It is too long.')
      begun.push(piece)
      if (end === -1) return
      const line = begun.length === 1 ? piece : Buffer.concat(begun)
      begun = []
      begunBytes = 0
      from = end + 1
      take(decode(shape, line))
    }
  }
}

function decode<T>(shape: z.ZodType<T>, line: Buffer): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch {
    throw notAFrame('It is not JSON.')
  }
  const frame = shape.safeParse(value)
  if (frame.success) return frame.data
  throw notAFrame('It is none of those that are known here.')
}

const notAFrame = (why: string) =>
  new AppError('invalid_input', `A message on the local socket can't be used. ${why}`, {
    hint: 'Are both sides the same version of Holdfast?',
  })
