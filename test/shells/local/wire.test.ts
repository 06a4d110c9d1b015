import { expect, test } from 'vitest'
import fc from 'fast-check'
import { ClientFrame, createReader, encode } from '../../../src/main/shells/local/wire.ts'

const frames: ClientFrame[] = [
  { kind: 'hello', protocol: 1, who: 'cli ada' },
  { kind: 'call', id: 0, name: 'plan.list' },
  { kind: 'call', id: 1, name: 'plan.create', input: { draft: { name: 'a\nb\u2028ü😀' } } },
  { kind: 'events', wanted: true },
]

test('frames come out as they went in, however the stream is cut', () => {
  const stream = Buffer.concat(frames.map(encode))
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 20 }), cuts => {
      const taken: ClientFrame[] = []
      const read = createReader(ClientFrame, 10_000, frame => taken.push(frame))
      const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      for (let i = 1; i < edges.length; i++) read(stream.subarray(edges[i - 1], edges[i]))
      expect(taken).toEqual(frames)
    }),
  )
})

test.each([
  ['no JSON', 'hello\n'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 10])],
  ['an unknown kind', '{"kind":"answer","id":1}\n'],
  ['an ID that is none', '{"kind":"call","id":-1,"name":"x"}\n'],
  ['a name with a line end in it', '{"kind":"hello","protocol":1,"who":"a\\nb"}\n'],
  ['an empty line', '\n'],
])('%s is refused', (_name, bytes) => {
  const read = createReader(ClientFrame, 1000, () => expect.unreachable())
  expect(() => read(Buffer.from(bytes as string))).toThrow(expect.objectContaining({ code: 'invalid_input' }))
})

test('no more is kept of a frame than one may be long', () => {
  const read = createReader(ClientFrame, 100, () => expect.unreachable())
  read(Buffer.alloc(60, 'x'))
  expect(() => read(Buffer.alloc(60, 'x'))).toThrow(/too long/)
})

test('any bytes are taken or refused, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      const read = createReader(ClientFrame, 200, frame =>
        expect(ClientFrame.safeParse(frame).success).toBe(true),
      )
      try {
        read(Buffer.from(bytes))
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_input' })
      }
    }),
  )
})
