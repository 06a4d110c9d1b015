import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { check, type CheckResult, type ReadData } from '../../src/main/engine/check.ts'
import { choosePacks } from '../../src/main/engine/check/choose.ts'
import { idOf, shortId } from '../../src/main/engine/format/id.ts'
import { encodeLock } from '../../src/main/engine/format/lock.ts'
import { textFromRaw } from '../../src/main/engine/format/raw.ts'
import type { TreeNode } from '../../src/main/engine/format/tree.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
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
} from '../support/crafted.ts'
import { AppError, BackendError } from '../../src/shared/errors.ts'
import { withFaults } from '../support/faults.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { goldenCopy } from '../support/memory-copy.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { buildTree, nextDay } from '../support/seeded-tree.ts'
import { tempDir } from '../support/tmp.ts'
import { vectors } from '../support/vectors.ts'

const run = testRun()
const all: ReadData = { kind: 'all' }
const structure: ReadData = { kind: 'none' }
const quick = (repo: Repository, readData: ReadData = all) =>
  check(repo, { readData, lock: false, threads: 0 }, run)

/** `level kind: message` of each problem. */
const told = ({ problems }: CheckResult) =>
  problems.map(({ level, kind, message }) => `${level} ${kind}: ${message}`)
const subjects = ({ problems }: CheckResult) => problems.map(({ kind, subject }) => `${kind} ${subject}`)

describe('the golden repository', () => {
  let repo: Repository
  let backend: ReturnType<typeof memoryBackend>
  let whole: Map<string, Uint8Array>
  beforeAll(async () => {
    backend = await goldenCopy()
    whole = new Map(backend.files)
    repo = await openRepository(backend, vectors.password, run)
  })
  beforeEach(() => {
    backend.files.clear()
    for (const [name, bytes] of whole) backend.files.set(name, bytes)
  })

  const nameOf = (start: string) => [...whole.keys()].find(name => name.startsWith(start))!
  const flip = (start: string, at: number) => {
    const bytes = Uint8Array.from(whole.get(nameOf(start))!)
    bytes[at < 0 ? bytes.length + at : at]! ^= 0x40
    backend.files.set(nameOf(start), bytes)
  }
  const remove = (start: string) => backend.files.delete(nameOf(start))
  const resize = (start: string, sizeBytes: number) => {
    const bytes = new Uint8Array(sizeBytes)
    bytes.set(whole.get(nameOf(start))!.subarray(0, sizeBytes))
    backend.files.set(nameOf(start), bytes)
  }

  test('has no problems, and every byte of its packs was read', async () => {
    const run = testRun({ now: () => 7_000 })
    expect(await check(repo, { readData: all, lock: true, threads: 0 }, run)).toEqual({
      problems: [],
      snapshots: 2,
      trees: 11,
      blobs: 33,
      packs: 4,
      packsRead: 4,
      bytesRead: vectors.packs.reduce((sum, pack) => sum + pack.size, 0),
      durationMs: 0,
      damagedSnapshots: [],
    })
    expect(
      run.reports.findLast(report => report.phase === 'check' && report.totalFiles !== null),
    ).toMatchObject({
      doneFiles: 4,
      totalFiles: 4,
      errors: 0,
    })
    expect([...backend.files.keys()].filter(name => name.startsWith('lock/'))).toEqual([])
  })

  const mac = 'sealed data does not fit its MAC: it was damaged or altered, or sealed with another key.'
  const capitalMac = `S${mac.slice(1)}`
  const unfit = 'its content does not fit its name'
  const cases: [what: string, damage: () => void, readData: ReadData, expected: string[]][] = [
    [
      'a missing data pack',
      () => remove('pack/4790'),
      structure,
      [
        'error pack_missing: Pack 4790c356 is missing, and with it 21 blobs. Damaged by that: /tree/a/b/c/one-byte in snapshot f07590e0, /tree/a/b/deep.txt in snapshot f07590e0, /tree/a/hard2 in snapshot f07590e0, and 32 more in 2 snapshots.',
      ],
    ],
    [
      'a pack that nothing but one file needs',
      () => remove('pack/42f1'),
      structure,
      [
        'error pack_missing: Pack 42f1f743 is missing, and with it 1 blob. Damaged by that: /tree/a/hello.txt in snapshot f07590e0.',
      ],
    ],
    [
      'a truncated pack',
      () => resize('pack/4790', 3_147_700),
      structure,
      [
        'error pack_size: Pack 4790c356 has 3,147,700 bytes instead of 3,147,846. No snapshot is damaged by that.',
      ],
    ],
    [
      'a truncated pack, read',
      () => resize('pack/ecebede5', 1_000),
      all,
      [
        'error pack_size: Pack ecebede5 has 1,000 bytes instead of 3,721. Damaged by that: /tree/emptydir/ in snapshot f07590e0, /tree/setgid/ in snapshot f07590e0, /tree/sticky/ in snapshot f07590e0, and 1 more in 2 snapshots.',
        'error pack_damaged: Pack ecebede5 is damaged: its content does not fit its name.',
        'error pack_header: The header of pack ecebede5 is damaged: it claims to be 2,068,438,597 bytes long.',
        "error pack_blobs: Pack ecebede5: 4 of 6 blobs can't be read. The first: The tree blob 725b9e9c lies beyond the end of the pack. Damaged by that: /tree/emptydir/ in snapshot f07590e0, /tree/setgid/ in snapshot f07590e0, /tree/sticky/ in snapshot f07590e0, and 1 more in 2 snapshots.",
      ],
    ],
    [
      'a byte more at the end of a pack',
      () => resize('pack/42f1', 135),
      structure,
      ['error pack_size: Pack 42f1f743 has 135 bytes instead of 134. No snapshot is damaged by that.'],
    ],
    ['a flipped bit in data, structure only', () => flip('pack/4790', 50), structure, []],
    [
      'a flipped bit in data',
      () => flip('pack/4790', 50),
      all,
      [
        'error pack_damaged: Pack 4790c356 is damaged: its content does not fit its name.',
        `error pack_blobs: Pack 4790c356: 1 of 21 blobs can't be read. The first: Data blob e7fa792a is damaged: ${mac} Damaged by that: /tree/a/b/deep.txt in snapshot f07590e0, and 1 more in 2 snapshots.`,
      ],
    ],
    [
      "a flipped bit in a pack's header",
      () => flip('pack/4790', -10),
      all,
      [
        'error pack_damaged: Pack 4790c356 is damaged: its content does not fit its name.',
        `error pack_header: The header of pack 4790c356 is damaged: ${capitalMac}`,
      ],
    ],
    [
      'a flipped bit in a tree, structure only',
      () => flip('pack/ecebede5', 300),
      structure,
      [
        `error blob_damaged: Pack ecebede5: Tree blob e6a4bc6b is damaged: ${mac} Damaged by that: /tree/a/b/ in snapshot bb072acf.`,
      ],
    ],
    [
      'a flipped bit in a tree',
      () => flip('pack/ecebede5', 300),
      all,
      [
        'error pack_damaged: Pack ecebede5 is damaged: its content does not fit its name.',
        `error pack_blobs: Pack ecebede5: 1 of 6 blobs can't be read. The first: Tree blob e6a4bc6b is damaged: ${mac} Damaged by that: /tree/a/b/ in snapshot bb072acf.`,
      ],
    ],
    [
      'a missing index file',
      () => remove('index/dac9'),
      all,
      [
        'error blob_missing: Tree blob ef9c98f1 is in no index. Damaged by that: / in snapshot f07590e0.',
        'hint pack_orphan: Pack 0350a641 is in no index: left by an interrupted run, or its index is lost.',
        'hint pack_orphan: Pack 42f1f743 is in no index: left by an interrupted run, or its index is lost.',
      ],
    ],
    [
      'a damaged index file',
      () => flip('index/dac9', 100),
      structure,
      [
        `error index_damaged: The index file dac97372 is damaged: ${unfit}.`,
        'error blob_missing: Tree blob ef9c98f1 is in no index. Damaged by that: / in snapshot f07590e0.',
        'hint pack_orphan: Pack 0350a641 is in no index: left by an interrupted run, or its index is lost.',
        'hint pack_orphan: Pack 42f1f743 is in no index: left by an interrupted run, or its index is lost.',
      ],
    ],
    [
      'a damaged snapshot and a lost pack that only it needs',
      () => {
        flip('snapshot/f075', 40)
        remove('pack/42f1')
      },
      structure,
      [
        `error snapshot_damaged: The snapshot file f07590e0 is damaged: ${unfit}.`,
        'error pack_missing: Pack 42f1f743 is missing, and with it 1 blob. No snapshot that can be read is damaged by that.',
      ],
    ],
    [
      'a damaged key file',
      () => flip('key/c132', 0),
      structure,
      ['error key_damaged: Key file c1327672 is damaged: it does not fit its name.'],
    ],
    [
      'all keys gone',
      () => (remove('key/c132'), remove('key/cdbc')),
      structure,
      ['error key_missing: No key file is left that could be read: nobody can open the repository any more.'],
    ],
    [
      'a damaged config',
      () => flip('config/', 20),
      structure,
      [
        `error config_damaged: The config file is damaged: nobody can open the repository any more. ${capitalMac}`,
      ],
    ],
    [
      'a lock that is none',
      () => backend.files.set(`lock/${'ab'.repeat(32)}`, Buffer.from('hi')),
      structure,
      [`hint lock_damaged: The lock file abababab is damaged: ${unfit}.`],
    ],
  ]
  test.each(cases)('%s', async (_what, damage, readData, expected) => {
    damage()
    expect(told(await quick(repo, readData))).toEqual(expected)
  })

  test('names the whole IDs, all paths, and the snapshots concerned', async () => {
    flip('pack/4790', 50)
    const { problems, damagedSnapshots } = await quick(repo)
    const [second, first] = [vectors.snapshots[1]!.id, vectors.snapshots[0]!.id].sort().reverse()
    expect(new Set(damagedSnapshots)).toEqual(new Set([first, second]))
    expect(problems[1]!.subject).toBe(`pack ${vectors.packs.find(({ id }) => id.startsWith('4790'))!.id}`)
    expect(problems[1]!.affected).toEqual({
      places: 2,
      snapshots: damagedSnapshots,
      paths: [{ snapshot: expect.stringMatching(/^f07590e0/) as string, path: '/tree/a/b/deep.txt' }],
    })
  })

  test('a repository that has vanished is no damage', async () => {
    backend.files.clear()
    await expect(quick(repo)).rejects.toMatchObject({ code: 'repository_missing' })
  })

  test('what is in memory is not trusted', async () => {
    const fresh = await openRepository(backend, vectors.password, run)
    await fresh.loadIndex(run)
    remove('index/dac9')
    expect((await quick(fresh, structure)).problems[0]!.kind).toBe('blob_missing')
  })

  test('a file that never answers, while others do, is damaged', async () => {
    const pack = nameOf('pack/42f1').slice(5)
    const sick = {
      ...backend,
      read: (...[ref, range, signal]: Parameters<typeof backend.read>) =>
        ref.name === pack
          ? Promise.reject(new BackendError('backend_unreachable', 'Input/output error.'))
          : backend.read(ref, range, signal),
    }
    expect(told(await quick({ ...repo, backend: sick }))).toEqual([
      "error pack_damaged: Pack 42f1f743 can't be read. Input/output error. Damaged by that: /tree/a/hello.txt in snapshot f07590e0.",
    ])
  })

  test('stops when cancelled', async () => {
    const run = testRun()
    run.abort(new Error('stop'))
    await expect(check(repo, { readData: all, lock: false, threads: 0 }, run)).rejects.toThrow('stop')
  })
})

describe('repositories that no backup would write', () => {
  let repo: Repository
  beforeEach(async () => {
    repo = await freshRepository()
  })
  const one = dataBlob('one')
  const two = dataBlob('two')

  test('a valid one has no problems', async () => {
    const sub = treeBlob([file('b', two.id)])
    await putTree(repo, [file('a', one.id), folder('sub', sub.id)], [one, two, sub])
    expect(await quick(repo)).toMatchObject({ problems: [], blobs: 4, packs: 2, trees: 2, snapshots: 1 })
  })

  test('a blob in no index is named with each file, and counted once per snapshot', async () => {
    const { snapshot } = await putTree(repo, [file('a', one.id, two.id), file('b', two.id)], [one])
    const again = await putSnapshot(repo, snapshot.tree, { time: '2025-01-01T00:00:00Z' })
    const { problems, damagedSnapshots } = await quick(repo)
    expect(problems).toEqual([
      {
        level: 'error',
        kind: 'blob_missing',
        subject: `data blob ${two.id}`,
        message: `Data blob ${shortId(two.id)} is in no index. Damaged by that: /a in snapshot ${shortId(again.id)}, /b in snapshot ${shortId(again.id)}, and 2 more in 2 snapshots.`,
        affected: {
          places: 4,
          snapshots: [snapshot.id, again.id],
          paths: [
            { snapshot: again.id, path: '/a' },
            { snapshot: again.id, path: '/b' },
          ],
        },
      },
    ])
    expect(damagedSnapshots).toEqual([snapshot.id, again.id])
  })

  test('of one kind a hundred problems are listed and the rest is counted with its files', async () => {
    const lost = Array.from({ length: 250 }, (_, n) => dataBlob(`lost ${n}`))
    const files = lost.map(({ id }, n) => file(`file-${String(n).padStart(3, '0')}`, id))
    await putTree(repo, files, [])
    const { problems } = await quick(repo)
    expect(problems).toHaveLength(101)
    expect(problems[0]!.affected!.places).toBe(1)
    expect(problems[100]).toMatchObject({
      kind: 'blob_missing',
      subject: '150 more',
      affected: { places: 150 },
    })
    expect(problems[100]!.affected!.paths).toHaveLength(100)
    expect(problems[100]!.message).toMatch(
      /^150 more like these, such as: Data blob .* and 147 more in 1 snapshot\.$/,
    )
    const named = problems.flatMap(({ affected }) => affected!.paths.map(({ path }) => textFromRaw(path)))
    expect(new Set(named).size).toBe(200)
  })

  test('a file without content', async () => {
    const sub = treeBlob([node('a\x1b[2J', { content: null })])
    const { snapshot } = await putTree(repo, [folder('sub', sub.id)], [sub])
    expect((await quick(repo)).problems).toEqual([
      {
        level: 'error',
        kind: 'node_invalid',
        subject: `tree blob ${sub.id}`,
        message: `Tree ${shortId(sub.id)}: the file “a\\x1b[2J” has no list of its content. Damaged by that: /sub/ in snapshot ${shortId(snapshot.id)}.`,
        affected: { places: 1, snapshots: [snapshot.id], paths: [{ snapshot: snapshot.id, path: '/sub/' }] },
      },
    ])
  })

  const entry = (json: string) => `{"nodes":[${json}]}\n`
  const stored = (node: TreeNode) => treeBlob([node]).plain.toString().slice(10, -3)
  test.each([
    ['no tree at all', 'nodes'],
    ['a name that is no text', entry('{"name":7}')],
    ['a name that climbs', entry(stored(file('x')).replace('"x"', '".."'))],
    ['a name with a slash', entry(stored(file('x')).replace('"x"', '"../x"'))],
    ['no name', entry(stored(file('x')).replace('"x"', '""'))],
    ['two of one name', entry(`${stored(file('x'))},${stored(file('x'))}`)],
    ['a folder without content', entry(stored(folder('x', null)))],
    ['an unknown type', entry(stored(file('x')).replace('"file"', '"door"'))],
  ])('a tree blob with %s', async (_what, text) => {
    const sub = treeBlob(text)
    await putTree(repo, [folder('sub', sub.id)], [sub])
    const [problem, ...more] = (await quick(repo)).problems
    expect(more).toEqual([])
    expect(problem).toMatchObject({
      kind: 'tree_invalid',
      subject: `tree blob ${sub.id}`,
      message: expect.stringMatching(
        /^Tree blob \w{8} is not a valid tree: .* Damaged by that: \/sub\/ in/,
      ) as string,
      affected: { paths: [{ path: '/sub/' }] },
    })
  })

  test('a blob whose content is not what its ID says', async () => {
    const false_ = { ...one, plain: Buffer.from('uno') }
    await putTree(repo, [file('a', one.id)], [false_])
    const result = await quick(repo)
    expect(subjects(result).map(text => text.slice(0, 15))).toEqual(['pack_blobs pack'])
    expect(result.problems[0]!.message).toMatch(/does not fit its hash/)
    expect((await quick(repo, structure)).problems).toEqual([]) // only reading can tell
  })

  test('a header that leaves out a blob, and one that adds one', async () => {
    const tree = treeBlob([file('a', one.id), file('b', two.id)])
    const less = await putPack(repo, [one, two], entries => [
      { ...entries[0]!, length: entries[0]!.length + entries[1]!.length },
    ])
    const treePack = await putPack(repo, [tree])
    await putIndex(repo, [less, treePack])
    await putSnapshot(repo, tree.id)
    const messages = told(await quick(repo))
    expect(messages).toContain(
      `error pack_header: The header of pack ${shortId(less.id)} and the index disagree: 2 blobs of the index not in the header, 1 blob of the header not in the index.`,
    )
  })

  test('an index that leaves out a blob of a pack', async () => {
    const tree = treeBlob([file('a', one.id)])
    const pack = await putPack(repo, [one, two])
    await putIndex(repo, [{ ...pack, blobs: pack.blobs.slice(0, 1) }, await putPack(repo, [tree])])
    await putSnapshot(repo, tree.id)
    expect((await quick(repo)).problems.map(({ kind }) => kind)).toEqual(['pack_size', 'pack_header'])
  })

  test('an index with a gap, with an overlap, and beyond the end', async () => {
    const tree = treeBlob([file('a', one.id), file('b', two.id)])
    const pack = await putPack(repo, [one, two])
    const trees = await putPack(repo, [tree])
    await putSnapshot(repo, tree.id)
    for (const [shift, message] of [
      [5, /a gap between blobs/],
      [-5, /blobs that overlap/],
    ] as const) {
      const blobs = [pack.blobs[0]!, { ...pack.blobs[1]!, offset: pack.blobs[1]!.offset + shift }]
      const index = await putIndex(repo, [{ ...pack, blobs }, trees])
      const { problems } = await quick(repo, structure)
      expect(problems.map(({ kind }) => kind)).toEqual(['pack_layout'])
      expect(problems[0]!.message).toMatch(message)
      await repo.removeFile('index', index, run.signal)
    }
  })

  test('damage of one copy costs nothing while another is whole', async () => {
    const tree = treeBlob([file('a', one.id)])
    const first = await putPack(repo, [one])
    const second = await putPack(repo, [one, two])
    await putIndex(repo, [first, second, await putPack(repo, [tree])])
    await putSnapshot(repo, tree.id)
    const hint = 'hint duplicate_blobs: 1 blob more than needed: stored twice or more.'
    expect(told(await quick(repo))).toEqual([hint])

    const { backend } = repo
    const flipped: typeof backend = {
      ...backend,
      async read(ref, range, signal) {
        const bytes = await backend.read(ref, range, signal)
        if (ref.name === second.id && range === 'all') bytes[20]! ^= 1
        return bytes
      },
    }
    const bitRot = await quick({ ...repo, backend: flipped })
    expect(told(bitRot).slice(1)).toEqual([
      expect.stringMatching(/: 1 of 2 blobs can't be read\. .* No snapshot is damaged by that\.$/),
      hint,
    ])
    expect(bitRot.damagedSnapshots).toEqual([])

    await repo.removeFile('pack', first.id, run.signal)
    const result = await quick(repo)
    expect(told(result)).toEqual([
      `error pack_missing: Pack ${shortId(first.id)} is missing, and with it 1 blob. No snapshot is damaged by that.`,
      hint,
    ])
    expect(result.damagedSnapshots).toEqual([])
    await repo.removeFile('pack', second.id, run.signal)
    expect((await quick(repo)).problems.map(({ affected }) => affected?.places)).toEqual([1, 1, undefined])
  })

  test('hints: mixed packs, trees not compressed, packs in several indexes, stale locks', async () => {
    const tree = { ...treeBlob([file('a', one.id)]), raw: true }
    const pack = await putPack(repo, [one, tree])
    const indexes = [await putIndex(repo, [pack]), await putIndex(repo, [pack])].sort().map(shortId)
    await putSnapshot(repo, tree.id)
    const lock = {
      time: '2024-01-01T00:00:00Z',
      exclusive: false,
      hostname: 'elsewhere',
      username: 'bob',
      pid: 7,
      uid: 0,
      gid: 0,
    }
    const stale = await repo.saveUnpacked('lock', encodeLock(lock), run.signal)
    const fresh = { ...lock, time: '2024-01-01T01:00:00Z' }
    await repo.saveUnpacked('lock', encodeLock(fresh), run.signal)
    const now = testRun({ now: () => Date.parse('2024-01-01T01:10:00Z') })
    expect(told(await check(repo, { readData: all, lock: false, threads: 0 }, now))).toEqual([
      `hint pack_in_several_indexes: Pack ${shortId(pack.id)} is in several index files: ${indexes.join(', ')}.`,
      'hint mixed_packs: 1 pack with both data and trees, as old versions wrote them.',
      'hint uncompressed_trees: 1 pack with trees that are not compressed.',
      `hint lock_stale: Lock ${shortId(stale)} of process 7 of bob on elsewhere is stale: it was last refreshed 70 min ago.`,
    ])
    await expect(check(repo, { readData: all, lock: true, threads: 0 }, now)).rejects.toMatchObject({
      code: 'repository_locked',
    })
  })

  test('losing any one call is survived or thrown, never called damage', async () => {
    const backend = memoryBackend()
    const sub = treeBlob([file('b', two.id)])
    await putTree(
      await freshRepository({ backend }),
      [file('a', one.id), folder('sub', sub.id)],
      [one, two, sub],
    )
    for (const when of ['before', 'after'] as const) {
      for (let nth = 1; ; nth++) {
        const faulty = withFaults(backend, nth, when)
        const outcome = await openRepository(faulty.backend, testPassword, run)
          .then(quick)
          .then(told, (error: unknown) => error)
        if (outcome instanceof AppError) expect(outcome.code).toBe('backend_unreachable')
        else expect(outcome).toEqual([])
        if (!faulty.fired()) break
      }
    }
  })
})

describe('which packs are read', () => {
  const packs = new Map(Array.from({ length: 500 }, (_, n) => [idOf(Buffer.from(String(n))), n]))

  test('parts together are all, each pack once, by its first byte', () => {
    const parts = [1, 2, 3].map(n => choosePacks({ kind: 'part', n, of: 3 }, packs))
    expect(parts.flat().sort()).toEqual([...packs.keys()].sort())
    expect(parts[1]!.every(id => parseInt(id.slice(0, 2), 16) % 3 === 1)).toBe(true)
  })

  test('a percentage is that share, at random or as the seed says, and one at least', () => {
    const some = (percent: number, seed?: string) =>
      choosePacks(
        seed === undefined ? { kind: 'percent', percent } : { kind: 'percent', percent, seed },
        packs,
      )
    expect(some(10)).toHaveLength(50)
    expect(some(10)).not.toEqual(some(10))
    expect(some(10, 'x')).toEqual(some(10, 'x'))
    expect(some(0.01)).toHaveLength(1)
    expect(some(100)).toHaveLength(500)
    expect(choosePacks({ kind: 'percent', percent: 50 }, new Map())).toEqual([])
  })

  test.each<ReadData>([
    { kind: 'part', n: 0, of: 3 },
    { kind: 'part', n: 4, of: 3 },
    { kind: 'part', n: 1.5, of: 3 },
    { kind: 'part', n: 1, of: 257 },
    { kind: 'percent', percent: 0 },
    { kind: 'percent', percent: 101 },
    { kind: 'percent', percent: Number.NaN },
  ])('%o makes no sense', async readData => {
    await expect(quick(await freshRepository(), readData)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe("restic's repositories", () => {
  const { test } = needs('restic')

  test.each([1, 2] as const)('version %i: what restic finds whole, we find whole', async version => {
    const root = tempDir('check')
    const tree = join(root, 'tree')
    const judge = restic(join(root, 'repo'))
    // restic's own keys take half a second to open, each time.
    const repo = await freshRepository({ backend: localBackend(join(root, 'repo')), version })
    buildTree(tree, { files: 120, seed: version })
    await judge.backup([tree])
    nextDay(tree, { seed: version })
    await judge.backup([tree])
    await judge.ok(['forget', '--keep-last', '1', '--prune', '--max-unused', '0'])
    await judge.check(['--read-data'])
    const result = await check(repo, { readData: all, lock: true, threads: 0 }, run)
    expect(result.problems).toEqual([])
    expect(result.packsRead).toBe(result.packs)
    await judge.check()
  })
})
