import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { layoutPath } from '../../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import { openBackend } from '../../../src/main/engine/backend/location.ts'
import { idOf } from '../../../src/main/engine/format/id.ts'
import { memoryBackend } from '../../support/memory-backend.ts'
import { backendContract } from '../backend-contract.ts'

const { signal } = new AbortController()
const temporary = () => mkdtemp(join(tmpdir(), 'holdfast-local-'))

backendContract('memory', async () => {
  const backend = memoryBackend()
  return { backend, again: async () => memoryBackend(backend.files), done: async () => undefined }
})

backendContract('local', async () => {
  const root = await temporary()
  return {
    backend: localBackend(join(root, 'repo')),
    again: async () => localBackend(join(root, 'repo')),
    done: () => rm(root, { recursive: true }),
  }
})

describe('local backend', () => {
  let root: string
  beforeEach(async () => {
    root = await temporary()
  })
  afterEach(() => rm(root, { recursive: true }))

  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

  test("the layout and modes are restic's: private folders, read-only files", async () => {
    const backend = localBackend(root)
    await backend.create(signal)
    const data = randomBytes(30)
    const pack = { kind: 'pack', name: idOf(data) } as const
    await backend.write(pack, data, signal)
    await backend.write({ kind: 'config', name: '' }, data, signal)
    const path = join(root, 'data', pack.name.slice(0, 2), pack.name)
    expect(layoutPath(pack)).toBe(`data/${pack.name.slice(0, 2)}/${pack.name}`)
    expect([modeOf(path), modeOf(join(root, 'config')), modeOf(join(root, 'data'))]).toEqual([
      '400',
      '400',
      '700',
    ])
    expect(readdirSync(root).sort()).toEqual(['config', 'data', 'index', 'keys', 'locks', 'snapshots'])
    expect(readdirSync(join(root, 'data'))).toHaveLength(256)
  })

  test('a config that the group may read makes new files group-readable', async () => {
    const first = localBackend(root)
    await first.create(signal)
    await first.write({ kind: 'config', name: '' }, randomBytes(9), signal)
    chmodSync(join(root, 'config'), 0o440)
    const shared = localBackend(root)
    const data = randomBytes(30)
    await shared.write({ kind: 'index', name: idOf(data) }, data, signal)
    expect(modeOf(join(root, 'index', idOf(data)))).toBe('440')
  })

  test('names that are not hashes are not listed, nor are folders', async () => {
    const backend = localBackend(root)
    await backend.create(signal)
    writeFileSync(join(root, 'index', `${'a'.repeat(64)}-tmp-123`), 'x')
    writeFileSync(join(root, 'index', 'README'), 'x')
    writeFileSync(join(root, 'data', 'stray'), 'x')
    expect(await Array.fromAsync(backend.list('index', signal))).toEqual([])
    expect(await Array.fromAsync(backend.list('pack', signal))).toEqual([])
  })

  test('a failed write leaves no temporary file', async () => {
    const backend = localBackend(root)
    await backend.create(signal)
    const data = randomBytes(30)
    const name = idOf(data)
    // A folder where the file should go: the final rename fails.
    const { mkdirSync } = await import('node:fs')
    mkdirSync(join(root, 'index', name))
    writeFileSync(join(root, 'index', name, 'in the way'), '')
    await expect(backend.write({ kind: 'index', name }, data, signal)).rejects.toThrow(/Could not write/)
    expect(readdirSync(join(root, 'index'))).toEqual([name])
  })

  test('a repository folder that is gone is not made again in its mount point', async () => {
    const backend = localBackend(join(root, 'mounted'))
    const data = randomBytes(30)
    await expect(backend.write({ kind: 'pack', name: idOf(data) }, data, signal)).rejects.toMatchObject({
      code: 'backend_unreachable',
    })
    expect(existsSync(join(root, 'mounted'))).toBe(false)
  })

  test('locations: bare paths and local:, other schemes are refused', () => {
    expect(openBackend('/srv/backup').location).toBe('/srv/backup')
    expect(openBackend('local:/srv/with:colon').location).toBe('/srv/with:colon')
    expect(openBackend('relative').location).toBe(join(process.cwd(), 'relative'))
    expect(() => openBackend('ftp:server/path')).toThrow(expect.objectContaining({ code: 'invalid_input' }))
    expect(() => openBackend('')).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })
})
