import { closeSync, lstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { constants, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { libcProblem, loadLibc } from '../../../src/main/engine/files/libc.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'

const libc = loadLibc()!
const isRoot = process.getuid?.() === 0
let base: string
let file: string
let hasXattrs = true

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'holdfast-libc-'))
  file = join(base, 'file')
  writeFileSync(file, 'x')
  try {
    libc.setXattr(file, 'user.probe' as Raw, Buffer.from('1'))
    libc.removeXattr(file, 'user.probe' as Raw)
  } catch {
    hasXattrs = false
  }
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

test.runIf(process.platform === 'win32')('Windows has none, and says so', () => {
  expect(loadLibc()).toBeNull()
  expect(libcProblem()).toContain('Windows')
})

describe.skipIf(process.platform === 'win32')('the C library', () => {
  test('is there', () => {
    expect(libcProblem()).toBeNull()
    expect(loadLibc()).toBe(libc)
  })

  test('extended attributes are set, listed, read and removed, whatever bytes they hold', context => {
    if (!hasXattrs) return context.skip('the temporary folder has no user attributes')
    const values: [Raw, Buffer][] = [
      ['user.text' as Raw, Buffer.from('grüße')],
      ['user.binary' as Raw, Buffer.from([0, 1, 2, 255, 0])],
      ['user.empty' as Raw, Buffer.alloc(0)],
      ['user.n\xe4me' as Raw, Buffer.alloc(3000, 7)],
    ]
    expect(libc.listXattrs(file)).toEqual([])
    for (const [name, value] of values) libc.setXattr(file, name, value)
    expect(libc.listXattrs(file).sort()).toEqual(values.map(([name]) => name).sort())
    for (const [name, value] of values) expect(libc.getXattr(Buffer.from(file), name)).toEqual(value)
    for (const [name] of values) libc.removeXattr(file, name)
    expect(libc.listXattrs(file)).toEqual([])
    expect(() => libc.getXattr(file, 'user.text' as Raw)).toThrow(
      expect.objectContaining({ code: 'ENODATA', syscall: 'getxattr' }),
    )
  })

  test('times of an open file are set to the nanosecond, before 1970 too', () => {
    const fd = openSync(file, 'r')
    try {
      for (const [seconds, ns] of [
        [1_709_210_096, 123_456_789],
        [-1001, 750_000_001],
        [4_294_967_296, 1],
      ] as const) {
        libc.setTimesOfFile(fd, { seconds: 5, ns: 6 }, { seconds, ns })
        const stat = lstatSync(file, { bigint: true })
        expect([stat.atimeNs, stat.mtimeNs]).toEqual([
          5_000_000_006n,
          BigInt(seconds) * 1_000_000_000n + BigInt(ns),
        ])
      }
    } finally {
      closeSync(fd)
    }
  })

  test('a rename to a name that is taken fails, to a free one succeeds', () => {
    const [from, to] = [join(base, 'from'), join(base, 'to')]
    writeFileSync(from, 'from')
    writeFileSync(to, 'to')
    expect(() => libc.renameToFree(from, to)).toThrow(
      expect.objectContaining({ code: 'EEXIST', syscall: 'rename' }),
    )
    expect(readFileSync(to, 'utf8')).toBe('to')
    rmSync(to)
    libc.renameToFree(Buffer.from(from), to)
    expect(readFileSync(to, 'utf8')).toBe('from')
    expect(() => libc.renameToFree(from, to)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    rmSync(to)
  })

  test('a value that was read is not changed by the next read', context => {
    if (!hasXattrs) return context.skip('the temporary folder has no user attributes')
    libc.setXattr(file, 'user.a' as Raw, Buffer.from('first'))
    libc.setXattr(file, 'user.b' as Raw, Buffer.from('other'))
    const first = libc.getXattr(file, 'user.a' as Raw)
    libc.getXattr(file, 'user.b' as Raw)
    expect(first.toString()).toBe('first')
    libc.removeXattr(file, 'user.a' as Raw)
    libc.removeXattr(file, 'user.b' as Raw)
  })

  test('links are not followed', () => {
    const link = join(base, 'link')
    symlinkSync(file, link)
    const before = lstatSync(file, { bigint: true })
    libc.setTimesNs(link, 1_000_000_001n, 2_000_000_002n)
    const { atimeNs, mtimeNs } = lstatSync(link, { bigint: true })
    expect({ atimeNs, mtimeNs }).toEqual({
      atimeNs: 1_000_000_001n,
      mtimeNs: 2_000_000_002n,
    })
    expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(before.mtimeNs)
    expect(libc.listXattrs(link)).toEqual([])
  })

  test.each([0n, 1n, -1n, -1_500_000_000n, 1_719_792_000_123_456_789n, 7_258_118_400_999_999_999n])(
    'a time of %s ns is kept to the nanosecond',
    ns => {
      libc.setTimesNs(file, 0n, ns)
      expect(lstatSync(file, { bigint: true }).mtimeNs).toBe(ns)
    },
  )

  test('failures are named as node:fs names them', () => {
    const failure = (act: () => unknown) => {
      try {
        act()
        return null
      } catch (error) {
        const { code, errno } = error as NodeJS.ErrnoException
        return { code, errno }
      }
    }
    const missing = join(base, 'missing')
    expect(failure(() => libc.listXattrs(missing))).toEqual({
      code: 'ENOENT',
      errno: -constants.errno.ENOENT,
    })
    expect(failure(() => libc.setTimesNs(missing, 0n, 0n))).toMatchObject({
      code: 'ENOENT',
    })
    expect(failure(() => libc.listXattrs('x'.repeat(9000)))).toMatchObject({
      code: 'ENAMETOOLONG',
    })
    expect(failure(() => libc.listXattrs(`${file}\0suffix`))).toMatchObject({
      code: 'EINVAL',
    })
    expect(failure(() => libc.setXattr(file, 'wrong.space' as Raw, Buffer.from('x')))).toMatchObject({
      code: 'ENOTSUP',
    })
  })

  test.runIf(isRoot)('device nodes and fifos', () => {
    const device = join(base, 'null')
    libc.mknod(device, 0o020600, (1n << 8n) | 3n)
    expect(lstatSync(device).isCharacterDevice()).toBe(true)
    expect(lstatSync(device).rdev).toBe(0x103)
    const fifo = join(base, 'fifo')
    libc.mknod(fifo, 0o010600, 0n)
    expect(lstatSync(fifo).isFIFO()).toBe(true)
  })

  test('names of users and groups', () => {
    expect(libc.userName(userInfo().uid)).toBe(userInfo().username)
    expect(libc.userName(0)).toBe('root')
    expect(libc.userName(987_654_321)).toBeNull()
    expect(libc.groupName(987_654_321)).toBeNull()
    const groups = readFileSync('/etc/group', 'utf8').split('\n').filter(Boolean)
    for (const line of groups.slice(0, 20)) {
      const [name, , gid] = line.split(':')
      expect(libc.groupName(Number(gid))).toBe(name)
    }
  })

  test('works in worker threads, several at a time', async () => {
    const module = new URL('../../../src/main/engine/files/libc.ts', import.meta.url).href
    const code = `
      const { parentPort } = require('node:worker_threads')
      import(${JSON.stringify(module)}).then(({ loadLibc }) => {
        for (let i = 0; i < 2000; i++) loadLibc().listXattrs(${JSON.stringify(file)})
        parentPort.postMessage(loadLibc().userName(0))
      })`
    const ask = () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(code, { eval: true })
        worker.once('message', resolve)
        worker.once('error', reject)
      })
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['root', 'root', 'root'])
  })
})
