import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffLines } from '../../../src/renderer/screens/restore/line-diff.ts'

const shown = (before: string, after: string) =>
  diffLines(before, after).lines.map(
    ({ kind, before, after }) => `${kind} ${before?.text ?? ''}|${after?.text ?? ''}`,
  )

test('changed, added and removed lines stand beside each other', () => {
  expect(shown('a\nb\nc\n', 'a\nB\nc\nd\n')).toEqual(['same a|a', 'changed b|B', 'same c|c', 'added |d'])
  expect(shown('a\nb\nc\n', 'a\nc\n')).toEqual(['same a|a', 'removed b|', 'same c|c'])
  expect(shown('', 'x\n')).toEqual(['added |x'])
  expect(shown('', '')).toEqual([])
  expect(shown('a\r\nb\r\n', 'a\nb')).toEqual(['same a|a', 'same b|b'])
})

test('each side is shown whole and in order, and what is called the same is the same', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map(lines => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { lines, coarse } = diffLines(before, after)
      const side = (name: 'before' | 'after') => lines.flatMap(line => (line[name] ? [line[name].text] : []))
      const plain = (whole: string) => {
        const all = whole.split('\n')
        if (all.at(-1) === '') all.pop()
        return all
      }
      expect(coarse).toBe(false)
      expect(side('before')).toEqual(plain(before))
      expect(side('after')).toEqual(plain(after))
      for (const { kind, before, after } of lines) if (kind === 'same') expect(before!.text).toBe(after!.text)
      const numbers = lines.flatMap(({ after }) => (after ? [after.number] : []))
      expect(numbers).toEqual(numbers.map((_, at) => at + 1))
    }),
  )
})

test('no more is called different than has to be', () => {
  const before = Array.from({ length: 500 }, (_, n) => `line ${n}`)
  const after = before.filter((_, n) => n % 50 !== 7).concat('end')
  const kinds = diffLines(before.join('\n'), after.join('\n')).lines.map(({ kind }) => kind)
  expect(kinds.filter(kind => kind === 'removed')).toHaveLength(10)
  expect(kinds.filter(kind => kind === 'added')).toHaveLength(1)
})

test('texts that have nothing in common are shown as one block', () => {
  const lines = (name: string) => Array.from({ length: 3000 }, (_, n) => `${name} ${n}`).join('\n')
  const diff = diffLines(`head\n${lines('a')}\ntail`, `head\n${lines('b')}\ntail`)
  expect(diff.coarse).toBe(true)
  expect(diff.lines).toHaveLength(3002)
  expect(diff.lines[0]!.kind).toBe('same')
  expect(diff.lines[1]!.kind).toBe('changed')
  expect(diff.lines.at(-1)!.kind).toBe('same')
})
