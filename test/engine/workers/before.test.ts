import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawFromText, type Raw } from '../../../src/main/engine/format/raw.ts'
import { encodeTree, nodeHead, type TreeNode } from '../../../src/main/engine/format/tree.ts'
import { folderBefore } from '../../../src/main/engine/workers/before.ts'

const id = (seed: number | string) => createHash('sha256').update(String(seed)).digest('hex')

function node(name: string, more: Partial<TreeNode> = {}): TreeNode {
  const time = '2026-03-01T10:00:00.5Z'
  return {
    name: rawFromText(name),
    type: 'file',
    mode: 420,
    mtime: time,
    atime: time,
    ctime: time,
    uid: 0,
    gid: 0,
    user: 'root',
    group: 'root',
    inode: 1234n,
    deviceId: 1n,
    size: 10,
    links: 1,
    linkTarget: null,
    xattrs: [],
    genericAttributes: null,
    device: 0n,
    content: [id(name)],
    subtree: null,
    error: '',
    ...more,
  }
}
const dir = (name: string, more: Partial<TreeNode> = {}) =>
  node(name, { type: 'dir', mode: 2147484141, size: 0, links: 0, content: null, subtree: id(name), ...more })

/** What lstat alone would say of a stored node. */
const seen = (stored: TreeNode): TreeNode => ({ ...stored, linkTarget: null, xattrs: [], subtree: null })
const ask = (stored: TreeNode[], now: TreeNode[]) => {
  const before = folderBefore(encodeTree(stored))
  return now.map(each => before.item(each, nodeHead(each)))
}

test('without a parent nothing is known', () => {
  expect(folderBefore(null).item(node('a'), nodeHead(node('a')))).toBeNull()
})

test('what is as it was: content, subtree, links and attributes come from the parent', () => {
  const stored = [
    node('a', { content: [id(1), id(2)] }),
    dir('b'),
    node('c', { content: [], size: 0 }),
    node('d', { type: 'symlink', content: null, linkTarget: 'to' as Raw }),
    node('e', { xattrs: [{ name: 'user.x' as Raw, value: Buffer.from(']}') }] }),
    dir('f', { xattrs: [{ name: 'user.y' as Raw, value: Buffer.from('y') }] }),
    node('g', { type: 'fifo', content: null, links: 0 }),
  ]
  expect(ask(stored, stored.map(seen))).toMatchObject(
    stored.map(({ content, subtree, linkTarget, xattrs, type }) => ({
      sameStat: true,
      sameContent: type === 'file',
      content,
      subtree,
      linkTarget,
      xattrs: xattrs.map(({ name }) => ({ name })),
    })),
  )
})

describe('what changed', () => {
  const stored = [node('a'), node('b'), node('c')]
  test.each<[string, Partial<TreeNode>, { sameStat: boolean; sameContent: boolean }]>([
    ['size', { size: 11 }, { sameStat: false, sameContent: false }],
    ['mtime', { mtime: '2026-03-01T10:00:01Z' }, { sameStat: false, sameContent: false }],
    ['ctime', { ctime: '2026-03-01T10:00:01Z' }, { sameStat: false, sameContent: false }],
    ['inode', { inode: 5n }, { sameStat: false, sameContent: false }],
    ['type', { type: 'symlink', content: null }, { sameStat: false, sameContent: false }],
    ['mode', { mode: 384 }, { sameStat: false, sameContent: true }],
    ['owner', { uid: 7, user: 'ada' }, { sameStat: false, sameContent: true }],
    // The same instant in another zone: other bytes, and yet nothing changed.
    [
      'zone',
      { mtime: '2026-03-01T15:30:00.5+05:30', atime: '2026-03-01T15:30:00.5+05:30' },
      { sameStat: false, sameContent: true },
    ],
  ])('%s', (_, change, expected) => {
    const [first, second, third] = ask(stored, [node('a'), node('b', change), node('c')])
    expect(second).toMatchObject(expected)
    for (const other of [first, third]) expect(other).toMatchObject({ sameStat: true, sameContent: true })
  })
})

test('a damaged parent tree is said, not guessed', () => {
  const torn = encodeTree([node('a'), node('b')]).subarray(0, -100)
  const before = folderBefore(torn)
  before.item(node('a'), nodeHead(node('a')))
  expect(() => before.item(node('b'), nodeHead(node('b')))).toThrow(
    expect.objectContaining({ code: 'data_corrupt' }),
  )
  const noId = Buffer.from(
    encodeTree([node('a')])
      .toString()
      .replace(id('a'), '../../etc'),
  )
  expect(() => folderBefore(noId).item(node('a'), nodeHead(node('a')))).toThrow(
    expect.objectContaining({ code: 'data_corrupt' }),
  )
})

test('comparing texts finds what parsing finds, whatever came, went or changed', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'é', 'x"y', 'long name', '\u2028', 'z'), {
    maxLength: 7,
  })
  const kinds = fc.constantFrom<Partial<TreeNode>>({}, { size: 0, content: [] }, { content: [id(1), id(2)] })
  fc.assert(
    fc.property(
      names,
      names,
      fc.infiniteStream(kinds),
      fc.infiniteStream(fc.boolean()),
      (then, now, kind, change) => {
        const stored = then.map((name, i) => (i % 3 === 2 ? dir(name) : node(name, kind.next().value)))
        const current = now
          .map(name => stored.find(each => each.name === rawFromText(name)) ?? node(name))
          .map(each => seen(change.next().value ? { ...each, mode: 384 } : each))
          .sort((a, b) => (a.name < b.name ? -1 : 1))
        const tree = encodeTree(stored)
        // A key before the nodes is legal, and keeps the fast way from being taken.
        const slow = folderBefore(Buffer.from(tree.toString().replace('{', '{"other":1,')))
        const fast = folderBefore(tree)
        for (const each of current) {
          expect(fast.item(each, nodeHead(each))).toEqual(slow.item(each, nodeHead(each)))
        }
      },
    ),
  )
})
