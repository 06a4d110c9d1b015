import * as fs from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import { loadLibc } from '../../../src/main/engine/files/libc.ts'
import {
  applyMetadata,
  makeSpecial,
  missingAbilities,
  readNode,
} from '../../../src/main/engine/files/metadata.ts'
import { reach } from '../../../src/main/engine/files/reach.ts'
import {
  joinRaw,
  rawFromBuffer,
  rawFromText,
  textFromRaw,
  type Raw,
} from '../../../src/main/engine/format/raw.ts'
import { decodeTree, encodeTree, type TreeNode } from '../../../src/main/engine/format/tree.ts'
import type { Warning } from '../../../src/main/engine/run.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository } from '../../support/repo.ts'
import { restic } from '../../support/restic.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { buildZoo } from '../../support/zoo.ts'

const libc = loadLibc()
const isRoot = process.getuid?.() === 0
let base: string
let hasXattrs = false

beforeAll(() => {
  base = makeTemp('metadata')
  try {
    libc!.setXattr(base, 'user.probe' as Raw, Buffer.from('1'))
    libc!.removeXattr(base, 'user.probe' as Raw)
    hasXattrs = true
  } catch {
    hasXattrs = false
  }
})
afterAll(() => removeTree(base))

const noWarning = (warning: unknown) => {
  throw new Error(`nothing to warn of, but heard ${JSON.stringify(warning)}`)
}
const lstat = (path: Raw) => reach(path, access => fs.lstatSync(access, { bigint: true }))

function nodeOf(path: Raw, name = path.slice(path.lastIndexOf('/') + 1) as Raw): TreeNode {
  return reach(path, access => readNode(access, name, lstat(path), noWarning))
}

/** A POSIX ACL as the kernel has it: version 2, then tag, permissions and ID of each entry. */
function acl(...entries: [tag: number, permissions: number, id: number][]): Buffer {
  const bytes = Buffer.alloc(4 + 8 * entries.length)
  bytes.writeUInt32LE(2)
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * index)
    bytes.writeUInt16LE(permissions, 6 + 8 * index)
    bytes.writeUInt32LE(id, 8 + 8 * index)
  }
  return bytes
}
const nobody = 0xffffffff
const someAcl = acl(
  [1, 6, nobody],
  [2, 6, 12345],
  [4, 4, nobody],
  [8, 4, 12346],
  [16, 6, nobody],
  [32, 0, nobody],
)

const judged = needs('restic', 'linux')

judged.test('every item of a zoo is described as restic describes it, byte for byte', async () => {
  const zoo = join(base, 'zoo')
  fs.mkdirSync(zoo)
  await buildZoo(zoo, { longPaths: false, largeFiles: false })
  fs.unlinkSync(join(zoo, 'links/invalid-target')) // of a target that is not text, restic 0.14 keeps only what is
  if (hasXattrs) {
    const file = join(zoo, 'xattrs/file')
    for (const [name, value] of [
      ['user.z', Buffer.from('last set first')],
      ['user.binary', Buffer.from([0, 255, 10, 13])],
      ['user.empty', Buffer.alloc(0)],
      ['user.text', Buffer.from('grüße & <more>')],
    ] as const)
      libc!.setXattr(file, name as Raw, value)
    libc!.setXattr(file, 'system.posix_acl_access' as Raw, someAcl)
    if (isRoot) libc!.setXattr(join(zoo, 'empty'), 'trusted.folder' as Raw, Buffer.from('x'))
  }

  const repo = makeTemp('metadata-repo')
  try {
    await freshRepository({ backend: localBackend(repo) })
    const judge = restic(repo)
    const snapshot = await judge.backup(['.'], [], { cwd: zoo })
    const { tree: root } = JSON.parse(await judge.ok(['cat', 'snapshot', snapshot])) as { tree: string }

    let seen = 0
    const compare = async (folder: Raw, tree: string): Promise<void> => {
      // The output is a blob's exact bytes, non-ASCII text being UTF-8.
      const bytes = Buffer.from(await judge.ok(['cat', '--no-lock', 'blob', tree]))
      const theirs = decodeTree(bytes)
      const ours = theirs.map(node => {
        const mine = nodeOf(joinRaw(folder, node.name))
        seen++
        return {
          ...mine,
          content: node.content,
          subtree: node.subtree,
          // restic 0.14 does not ask for a symlink's
          xattrs: node.type === 'symlink' ? [] : mine.xattrs,
        }
      })
      expect(ours).toEqual(theirs)
      expect([folder, encodeTree(ours).equals(bytes)]).toEqual([folder, true])
      const sockets = fs.readdirSync(Buffer.from(folder, 'latin1'), 'buffer').length - theirs.length
      expect(sockets).toBe(textFromRaw(folder).endsWith('/special') ? 1 : 0)
      await Promise.all(
        theirs
          .filter(({ subtree }) => subtree)
          .map(({ name, subtree }) => compare(joinRaw(folder, name), subtree!)),
      )
    }
    await compare(rawFromText(zoo), root)
    expect(seen).toBeGreaterThan(80)
  } finally {
    removeTree(repo)
  }
})

/** All of a node that a restore can bring back. */
const restorable = ({ ctime: _, inode: _i, links: _l, content: _c, subtree: _s, ...rest }: TreeNode) => rest

/** Makes an item of the node's type elsewhere and gives it the node's metadata. */
function recreate(node: TreeNode, warn: (warning: Warning) => void = noWarning): Raw {
  const path = joinRaw(rawFromText(fs.mkdtempSync(join(base, 'copy-'))), node.name)
  reach(path, access => {
    if (node.type === 'file') fs.writeFileSync(access, 'content', { mode: 0o600 })
    else if (node.type === 'dir') fs.mkdirSync(access, 0o700)
    else expect(makeSpecial(access, node)).toBe(true)
    applyMetadata(access, node, { warn, path: textFromRaw(path) })
  })
  return path
}

function roundTrip(make: (access: string) => void, name = 'item'): TreeNode {
  const source = join(fs.mkdtempSync(join(base, 'source-')), name)
  make(source)
  const node = nodeOf(rawFromText(source))
  const copy = nodeOf(recreate(node))
  expect({ ...restorable(copy), size: node.size }).toEqual(restorable(node))
  return node
}

const posix = describe.skipIf(process.platform === 'win32')

posix('what is read from one item can be given to another', () => {
  test.each([0o000, 0o644, 0o755, 0o4755, 0o2711, 0o1644, 0o6777, 0o400])('a file of mode %o', mode => {
    const node = roundTrip(path => {
      fs.writeFileSync(path, 'x')
      fs.chmodSync(path, mode)
    })
    expect(node.mode & 0o777).toBe(mode & 0o777)
  })

  test.each([0o700, 0o1777, 0o2755, 0o3770, 0o500])('a folder of mode %o', mode => {
    roundTrip(path => {
      fs.mkdirSync(path)
      fs.chmodSync(path, mode)
    })
  })

  test.each([
    '1970-01-01T00:00:00Z',
    '1969-12-31T23:59:59.999999999Z',
    '1931-05-06T07:08:09.000000001Z',
    '2024-02-29T12:34:56.123456789Z',
    '2200-01-01T00:00:00.5Z',
    '2445-06-07T08:09:10.987654321Z',
  ])('the time %s, on file, folder and symlink', time => {
    const ns = BigInt(new Date(`${time.slice(0, 19)}Z`).getTime()) * 1_000_000n + nanoseconds(time)
    for (const make of [
      (path: string) => fs.writeFileSync(path, 'x'),
      (path: string) => fs.mkdirSync(path),
      (path: string) => fs.symlinkSync('nowhere', path),
    ]) {
      const path = join(fs.mkdtempSync(join(base, 'time-')), 'item')
      make(path)
      libc!.setTimesNs(path, 0n, ns)
      const node = nodeOf(rawFromText(path))
      expect(node.atime).toBe(node.mtime)
      expect(lstat(recreate(node)).mtimeNs).toBe(ns)
    }
  })
  const nanoseconds = (time: string) => BigInt((/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0'))

  test('a symlink, whatever bytes it points to, without touching what it points to', () => {
    const victim = join(base, 'victim')
    fs.writeFileSync(victim, 'x', { mode: 0o640 })
    const before = lstat(rawFromText(victim))
    for (const target of [Buffer.from(victim), Buffer.from([0x74, 0xff, 0xfe]), Buffer.from('ünïcode ☃')]) {
      const node = roundTrip(path => fs.symlinkSync(target, path))
      expect(node).toMatchObject({
        type: 'symlink',
        linkTarget: rawFromBuffer(target),
        content: null,
        links: 1,
      })
    }
    expect(lstat(rawFromText(victim))).toEqual(before)
  })

  test('a fifo', () => {
    const node = roundTrip(path => libc!.mknod(path, 0o010640, 0n))
    expect(node).toMatchObject({ type: 'fifo', links: 0, device: 0n, content: null })
  })

  test.runIf(isRoot)('device nodes with numbers large and small', () => {
    const large = (0xfffn << 8n) | (0xfffn << 20n) | 0xffn
    const block = roundTrip(path => libc!.mknod(path, 0o060660, (7n << 8n) | 200n))
    expect(block).toMatchObject({ type: 'dev', device: (7n << 8n) | 200n })
    const character = roundTrip(path => libc!.mknod(path, 0o020600, large))
    expect(character).toMatchObject({ type: 'chardev', device: large })
  })

  test.runIf(isRoot)('owners nobody here knows, on files with setuid and on links', () => {
    const node = roundTrip(path => {
      fs.writeFileSync(path, 'x')
      fs.chownSync(path, 54_321, 54_322)
      fs.chmodSync(path, 0o6755)
    })
    expect(node).toMatchObject({ uid: 54_321, gid: 54_322, user: '', group: '' })
    roundTrip(path => {
      fs.symlinkSync('x', path)
      fs.lchownSync(path, 4_294_967_294, 1)
    })
    expect(nodeOf(rawFromText('/'), '/' as Raw)).toMatchObject({ user: 'root' })
  })

  test('extended attributes and ACLs on files and folders', context => {
    if (!hasXattrs) return context.skip('the temporary folder has no user attributes')
    const make = (create: (path: string) => void) => (path: string) => {
      create(path)
      libc!.setXattr(path, 'user.text' as Raw, Buffer.from('x'))
      libc!.setXattr(path, 'user.b\xffd' as Raw, Buffer.from([0, 1, 255]))
      libc!.setXattr(path, 'user.empty' as Raw, Buffer.alloc(0))
      libc!.setXattr(path, 'system.posix_acl_access' as Raw, someAcl)
    }
    const file = roundTrip(make(path => fs.writeFileSync(path, 'x')))
    expect(file.xattrs).toContainEqual({ name: 'system.posix_acl_access', value: someAcl })
    expect(file.xattrs).toContainEqual({ name: 'user.b\xffd', value: Buffer.from([0, 1, 255]) })
    expect(file.mode).toBe(0o660) // the mask shows as the group's permissions
    roundTrip(make(path => fs.mkdirSync(path)))
    roundTrip(path => {
      fs.mkdirSync(path)
      libc!.setXattr(path, 'system.posix_acl_default' as Raw, someAcl)
    })
  })

  test.runIf(isRoot)('capabilities outlive the change of owner', context => {
    if (!hasXattrs) return context.skip('the temporary folder has no extended attributes')
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
    const node = roundTrip(path => {
      fs.writeFileSync(path, 'x')
      fs.chownSync(path, 1, 1)
      libc!.setXattr(path, 'security.capability' as Raw, capability)
    })
    expect(node.xattrs).toEqual([{ name: 'security.capability', value: capability }])
  })

  test('names that are not UTF-8, and paths beyond 5,000 bytes', () => {
    let folder = rawFromText(fs.mkdtempSync(join(base, 'deep-')))
    while (folder.length < 5_100) {
      folder = joinRaw(folder, `\xff\xfe${'x'.repeat(200)}` as Raw)
      reach(folder, access => fs.mkdirSync(access))
    }
    const path = joinRaw(folder, 'n\xe4me' as Raw)
    reach(path, access => fs.writeFileSync(access, 'x', { mode: 0o604 }))
    reach(path, access => libc!.setTimesNs(access, 0n, -1_234_567_891n))
    if (hasXattrs) reach(path, access => libc!.setXattr(access, 'user.deep' as Raw, Buffer.from('x')))
    const node = nodeOf(path)
    expect(node.name).toBe('n\xe4me')

    const other = joinRaw(folder, 'other' as Raw)
    reach(other, access => {
      fs.writeFileSync(access, 'x')
      applyMetadata(access, node, { warn: noWarning, path: 'other' })
    })
    expect(restorable({ ...nodeOf(other), name: node.name })).toEqual(restorable(node))
  })
})

posix('an item that is there already', () => {
  const plain = (): { path: string; node: TreeNode } => {
    const path = join(fs.mkdtempSync(join(base, 'there-')), 'item')
    fs.writeFileSync(path, 'x', { mode: 0o644 })
    return { path, node: nodeOf(rawFromText(path)) }
  }
  const names = (path: string) => libc!.listXattrs(path).sort()

  test('loses what users and ACLs added, and keeps what the system put there', context => {
    if (!hasXattrs || !isRoot) return context.skip('needs root and user attributes')
    const { path, node } = plain()
    libc!.setXattr(path, 'user.extra' as Raw, Buffer.from('x'))
    libc!.setXattr(path, 'system.posix_acl_access' as Raw, someAcl)
    libc!.setXattr(path, 'trusted.of.the.system' as Raw, Buffer.from('x'))
    applyMetadata(path, node, { warn: noWarning, path })
    expect(names(path)).toEqual(['trusted.of.the.system'])
    expect(restorable({ ...nodeOf(rawFromText(path)), xattrs: [] })).toEqual(restorable(node))
  })

  test('takes changed values', context => {
    if (!hasXattrs) return context.skip('the temporary folder has no user attributes')
    const { path, node } = plain()
    libc!.setXattr(path, 'user.a' as Raw, Buffer.from('old'))
    libc!.setXattr(path, 'user.b' as Raw, Buffer.from('same'))
    const value = (text: string) => Buffer.from(text)
    const xattrs = [
      { name: 'user.a' as Raw, value: value('new') },
      { name: 'user.b' as Raw, value: value('same') },
    ]
    applyMetadata(path, { ...node, xattrs }, { warn: noWarning, path })
    expect(nodeOf(rawFromText(path)).xattrs).toEqual(xattrs)
  })
})

posix('what cannot be done is said', () => {
  const made = (): { path: string; node: TreeNode } => {
    const path = join(fs.mkdtempSync(join(base, 'said-')), 'item')
    fs.writeFileSync(path, 'x', { mode: 0o644 })
    return { path, node: nodeOf(rawFromText(path)) }
  }

  test('an attribute this file system refuses is one warning, and the rest is set all the same', () => {
    const { path, node } = made()
    const warnings: Warning[] = []
    const xattrs = [{ name: 'nonsense.name' as Raw, value: Buffer.from('x') }]
    const changed = { ...node, xattrs, mtime: '1999-01-02T03:04:05.000000006Z', mode: 0o604 }
    applyMetadata(path, changed, { warn: warning => warnings.push(warning), path: 'shown' })
    expect(warnings).toEqual([
      { kind: 'metadata', path: 'shown', message: expect.stringMatching(/nonsense\.name: ENOTSUP/) },
    ])
    expect(nodeOf(rawFromText(path))).toMatchObject({ mode: 0o604 })
    expect(lstat(rawFromText(path)).mtimeNs).toBe(BigInt(Date.UTC(1999, 0, 2, 3, 4, 5)) * 1_000_000n + 6n)
  })

  test('a time or owner out of all range is a warning, never an exception', () => {
    const { path, node } = made()
    const warnings: Warning[] = []
    applyMetadata(
      path,
      { ...node, mtime: 'yesterday', uid: 2 ** 40 },
      { warn: warning => warnings.push(warning), path },
    )
    expect(warnings.map(({ kind, message }) => [kind, /^Its (\w+)/.exec(message)?.[1]])).toEqual([
      ['metadata', 'owner'],
      ['metadata', 'times'],
    ])
  })

  test('without a C library: times to the microsecond, no attributes, a note, and device nodes refused', () => {
    const { path, node } = made()
    const without = { libc: null }
    expect(missingAbilities(without)).toEqual([expect.stringMatching(/C library/)])
    expect(missingAbilities({ libc })).toEqual([])
    expect(missingAbilities({ platform: 'win32' })).toHaveLength(1)

    for (const [time, expected] of [
      ['2024-02-29T12:34:56.123456789Z', 123_456],
      ['1969-12-31T23:59:58.5Z', 500_000],
    ] as const) {
      const xattrs = [{ name: 'user.x' as Raw, value: Buffer.from('x') }]
      const given = { ...node, mtime: time, atime: time, xattrs }
      applyMetadata(path, given, { warn: noWarning, path, libc: null })
      const stat = lstat(rawFromText(path))
      expect(new Date(Number(stat.mtimeMs)).toISOString().slice(0, 19)).toBe(time.slice(0, 19))
      const microseconds = Number(((stat.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n) / 1000
      expect(Math.abs(microseconds - expected)).toBeLessThan(2)
    }
    if (hasXattrs) expect(libc!.listXattrs(path)).toEqual([])
    const bare = readNode(path, 'item' as Raw, lstat(rawFromText(path)), noWarning, without)
    expect(bare).toMatchObject({ xattrs: [], user: nodeOf(rawFromText(path)).user, group: node.group })

    expect(() => makeSpecial(`${path}-fifo`, { ...node, type: 'fifo' }, without)).toThrow(
      expect.objectContaining({ code: 'source_unreadable', message: expect.stringContaining('named pipe') }),
    )
    expect(fs.existsSync(`${path}-fifo`)).toBe(false)
  })

  test('sockets and irregular items are left out, links and nodes never overwrite', () => {
    const { path, node } = made()
    expect(makeSpecial(`${path}-socket`, { ...node, type: 'socket' })).toBe(false)
    expect(makeSpecial(`${path}-odd`, { ...node, type: 'irregular' })).toBe(false)
    const link = { ...node, type: 'symlink' as const, linkTarget: 'x' as Raw }
    expect(() => makeSpecial(path, link)).toThrow(/EEXIST/)
    expect(() => makeSpecial(path, { ...node, type: 'fifo' })).toThrow(/EEXIST/)
    expect(() => makeSpecial(`${path}-link`, { ...link, linkTarget: null })).toThrow(
      expect.objectContaining({ code: 'data_corrupt' }),
    )
  })

  test('an item that is gone is an error, so that nobody stores what was not read', () => {
    const { path } = made()
    const stat = lstat(rawFromText(path))
    fs.unlinkSync(path)
    expect(() => readNode(path, 'item' as Raw, stat, noWarning)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    )
  })
})
