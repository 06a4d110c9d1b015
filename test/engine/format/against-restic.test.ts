import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { encodeConfig, decodeConfig } from '../../../src/main/engine/format/config.ts'
import { encodeKeyFile, createKeyFile, newMasterKey } from '../../../src/main/engine/format/key.ts'
import { createSealer } from '../../../src/main/engine/format/envelope.ts'
import { goQuote } from '../../../src/main/engine/format/go-quote.ts'
import { idOf } from '../../../src/main/engine/format/id.ts'
import { decodeIndex, encodeIndex } from '../../../src/main/engine/format/index-file.ts'
import type { PackContents } from '../../../src/main/engine/format/index-file.ts'
import { encodePackHeader } from '../../../src/main/engine/format/pack.ts'
import { rawFromText } from '../../../src/main/engine/format/raw.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/main/engine/format/snapshot.ts'
import type { Snapshot } from '../../../src/main/engine/format/snapshot.ts'
import { decodeTree, encodeTree } from '../../../src/main/engine/format/tree.ts'
import type { TreeNode } from '../../../src/main/engine/format/tree.ts'
import { wrapUnpacked } from '../../../src/main/engine/format/unpacked.ts'
import { compress } from '../../../src/main/engine/format/zstd.ts'
import { needs } from '../../support/needs.ts'
import { openRepository } from '../../support/open-repository.ts'
import type { OpenRepository } from '../../support/open-repository.ts'
import { restic, testPassword } from '../../support/restic.ts'
import { makeTemp, removeTree, tempDir } from '../../support/tmp.ts'
import { buildZoo } from '../../support/zoo.ts'

const { test, describe } = needs('restic', 'linux')

/** All code points of the first two planes, 50 in a name, as files of one folder. */
function writeUnicode(folder: string): void {
  mkdirSync(folder)
  let name = ''
  let count = 0
  for (let rune = 1; rune <= 0x1ffff; rune++) {
    if (rune === 0x2f || (rune >= 0xd800 && rune <= 0xdfff)) continue
    name += String.fromCodePoint(rune)
    if (++count % 50 !== 0 && rune !== 0x1ffff) continue
    writeFileSync(Buffer.from(join(folder, name)), '')
    name = ''
  }
}

describe('what restic wrote', () => {
  let folder: string
  let repository: OpenRepository

  beforeAll(async () => {
    folder = makeTemp('format')
    mkdirSync(join(folder, 'zoo'))
    await buildZoo(join(folder, 'zoo'), { longPaths: false, largeFiles: false })
    writeUnicode(join(folder, 'unicode'))
    const repo = restic(join(folder, 'repo'))
    await repo.init()
    await repo.ok(['backup', '--exclude-caches', join(folder, 'zoo')], { env: { TZ: 'Asia/Kolkata' } })
    await repo.ok([
      'backup',
      '--tag',
      'a<b>,&',
      '--exclude',
      '*"\n',
      join(folder, 'zoo'),
      join(folder, 'unicode'),
    ])
    repository = await openRepository(join(folder, 'repo'), testPassword)
  })
  afterAll(() => removeTree(folder))

  const trees = () => [...repository.blobs].flatMap(([key, blob]) => (key.startsWith('tree ') ? [blob] : []))

  test('each tree is its own encoding', () => {
    expect(trees().length).toBeGreaterThan(30)
    for (const blob of trees()) {
      const stored = blob.toString()
      // A link target that is not UTF-8: restic before 0.16 has lost its bytes and keeps the escape of U+FFFD.
      const expected = stored.replace(/"linktarget":"[^"]*"/g, target =>
        target.replaceAll('\\ufffd', '\ufffd'),
      )
      const nodes = decodeTree(blob)
      if (nodes.length < 1000) expect(encodeTree(nodes).toString()).toBe(expected) // the large one comes next
    }
  })

  test('names are quoted alike, but for characters younger than its Unicode', () => {
    let younger = 0
    for (const blob of trees()) {
      for (const { name } of (JSON.parse(blob.toString()) as { nodes: { name: string }[] }).nodes) {
        const [node] = decodeTree(Buffer.from(JSON.stringify({ nodes: [{ name, type: 'fifo' }] })))
        // Where the two differ, ours must be the character and restic's an escape; never the reverse.
        let at = 0
        for (const char of goQuote(node!.name)) {
          if (name.startsWith(char, at)) at += char.length
          else {
            const rune = char.codePointAt(0)!
            const digits = rune.toString(16)
            const escape = rune < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
            expect(name.slice(at, at + escape.length)).toBe(escape)
            at += escape.length
            younger++
          }
        }
        expect(at).toBe(name.length)
      }
    }
    // Go 1.19, of which restic 0.14.0 is made, has Unicode 13; 14 and 15 added this many to the two planes.
    expect([0, 1119]).toContain(younger)
  })

  test('index, snapshots and config are their own encoding', () => {
    for (const json of repository.files('index').values()) {
      expect(encodeIndex(decodeIndex(json).packs).toString()).toBe(json.toString())
    }
    const snapshots = [...repository.files('snapshots').values()]
    expect(snapshots).toHaveLength(2)
    for (const json of snapshots)
      expect(encodeSnapshot(decodeSnapshot(json)).toString()).toBe(json.toString())
    expect(encodeConfig(decodeConfig(repository.config))).toEqual(repository.config)
  })
})

const time = '2024-02-29T12:34:56.5+05:30'

const fileNode = (name: string, content: Buffer): TreeNode => ({
  name: rawFromText(name),
  type: 'file',
  mode: 0o640,
  mtime: time,
  atime: time,
  ctime: time,
  uid: 7,
  gid: 8,
  user: '',
  group: 'g',
  inode: 2n ** 63n + 1n,
  deviceId: 2n ** 60n + 1n,
  size: content.length,
  links: 1,
  linkTarget: null,
  xattrs: [],
  genericAttributes: null,
  device: 0n,
  content: [idOf(content)],
  subtree: null,
  error: '',
})

const files = [
  { name: 'one "ü☃"\n', content: Buffer.from('plain and simple') },
  { name: 'two\u2028<&>', content: Buffer.alloc(100_000, 'again and ') },
  { name: 'zwei', content: Buffer.from('hard') },
]

/** A repository in an empty folder, by the shortest way. */
async function writeRepository(
  folder: string,
  version: 1 | 2,
): Promise<{ tree: Buffer; snapshotId: string }> {
  const save = (path: string, bytes: Buffer): string => {
    mkdirSync(join(folder, path), { recursive: true })
    const name = idOf(bytes)
    writeFileSync(join(folder, path, name), bytes)
    return name
  }
  const master = newMasterKey()
  const sealer = createSealer(master)
  for (const kind of ['data', 'locks']) mkdirSync(join(folder, kind))
  const who = { created: time, username: 'ü<', hostname: '"h"' }
  save('keys', encodeKeyFile(await createKeyFile(testPassword, master, who, { N: 1024, r: 8, p: 1 })))
  const config = { version, id: 'ab'.repeat(32), chunkerPolynomial: 0x3f08c229e2e3cdn }
  writeFileSync(join(folder, 'config'), sealer.seal(encodeConfig(config)))

  const levels = ['fast', 'default', 'max'] as const
  function savePack(type: 'data' | 'tree', plains: readonly Buffer[]): PackContents {
    let offset = 0
    const blobs = plains.map((plain, i) => {
      const compressed = version === 2 && i !== 0 // uncompressed blobs may stand among the others
      const sealed = sealer.seal(compressed ? compress(plain, levels[i]!) : plain)
      const { length } = sealed
      const uncompressedLength = compressed ? plain.length : 0
      const blob = { type, id: idOf(plain), offset, length, uncompressedLength, sealed }
      offset += length
      return blob
    })
    const header = sealer.seal(encodePackHeader(blobs))
    const headerBytes = Buffer.alloc(4)
    headerBytes.writeUInt32LE(header.length)
    const pack = Buffer.concat([...blobs.map(blob => blob.sealed), header, headerBytes])
    return { id: save(`data/${idOf(pack).slice(0, 2)}`, pack), blobs }
  }
  const tree = encodeTree(files.map(({ name, content }) => fileNode(name, content)))
  const packs = [
    savePack(
      'data',
      files.map(file => file.content),
    ),
    savePack('tree', [tree]),
  ]
  save('index', sealer.seal(wrapUnpacked(encodeIndex(packs), version)))
  const snapshot: Snapshot = {
    time,
    parent: null,
    tree: idOf(tree),
    paths: ['/ü'],
    hostname: 'h',
    username: 'u',
    uid: 7,
    gid: 8,
    excludes: ['*.o'],
    tags: ['<t>'],
    original: null,
    programVersion: 'x 1',
    summary: null,
  }
  return { tree, snapshotId: save('snapshots', sealer.seal(wrapUnpacked(encodeSnapshot(snapshot), version))) }
}

test.each([1, 2] as const)(
  'restic reads a repository of version %d made of our pieces alone',
  async version => {
    const folder = tempDir('pieces')
    const { tree, snapshotId } = await writeRepository(folder, version)
    const repo = restic(folder)
    expect(await repo.check(['--read-data'])).toContain('no errors were found')
    expect(await repo.ok(['cat', 'blob', idOf(tree)])).toBe(tree.toString())
    expect(await repo.snapshots()).toMatchObject([{ id: snapshotId, tags: ['<t>'], paths: ['/ü'], time }])
    const listed = await repo.json<{ struct_type: string }>(['ls', 'latest'])
    expect(listed.filter(entry => entry.struct_type === 'node')).toMatchObject(
      files.map(({ name, content }) => ({ name, size: content.length, uid: 7, gid: 8, mtime: time })),
    )
    for (const { name, content } of files) {
      expect((await repo.ok(['dump', 'latest', `/${name}`])) === content.toString()).toBe(true)
    }
  },
)
