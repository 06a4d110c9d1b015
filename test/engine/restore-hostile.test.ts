import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { idOf, type Id } from '../../src/main/engine/format/id.ts'
import { rawFromText } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import type { TreeNode } from '../../src/main/engine/format/tree.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import { openRepository } from '../../src/main/engine/repository.ts'
import {
  dataBlob,
  file,
  folder,
  node,
  putIndex,
  putPack,
  putSnapshot,
  putTree,
  treeBlob,
  type Blob,
} from '../support/crafted.ts'
import { withFaults } from '../support/faults.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { freshRepository } from '../support/repo.ts'
import { testPassword } from '../support/restic.ts'
import { makeFiles, restoreInto } from '../support/restoring.ts'
import { testRun } from '../support/run.ts'
import { tempDir } from '../support/tmp.ts'

const evil = dataBlob('evil')
const good = dataBlob('good')
const link = (name: string, linkTarget: string): TreeNode =>
  node(name, { type: 'symlink', mode: 0o1000000777, linkTarget: rawFromText(linkTarget), content: null })
const sized = (name: string, blob: Blob, size = blob.plain.length): TreeNode => ({
  ...file(name, blob.id),
  size,
})

interface Crafted {
  repo: Repository
  snapshot: SavedSnapshot
}
async function crafted(root: readonly TreeNode[], blobs: readonly Blob[]): Promise<Crafted> {
  const repo = await freshRepository()
  const { snapshot } = await putTree(repo, root, blobs)
  return { repo, snapshot }
}
/** A root folder with a tree of any bytes at all, valid or not, below it. */
const craftedBelow = (json: string): Promise<Crafted> => {
  const below = treeBlob(json)
  return crafted([sized('after', good), folder('below', below.id)], [below, evil, good])
}
const hold = (dir: string) => readManifest(dir)

describe('names that lead out of the target', () => {
  const json = (nodes: readonly TreeNode[]) => treeBlob(nodes).plain.toString('latin1')
  const named = (name: string) => json([sized('NAME', evil)]).replace('NAME', name)

  test.each([
    ['the parent', named('..')],
    ['the folder itself', named('.')],
    ['a path', named('x/y')],
    ['a way up', named('../../escaped')],
    ['an absolute path', named('/tmp/holdfast-escaped')],
    ['nothing', named('')],
    ['a NUL', named('a\\\\x00b')],
    ['a folder up', json([folder('NAME', treeBlob([sized('escaped', evil)]).id)]).replace('NAME', '../up')],
    [
      'a symlink, then a folder through it',
      `{"nodes":[${[link('a', '/tmp'), folder('a', treeBlob([sized('escaped', evil)]).id)]
        .map(each => json([each]).slice('{"nodes":['.length, -3))
        .join(',')}]}\n`,
    ],
  ])('%s: nothing is written outside, and the rest is restored', async (_, bytes) => {
    const { repo, snapshot } = await craftedBelow(bytes)
    const dir = tempDir()
    makeFiles(dir, { 'beside/file': 'untouched' })
    const before = hold(join(dir, 'beside'))

    const { result, run } = await restoreInto(repo, snapshot, join(dir, 'out'), { delete: true })

    expect(result.failed).toBe(1)
    expect(run.warnings.filter(({ kind }) => kind === 'unreadable')).toHaveLength(1)
    expect(readdirSync(dir).sort()).toEqual(['beside', 'out'])
    expect(manifestDifferences(before, hold(join(dir, 'beside')))).toEqual([])
    expect(readFileSync(join(dir, 'out/after'), 'utf8')).toBe('good')
    expect(existsSync('/tmp/holdfast-escaped') || existsSync('/tmp/escaped')).toBe(false)
  })

  test('a symlink that leads out is restored as it is, and nothing goes through it', async () => {
    const { repo, snapshot } = await crafted([link('away', '/etc'), sized('z', good)], [good])
    const out = join(tempDir(), 'out')
    await restoreInto(repo, snapshot, out)
    expect(readlinkSync(join(out, 'away'))).toBe('/etc')

    // The next snapshot has a folder in its place.
    const inside = treeBlob([sized('holdfast-escaped', evil)])
    const next = await crafted([folder('away', inside.id)], [inside, evil])
    await restoreInto(next.repo, next.snapshot, out)
    expect(readdirSync(join(out, 'away'))).toEqual(['holdfast-escaped'])
    expect(existsSync('/etc/holdfast-escaped')).toBe(false)
  })

  test.each([
    ['darwin', ['README', 'readme']],
    ['darwin', ['caf\u00e9', 'cafe\u0301']],
    ['win32', ['README', 'Readme']],
  ] as const)(
    'names that are one on %s: the second fails, the first is kept (%j)',
    async (platform, names) => {
      const root = names.map((name, nth) => sized(name, nth === 0 ? good : evil))
      root.sort((a, b) => (a.name < b.name ? -1 : 1))
      const { repo, snapshot } = await crafted(root, [good, evil])
      for (const dryRun of [true, false]) {
        const out = join(tempDir(), 'out')
        const { result } = await restoreInto(repo, snapshot, out, { dryRun }, testRun(), { platform })
        expect(result).toMatchObject({ failed: 1, filesRestored: 1 })
        if (!dryRun) expect(readdirSync(out)).toHaveLength(1)
      }
    },
  )

  test.each(['..\\up', 'C:x', 'a:stream', 'NUL', 'con.txt', 'dot.', 'a|b'])(
    'a name that Windows reads otherwise fails there: %s',
    async name => {
      const { repo, snapshot } = await crafted([sized(name, evil), sized('z', good)], [evil, good])
      const out = join(tempDir(), 'out')
      const { result } = await restoreInto(repo, snapshot, out, {}, testRun(), { platform: 'win32' })
      expect(result).toMatchObject({ failed: 1, filesRestored: 1 })
      expect(readdirSync(out)).toEqual(['z'])
    },
  )
})

describe('nodes that lie', () => {
  test("a size that is not the content's: the content counts", async () => {
    const { repo, snapshot } = await crafted(
      [sized('larger', good, 2 ** 40), sized('none', good, 0), sized('smaller', good, 1)],
      [good],
    )
    const out = join(tempDir(), 'out')
    const { result, run } = await restoreInto(repo, snapshot, out, { verify: true })
    expect(['larger', 'none', 'smaller'].map(name => readFileSync(join(out, name), 'utf8'))).toEqual([
      'good',
      'good',
      'good',
    ])
    expect(result).toMatchObject({ failed: 0, bytesRestored: 12, filesVerified: 3 })
    expect(run.warnings.map(({ kind }) => kind)).toEqual(['note', 'note', 'note'])
  })

  test('what is incomplete fails alone', async () => {
    const { repo, snapshot } = await crafted(
      [
        node('a-file-without-content', { content: null }),
        node('c-link-without-target', { type: 'symlink', content: null }),
        file('d-lost-blob', 'ab'.repeat(32)),
        folder('e-lost-tree', 'cd'.repeat(32)),
        node('f-socket', { type: 'socket', content: null }),
        node('g-device', { type: 'fifo', content: null, links: 0 }),
        sized('z-whole', good),
      ],
      [good],
    )
    const out = join(tempDir(), 'out')
    const { result, run } = await restoreInto(repo, snapshot, out)
    expect(run.warnings.filter(({ kind }) => kind === 'unreadable').map(({ path }) => path)).toEqual([
      '/a-file-without-content',
      '/c-link-without-target',
      '/d-lost-blob',
      '/e-lost-tree',
    ])
    expect(result).toMatchObject({ failed: 4, filesRestored: 2, filesSkipped: 1 })
    expect(readdirSync(out).sort()).toEqual(['e-lost-tree', 'g-device', 'z-whole'])
  })

  test('where a folder could not be read whole, --delete removes nothing', async () => {
    const inner = treeBlob([sized('kept', good)])
    const { repo, snapshot } = await crafted(
      [folder('lost', 'cd'.repeat(32)), folder('whole', inner.id)],
      [inner, good],
    )
    const out = join(tempDir(), 'out')
    makeFiles(out, { 'lost/mine': 'x', 'whole/mine': 'x', mine: 'x' })
    const { items } = await restoreInto(repo, snapshot, out, { delete: true })
    expect(items.filter(item => item.startsWith('delete'))).toEqual(['delete /mine', 'delete /whole/mine'])
  })

  test('an index that claims an absurd length costs no memory and leaves nothing', async () => {
    const repo = await freshRepository()
    const pack = await putPack(repo, [evil])
    const tree = treeBlob([file('huge', evil.id, evil.id), sized('z', good)])
    const others = [await putPack(repo, [good]), await putPack(repo, [tree])]
    const lie = { ...pack, blobs: pack.blobs.map(blob => ({ ...blob, uncompressedLength: 2 ** 32 - 1 })) }
    await putIndex(repo, [lie, ...others])
    const snapshot = await putSnapshot(repo, tree.id)
    const out = join(tempDir(), 'out')
    const { result } = await restoreInto(repo, snapshot, out)
    expect(result).toMatchObject({ failed: 1, filesRestored: 1 })
    expect(readdirSync(out)).toEqual(['z'])
  })
})

describe('damage', () => {
  /** Two files in a pack of their own each, one in both packs, one that needs both. */
  async function twoPacks() {
    const backend = memoryBackend()
    const repo = await freshRepository({ backend })
    const [one, two, both] = [dataBlob('one'), dataBlob('two'), dataBlob('in both')]
    const first = await putPack(repo, [one, both])
    const second = await putPack(repo, [both, two])
    const tree = treeBlob([
      sized('both', both),
      { ...file('mixed', one.id, two.id, one.id), size: 9 },
      sized('one', one),
      sized('two', two),
    ])
    await putIndex(repo, [first, second, await putPack(repo, [tree])])
    return { repo, backend, snapshot: await putSnapshot(repo, tree.id), first, second }
  }
  const flip = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1)

  test.each<[string, (bytes: Uint8Array) => Uint8Array | null]>([
    ['gone', () => null],
    ['cut short', bytes => bytes.slice(0, 10)],
    ['empty', bytes => bytes.slice(0, 0)],
    ['flipped in every blob', bytes => bytes.map(byte => byte ^ 1)],
    ['flipped in one bit', bytes => flip(bytes, 20)],
  ])('a pack that is %s fails the files that need it; a second copy is used', async (_, harm) => {
    const { repo, backend, snapshot, first } = await twoPacks()
    const key = `pack/${first.id}`
    const harmed = harm(backend.files.get(key)!)
    if (harmed) backend.files.set(key, harmed)
    else backend.files.delete(key)
    const out = join(tempDir(), 'out')
    makeFiles(out, { mixed: 'as it was' })

    const { result, run, items } = await restoreInto(repo, snapshot, out, { verify: true })

    expect(run.warnings.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'unreadable /mixed',
      'unreadable /one',
    ])
    expect(items).toEqual(['create /both', 'create /two'])
    expect(result).toMatchObject({ failed: 2, filesRestored: 2, filesVerified: 2, bytesRestored: 10 })
    expect(readdirSync(out).sort()).toEqual(['both', 'mixed', 'two'])
    expect(readFileSync(join(out, 'mixed'), 'utf8')).toBe('as it was')
    const last = run.reports.at(-1)
    expect(last).toMatchObject({ doneFiles: 4, totalFiles: 4, doneBytes: 22, totalBytes: 22, errors: 2 })
  })

  test('a blob that is another one than its index says is not restored', async () => {
    const repo = await freshRepository()
    const pack = await putPack(repo, [evil])
    const tree = treeBlob([sized('file', good)])
    const swapped = { ...pack, blobs: pack.blobs.map(blob => ({ ...blob, id: good.id as Id })) }
    await putIndex(repo, [swapped, await putPack(repo, [tree])])
    const out = join(tempDir(), 'out')
    const { result } = await restoreInto(repo, await putSnapshot(repo, tree.id), out)
    expect(idOf(good.plain)).not.toBe(idOf(evil.plain))
    expect(result.failed).toBe(1)
    expect(readdirSync(out)).toEqual([])
  })

  test('hard links to a file that is lost fail with it', async () => {
    const { repo, snapshot } = await crafted(
      [
        node('a', { content: ['ab'.repeat(32)], links: 2 }),
        node('b', { content: ['ab'.repeat(32)], links: 2 }),
      ],
      [],
    )
    const { result } = await restoreInto(repo, snapshot, join(tempDir(), 'out'))
    expect(result).toMatchObject({ failed: 2, filesRestored: 0 })
  })

  test('any one call to the storage may fail: an error in words, no temporary file, and the next run completes', async () => {
    const { backend, snapshot } = await twoPacks()
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; ; nth++) {
        const faulty = withFaults(backend, nth, when)
        const out = join(tempDir(), 'out')
        mkdirSync(out)
        writeFileSync(join(out, 'one'), 'old')
        const done = await openRepository(faulty.backend, testPassword, testRun())
          .then(repo => restoreInto(repo, snapshot, out, { lock: false }))
          .then(
            ({ result }) => result,
            error => error,
          )
        expect(readdirSync(out).filter(name => name.startsWith('.'))).toEqual([])
        if (done instanceof Error) expect(done).toMatchObject({ code: 'backend_unreachable' })
        else expect(done).toMatchObject({ filesRestored: 4, failed: 0 }) // it asked again
        const repo = await openRepository(backend, testPassword, testRun())
        const next = await restoreInto(repo, snapshot, out, { verify: true })
        expect(next.result).toMatchObject({ failed: 0, filesVerified: 4 })
        if (!faulty.fired()) break
      }
    }
    expect(statSync(tempDir()).isDirectory()).toBe(true)
  })

  test('a storage that is gone stops the restore at once', async () => {
    const { repo, snapshot, backend } = await twoPacks()
    let reads = 0
    const gone: Repository = {
      ...repo,
      backend: {
        ...backend,
        read: (ref, range, signal) => {
          if (ref.kind === 'pack') reads++
          return ref.kind === 'pack' && reads > 1 ? lost() : backend.read(ref, range, signal)
        },
        stat: () => lost(),
      },
    }
    const { BackendError } = await import('../../src/shared/errors.ts')
    const lost = () => Promise.reject(new BackendError('backend_unreachable', 'The drive is gone.'))
    const out = join(tempDir(), 'out')
    await expect(restoreInto(gone, snapshot, out)).rejects.toMatchObject({ code: 'backend_unreachable' })
    expect(existsSync(out) ? readdirSync(out).filter(name => name.startsWith('.')) : []).toEqual([])
  })
})
