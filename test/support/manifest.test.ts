import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rawFromText, type Raw } from '../../src/main/engine/format/raw.ts'
import { manifestDifferences, readManifest, subManifest, type CompareOptions } from './manifest.ts'
import { needs } from './needs.ts'
import { tempDir } from './tmp.ts'

/** A small tree, the same at each call; `change` then breaks something in the second of two. */
function differencesAfter(change: (root: string) => void, options?: CompareOptions): string[] {
  const [a, b] = [makeTree(), makeTree()]
  change(b)
  return manifestDifferences(readManifest(a), readManifest(b), options)
}

function makeTree(): string {
  const root = tempDir('manifest')
  mkdirSync(join(root, 'sub'))
  writeFileSync(join(root, 'sub/one'), 'content')
  linkSync(join(root, 'sub/one'), join(root, 'two'))
  symlinkSync('sub/one', join(root, 'link'))
  for (const path of ['sub/one', 'link', 'sub', '.'])
    lutimesSync(join(root, path), 1_000_000_000, 1_000_000_000)
  return root
}

test('two trees made alike are equal', () => {
  expect(differencesAfter(() => undefined)).toEqual([])
})

test.each<[string, (root: string) => void, RegExp[]]>([
  [
    'one byte of content',
    root => {
      writeFileSync(join(root, 'two'), 'Content')
      lutimesSync(join(root, 'two'), 1_000_000_000, 1_000_000_000)
    },
    [/^sub\/one: sha256 \w+ ≠ \w+$/, /^two: sha256/],
  ],
  [
    'length',
    root => {
      truncateSync(join(root, 'two'), 3)
      lutimesSync(join(root, 'two'), 1_000_000_000, 1_000_000_000)
    },
    [/^sub\/one: sizeBytes 7 ≠ 3$/, /^sub\/one: sha256/, /^two: sizeBytes/, /^two: sha256/],
  ],
  ['mode', root => chmodSync(join(root, 'sub'), 0o2755), [/^sub: mode 0755 ≠ 02755$/]],
  [
    'a nanosecond',
    root => execFileSync('touch', ['-d', '@1000000000.000000001', root]),
    [/^\.: mtimeNs 2001-09-09T01:46:40\.000000000 ≠ 2001-09-09T01:46:40\.000000001$/],
  ],
  [
    'the time of a link',
    root => lutimesSync(join(root, 'link'), 1, 1),
    [/^link: mtimeNs 2001.* ≠ 1970-01-01T00:00:01\.000000000$/],
  ],
])('sees a change of %s', (_, change, lines) => {
  const found = differencesAfter(change)
  expect(found).toHaveLength(lines.length)
  for (const [index, line] of lines.entries()) expect(found[index]).toMatch(line)
})

test.each<[string, (root: string) => void, string[]]>([
  ['a missing file', root => rmSync(join(root, 'link')), ['link: missing (symlink)']],
  ['an additional file', root => writeFileSync(join(root, 'x\ny'), ''), ['x\\ny: not expected (file)']],
  [
    'a rename',
    root => renameSync(join(root, 'link'), join(root, 'Link')),
    ['Link: not expected (symlink)', 'link: missing (symlink)'],
  ],
  [
    'a link target',
    root => {
      rmSync(join(root, 'link'))
      symlinkSync('sub/ONE', join(root, 'link'))
    },
    ['link: linkTarget sub/one ≠ sub/ONE'],
  ],
  [
    'a hard link that became a copy',
    root => {
      rmSync(join(root, 'two'))
      writeFileSync(join(root, 'two'), 'content')
    },
    ['sub/one: sameFileAs sub/one ≠ none', 'two: sameFileAs sub/one ≠ none'],
  ],
  [
    'another type',
    root => {
      rmSync(join(root, 'link'))
      mkdirSync(join(root, 'link'))
      chmodSync(join(root, 'link'), 0o755)
    },
    ['link: type symlink ≠ dir', 'link: mode none ≠ 0755', 'link: linkTarget sub/one ≠ none'],
  ],
])('sees %s', (_, change, lines) => {
  expect(differencesAfter(change, { ignore: ['mtimeNs'] })).toEqual(lines)
})

const withTools = needs('linux', 'setfattr', 'getfattr', 'setfacl')

withTools.test('sees extended attributes and ACLs, of any name', () => {
  const lines = differencesAfter(root => {
    execFileSync('setfattr', ['-n', 'user.a=b c', '-v', '0x00ff', join(root, 'two')])
    execFileSync('setfacl', ['-d', '-m', 'u:12345:r', join(root, 'sub')])
  })
  expect(lines).toHaveLength(3) // two names of one file, and the folder
  expect(lines[0]).toMatch(/^sub: xattrs \[\] ≠ \[system\.posix_acl_default=0x[0-9a-f]+\]$/)
  expect(lines[1]).toBe('sub/one: xattrs [] ≠ [user.a=b c=0x00ff]')
})

needs('linux', 'root').test('sees owners and device numbers', () => {
  const make = (minor: string, owner: string) => (root: string) => {
    execFileSync('mknod', [join(root, 'node'), 'c', '1', minor])
    execFileSync('chown', ['-h', owner, join(root, 'node'), join(root, 'link')])
  }
  const [a, b] = [makeTree(), makeTree()]
  make('3', '7:8')(a)
  make('5', '7:9')(b)
  expect(manifestDifferences(readManifest(a), readManifest(b), { ignore: ['mtimeNs'] })).toEqual([
    'link: gid 8 ≠ 9',
    'node: gid 8 ≠ 9',
    'node: device 259 ≠ 261',
  ])
})

test('holes count only on demand', () => {
  const [a, b] = [makeTree(), makeTree()]
  for (const root of [a, b]) writeFileSync(join(root, 'file'), root === a ? '' : Buffer.alloc(1 << 20))
  truncateSync(join(a, 'file'), 1 << 20)
  const [sparse, full] = [readManifest(a), readManifest(b)]
  expect(manifestDifferences(sparse, full, { ignore: ['mtimeNs'] })).toEqual([])
  expect(manifestDifferences(sparse, full, { ignore: ['mtimeNs'], holes: true })).toEqual([
    'file: allocatedBytes 0 ≠ 1048576',
  ])
})

test('a part of a manifest has its own root', () => {
  const manifest = readManifest(makeTree())
  const part = subManifest(manifest, rawFromText('sub'))
  expect([...part.keys()]).toEqual(['.', 'one'])
  expect(part.get('one' as Raw)?.sha256).toBe(manifest.get('two' as Raw)?.sha256)
})

test('an unreadable tree is no empty manifest', () => {
  expect(() => readManifest(join(makeTree(), 'absent'))).toThrow(/ENOENT/)
})
