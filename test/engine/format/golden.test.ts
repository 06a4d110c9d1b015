import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeConfig, encodeConfig } from '../../../src/main/engine/format/config.ts'
import { idOf } from '../../../src/main/engine/format/id.ts'
import { decodeIndex } from '../../../src/main/engine/format/index-file.ts'
import { packSize, plainLength } from '../../../src/main/engine/format/pack.ts'
import { bufferFromRaw, joinRaw, rawFromText, textFromRaw } from '../../../src/main/engine/format/raw.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/main/engine/format/snapshot.ts'
import { decodeTree, encodeTree } from '../../../src/main/engine/format/tree.ts'
import type { TreeNode } from '../../../src/main/engine/format/tree.ts'
import { openRepository } from '../../support/open-repository.ts'
import type { OpenRepository } from '../../support/open-repository.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { goldenArchive, goldenManifest, vectors } from '../../support/vectors.ts'
import type { ManifestEntry } from '../../support/vectors.ts'

let folder: string
let repository: OpenRepository

beforeAll(async () => {
  folder = makeTemp('golden')
  execFileSync('tar', ['xzf', fileURLToPath(goldenArchive), '-C', folder])
  repository = await openRepository(join(folder, 'golden-repo'), vectors.password)
})
afterAll(() => removeTree(folder))

test('the second password opens the same config', async () => {
  const other = await openRepository(join(folder, 'golden-repo'), vectors.password2)
  expect(other.config).toEqual(repository.config)
})

test('the config is its own encoding', () => {
  expect(repository.config.toString()).toBe(vectors.config.plaintext_utf8)
  expect(encodeConfig(decodeConfig(repository.config))).toEqual(repository.config)
})

test('index and packs say the same', () => {
  const indexed = [...repository.files('index').values()].flatMap(json => decodeIndex(json).packs)
  expect(new Map(indexed.map(pack => [pack.id, pack.blobs.toSorted((a, b) => a.offset - b.offset)]))).toEqual(
    new Map([...repository.packs].map(([id, { entries }]) => [id, entries])),
  )
  expect(repository.packs.size).toBe(vectors.packs.length)
  for (const pack of vectors.packs) {
    const { size, entries } = repository.packs.get(pack.id)!
    expect(size).toBe(pack.size)
    expect(packSize(entries)).toBe(size)
  }
})

test('every blob has the ID and length it should', () => {
  for (const [type, list] of [
    ['data', vectors.data_blobs],
    ['tree', vectors.tree_blobs],
  ] as const) {
    for (const { id, length, pack } of list) {
      expect(repository.blobs.get(`${type} ${id}`)?.length).toBe(length)
      const entry = repository.packs.get(pack)!.entries.find(known => known.id === id && known.type === type)
      expect(plainLength(entry!)).toBe(length)
    }
  }
  expect(repository.blobs.size).toBe(vectors.data_blobs.length + vectors.tree_blobs.length)
  expect(idOf(new Uint8Array(0))).toBe(vectors.empty_sha256)
  expect(idOf(new Uint8Array(512 * 1024))).toBe(vectors.zero_chunk_sha256_512KiB)
})

test('every snapshot is its own encoding', () => {
  const snapshots = repository.files('snapshots')
  expect([...snapshots.keys()].toSorted()).toEqual(vectors.snapshots.map(({ id }) => id).toSorted())
  for (const { id, json } of vectors.snapshots) {
    expect(snapshots.get(id)!.toString()).toBe(json)
    expect(encodeSnapshot(decodeSnapshot(Buffer.from(json))).toString()).toBe(json)
  }
})

test.each(vectors.tree_blobs)('tree $id is its own encoding', ({ id, json }) => {
  expect(repository.blobs.get(`tree ${id}`)!.toString()).toBe(json)
  const encoded = encodeTree(decodeTree(Buffer.from(json)))
  expect(encoded.toString()).toBe(json)
  expect(idOf(encoded)).toBe(id)
})

/** Below the snapshot's root, parents before children. */
function* walk(tree: string, at: Raw): Generator<[Raw, TreeNode]> {
  for (const node of decodeTree(repository.blobs.get(`tree ${tree}`)!)) {
    const path = joinRaw(at, node.name)
    yield [path, node]
    if (node.subtree !== null) yield* walk(node.subtree, path)
  }
}

/** A node in the manifest's words. */
function entryOf(path: Raw, node: TreeNode): ManifestEntry {
  const content = node.content?.map(id => repository.blobs.get(`data ${id}`)!)
  const whole = content === undefined ? undefined : Buffer.concat(content)
  const xattrs = node.xattrs.map(({ name, value }) => ({
    name: textFromRaw(name),
    value: Buffer.from(value).toString('base64'),
  }))
  return {
    path: textFromRaw(path),
    path_raw_hex: bufferFromRaw(path).toString('hex'),
    stored_name: expect.any(String) as string, // the encoding of trees proves it
    type: node.type,
    go_mode: node.mode,
    perm_octal: (node.mode & 0o777).toString(8),
    uid: node.uid,
    gid: node.gid,
    mtime: node.mtime,
    size: node.size,
    inode: Number(node.inode),
    ...(node.links === 0 ? {} : { links: node.links }),
    ...(node.linkTarget === null ? {} : { linktarget: textFromRaw(node.linkTarget) }),
    ...(xattrs.length === 0 ? {} : { extended_attributes: xattrs }),
    ...(whole === undefined
      ? {}
      : { sha256: idOf(whole), content_bytes: whole.length, blobs: content!.length }),
  }
}

describe.each(goldenManifest.snapshots)('snapshot $id', ({ id, time, tree, paths, hostname, tags }) => {
  test('says of itself what the manifest says', () => {
    expect(decodeSnapshot(repository.files('snapshots').get(id)!)).toMatchObject({
      time,
      tree,
      paths,
      hostname,
      tags,
    })
  })

  test('holds what the manifest lists, to the byte', () => {
    const entries = [...walk(tree, rawFromText('/'))].map(([path, node]) => entryOf(path, node))
    const byPath = (list: ManifestEntry[]) => new Map(list.map(entry => [entry.path_raw_hex, entry]))
    expect(byPath(entries)).toEqual(byPath(goldenManifest.trees[id]!))
    expect(entries).toHaveLength(goldenManifest.trees[id]!.length)
  })
})
