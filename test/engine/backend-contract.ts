import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Backend, FileKind, FileRef } from '../../src/main/engine/backend/backend.ts'

const { signal } = new AbortController()
const hashed = (kind: FileKind, data: Uint8Array): FileRef => ({
  kind,
  name: createHash('sha256').update(data).digest('hex'),
})
const kinds = ['key', 'snapshot', 'index', 'lock', 'pack'] as const

/**
 * What every Backend promises (see the docstring of Backend), run against each implementation.
 * @param again opens the same storage afresh, as another process would
 */
export function backendContract(
  name: string,
  make: () => Promise<{ backend: Backend; again: () => Promise<Backend>; done: () => Promise<void> }>,
): void {
  describe(`backend contract: ${name}`, () => {
    let made: Awaited<ReturnType<typeof make>>
    let backend: Backend

    beforeEach(async () => {
      made = await make()
      backend = made.backend
      await backend.create(signal)
    })
    afterEach(async () => {
      await backend.close()
      await made.done()
    })

    const listed = async (on: Backend, kind: FileKind) =>
      (await Array.fromAsync(on.list(kind, signal))).sort((a, b) => (a.name < b.name ? -1 : 1))

    test('create can be repeated', async () => {
      const data = randomBytes(10)
      await backend.write(hashed('key', data), data, signal)
      await backend.create(signal)
      expect(await listed(backend, 'key')).toHaveLength(1)
    })

    test.each([...kinds, 'config'] as const)('%s: write, stat, list, read, remove', async kind => {
      const data = randomBytes(10_000)
      const file = kind === 'config' ? ({ kind, name: '' } as const) : hashed(kind, data)
      expect(await backend.stat(file, signal)).toBeNull()
      expect(await listed(backend, kind)).toEqual([])

      await backend.write(file, data, signal)

      for (const on of [backend, await made.again()]) {
        expect(await on.stat(file, signal)).toEqual({ name: file.name, sizeBytes: 10_000 })
        expect(await listed(on, kind)).toEqual([{ name: file.name, sizeBytes: 10_000 }])
        expect(Buffer.from(await on.read(file, 'all', signal)).equals(data)).toBe(true)
      }

      await backend.remove(file, signal)
      expect(await backend.stat(file, signal)).toBeNull()
      expect(await listed(backend, kind)).toEqual([])
      await backend.remove(file, signal) // already gone: fine
    })

    test('files of different kinds and of one name do not mix', async () => {
      const data = randomBytes(100)
      const { name } = hashed('pack', data)
      await backend.write({ kind: 'pack', name }, data, signal)
      expect(await backend.stat({ kind: 'index', name }, signal)).toBeNull()
      expect(await listed(backend, 'snapshot')).toEqual([])
    })

    test('ranges are half-open; past the end is data_corrupt, a missing file not_found', async () => {
      const data = randomBytes(1000)
      const file = hashed('pack', data)
      await backend.write(file, data, signal)
      const read = async (start: number, end: number) =>
        Buffer.from(await backend.read(file, { start, end }, signal)).toString('hex')
      expect(await read(0, 1)).toBe(data.toString('hex', 0, 1))
      expect(await read(10, 30)).toBe(data.toString('hex', 10, 30))
      expect(await read(999, 1000)).toBe(data.toString('hex', 999, 1000))
      await expect(read(990, 1001)).rejects.toMatchObject({ code: 'data_corrupt' })
      await expect(read(5000, 5001)).rejects.toMatchObject({ code: 'data_corrupt' })
      const missing = hashed('pack', randomBytes(3))
      await expect(backend.read(missing, 'all', signal)).rejects.toMatchObject({ code: 'not_found' })
      await expect(backend.read(missing, { start: 0, end: 1 }, signal)).rejects.toMatchObject({
        code: 'not_found',
      })
    })

    test('repeating a write with the same bytes succeeds', async () => {
      const data = randomBytes(5000)
      const file = hashed('index', data)
      await backend.write(file, data, signal)
      await backend.write(file, data, signal)
      await Promise.all([backend.write(file, data, signal), backend.write(file, data, signal)])
      expect(await listed(backend, 'index')).toEqual([{ name: file.name, sizeBytes: 5000 }])
    })

    test('empty and large files, and many at once', async () => {
      const sizes = [0, 1, 4095, 4096, 4097, 17 * 1024 * 1024]
      const files = sizes.map(size => randomBytes(size))
      await Promise.all(files.map(data => backend.write(hashed('pack', data), data, signal)))
      for (const data of files) {
        expect(Buffer.from(await backend.read(hashed('pack', data), 'all', signal)).equals(data)).toBe(true)
      }
      expect((await listed(backend, 'pack')).map(({ sizeBytes }) => sizeBytes).sort((a, b) => a - b)).toEqual(
        sizes,
      )
    })

    test('a read returns bytes of its own: changing them changes nothing stored', async () => {
      const data = randomBytes(64)
      const file = hashed('pack', data)
      await backend.write(file, data, signal)
      ;(await backend.read(file, 'all', signal)).fill(0)
      expect(Buffer.from(await backend.read(file, 'all', signal)).equals(data)).toBe(true)
    })

    test('an abort rejects with the reason and leaves nothing half-written', async () => {
      const data = randomBytes(1_000_000)
      const file = hashed('pack', data)
      const reason = new Error('stop')
      await expect(backend.write(file, data, AbortSignal.abort(reason))).rejects.toBe(reason)
      await expect(backend.read(file, 'all', AbortSignal.abort(reason))).rejects.toBe(reason)
      await expect(backend.stat(file, AbortSignal.abort(reason))).rejects.toBe(reason)
      const controller = new AbortController()
      const writing = backend.write(file, data, controller.signal).catch(() => undefined)
      controller.abort(reason)
      await writing
      const found = await (await made.again()).stat(file, signal)
      expect([null, data.length]).toContain(found?.sizeBytes ?? null)
    })
  })
}
