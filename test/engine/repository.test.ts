import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { encodeConfig } from '../../src/main/engine/format/config.ts'
import { createSealer } from '../../src/main/engine/format/envelope.ts'
import { idOf } from '../../src/main/engine/format/id.ts'
import { initRepository, openRepository } from '../../src/main/engine/repository.ts'
import { withFaults } from '../support/faults.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { quickCost } from '../support/repo.ts'
import { testRun } from '../support/run.ts'

const who = { hostname: 'atlas', username: 'ada' }
const password = 'correct horse battery'
const cost = quickCost
const run = testRun()

const healthy = async () => {
  const backend = memoryBackend()
  const repo = await initRepository(backend, { password, who, cost }, run)
  return { backend, repo }
}
const copyOf = (backend: ReturnType<typeof memoryBackend>) => memoryBackend(new Map(backend.files))
const only = (backend: ReturnType<typeof memoryBackend>, kind: string) =>
  [...backend.files.keys()].filter(key => key.startsWith(`${kind}/`))

describe('the golden repository, made by restic', () => {
  let root: string
  const golden = JSON.parse(readFileSync('test/fixtures/vectors/vectors.json', 'utf8'))
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'holdfast-golden-'))
    execFileSync('tar', ['-xzf', 'test/fixtures/vectors/golden-repo.tar.gz', '-C', root])
  })
  afterAll(() => rm(root, { recursive: true }))
  const open = (secret: string) => openRepository(localBackend(join(root, 'golden-repo')), secret, run)

  test('opens with each of its passwords and holds what the vectors say', async () => {
    for (const secret of [golden.password, golden.password2]) {
      const repo = await open(secret)
      expect(repo.version).toBe(2)
      await repo.loadIndex(run)
      const blobs = [...golden.data_blobs, ...golden.tree_blobs]
      expect(repo.index.size).toBe(blobs.length)
      for (const { id, json } of golden.tree_blobs) {
        expect((await repo.loadBlob('tree', id, run.signal)).toString()).toBe(json)
      }
      for (const { id } of golden.data_blobs) {
        expect(idOf(await repo.loadBlob('data', id, run.signal))).toBe(id)
      }
    }
  })

  test('refuses a wrong password', async () => {
    await expect(open('wrong')).rejects.toMatchObject({ code: 'wrong_password' })
  })
})

describe('init', () => {
  test.each([1, 2] as const)('makes a version %i repository that opens again', async version => {
    const backend = memoryBackend()
    const made = await initRepository(backend, { version, password, who, cost }, run)
    const opened = await openRepository(backend, password, run)
    expect([opened.id, opened.version, opened.polynomial]).toEqual([made.id, version, made.polynomial])
  })

  test('refuses where there is a repository, or the remains of one, and changes nothing', async () => {
    const { backend } = await healthy()
    for (const kind of ['config', 'key']) {
      const remains = memoryBackend(new Map([...backend.files].filter(([key]) => key.startsWith(kind))))
      const before = new Map(remains.files)
      await expect(initRepository(remains, { password, who, cost }, run)).rejects.toMatchObject({
        code: 'repository_exists',
      })
      expect(remains.files).toEqual(before)
    }
  })

  test.each([
    ['an empty password', { password: '' }],
    ['a reducible polynomial', { password, polynomial: 0x20000000000003n }],
  ])('refuses %s', async (_, options) => {
    const backend = memoryBackend()
    await expect(initRepository(backend, { ...options, who, cost }, run)).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect(backend.files.size).toBe(0)
  })

  test.each(['before', 'after'] as const)(
    'losing any one call (%s it acts) never looks like success',
    async when => {
      for (let nth = 1; ; nth++) {
        const backend = memoryBackend()
        const faulty = withFaults(backend, nth, when)
        const failure = await initRepository(faulty.backend, { password, who, cost }, run).then(
          () => null,
          (error: unknown) => error,
        )
        if (!faulty.fired()) {
          expect(failure).toBeNull()
          return
        }
        expect(failure).toMatchObject({ code: 'backend_unreachable' })
        // What is left is nothing that stands in the way, or a whole repository whose last reply was lost.
        if (backend.files.has('config/')) await openRepository(backend, password, run)
      }
    },
  )
})

describe('opening what is damaged or absent', () => {
  const damaged = async (damage: (backend: ReturnType<typeof memoryBackend>) => void): Promise<Backend> => {
    const backend = copyOf((await healthy()).backend)
    damage(backend)
    return backend
  }
  const cut = (bytes: Uint8Array, by: number) => bytes.slice(0, bytes.length - by)
  const flip = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))

  test.each<[string, string, RegExp, (backend: ReturnType<typeof memoryBackend>) => void]>([
    ['no config', 'repository_missing', /no repository/, b => b.files.delete('config/')],
    ['no key', 'data_corrupt', /no key file/, b => b.files.delete(only(b, 'key')[0]!)],
    [
      'a flipped config',
      'data_corrupt',
      /config/,
      b => b.files.set('config/', flip(b.files.get('config/')!)),
    ],
    [
      'a truncated config',
      'data_corrupt',
      /config/,
      b => b.files.set('config/', cut(b.files.get('config/')!, 100)),
    ],
    ['an empty config', 'data_corrupt', /config/, b => b.files.set('config/', new Uint8Array())],
    [
      'a truncated key',
      'data_corrupt',
      /key file/,
      b => b.files.set(only(b, 'key')[0]!, cut(b.files.get(only(b, 'key')[0]!)!, 10)),
    ],
  ])('%s: %s', async (_, code, words, damage) => {
    const opening = openRepository(await damaged(damage), password, run)
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(words) })
  })

  test('an unknown version is refused politely', async () => {
    const { backend, repo } = await healthy()
    const config = encodeConfig({ version: 2, id: repo.id, chunkerPolynomial: repo.polynomial })
    const newer = Buffer.from(config.toString().replace('"version":2', '"version":3'))
    backend.files.set('config/', createSealer(repo.master).seal(newer))
    await expect(openRepository(backend, password, run)).rejects.toMatchObject({
      code: 'repository_unsupported',
      message: expect.stringContaining('3'),
    })
  })

  test('one damaged key does not keep a good one from opening', async () => {
    const { backend } = await healthy()
    const bytes = Buffer.from('{"damaged')
    backend.files.set(`key/${'0'.repeat(64)}`, bytes)
    await expect(openRepository(backend, password, run)).resolves.toBeDefined()
  })

  test('a damaged index file is named', async () => {
    const { backend, repo } = await healthy()
    const id = await repo.saveUnpacked('index', Buffer.from('{"packs":[]}\n'), run.signal)
    backend.files.set(`index/${id}`, flip(backend.files.get(`index/${id}`)!))
    const opened = await openRepository(backend, password, run)
    await expect(opened.loadIndex(run)).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringContaining(id.slice(0, 8)),
    })
  })
})
