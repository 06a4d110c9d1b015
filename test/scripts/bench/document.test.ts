import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { replaceMarked } from '../../../scripts/bench/document.ts'

const text = 'before\n<!-- figures: a -->\nold\n<!-- end of figures: a -->\nafter'

test('only what stands between the marks is replaced, and again', () => {
  const once = replaceMarked(text, 'a', 'new $& figures')
  expect(once).toBe('before\n<!-- figures: a -->\n\nnew $& figures\n\n<!-- end of figures: a -->\nafter')
  expect(replaceMarked(once, 'a', 'newer')).not.toContain('new $&')
})

test('figures without a place are not lost in silence', () => {
  expect(() => replaceMarked(text, 'b', 'new')).toThrow(/no place for "b"/)
  expect(() => replaceMarked('<!-- figures: a -->', 'a', 'new')).toThrow(/no place/)
})

test.each(['comparison', 'floor', 'growth'])('the document has a place for %s', name => {
  const document = readFileSync('docs/performance.md', 'utf8')
  expect(replaceMarked(document, name, 'here')).toContain('here')
})
