import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import {
  announce,
  findPlace,
  makePrivateFolder,
  placeFor,
  withdraw,
  type Surroundings,
} from '../../../src/main/shells/local/place.ts'
import { needs } from '../../support/needs.ts'
import { tempDir } from '../../support/tmp.ts'

const linux: Surroundings = { platform: 'linux', runtimeDirectory: '/run/user/7', userId: 7 }
const long = `/data/${'x'.repeat(100)}`

test('the socket is in the data directory where its path is short enough', () => {
  expect(placeFor('/data/holdfast', linux)).toEqual({
    kind: 'socket',
    path: '/data/holdfast/holdfast.sock',
    link: null,
  })
})

test.each(['linux', 'darwin'] as const)(
  '%s: no path is longer than a socket takes, whatever the data directory',
  platform => {
    const longest = platform === 'linux' ? 107 : 103
    for (let length = 1; length < 200; length++) {
      for (const letter of ['x', 'ä']) {
        const directory = `/${letter.repeat(length)}`
        const place = placeFor(directory, { ...linux, platform })
        const bound = `${place.path}.4194304` // the largest process number
        expect(Buffer.byteLength(bound)).toBeLessThanOrEqual(longest)
        expect(place).toEqual(placeFor(directory, { ...linux, platform }))
        if (place.kind === 'socket' && place.link !== null)
          expect(place.link).toBe(join(directory, 'holdfast.sock'))
      }
    }
  },
)

test('a runtime directory that is too long itself gives way to /tmp', () => {
  expect(placeFor(long, { ...linux, runtimeDirectory: `/${'y'.repeat(90)}` })).toMatchObject({
    path: expect.stringMatching(/^\/tmp\/holdfast-7\/[0-9a-f]{24}\.sock$/),
  })
})

test('two data directories never share a place', () => {
  expect(placeFor(`${long}1`, linux).path).not.toBe(placeFor(`${long}2`, linux).path)
})

test('on Windows the name of the pipe cannot be guessed, and stands in the data directory while there is an owner', () => {
  const directory = tempDir('place')
  const windows = { ...linux, platform: 'win32' as const }
  const place = placeFor(directory, windows)
  expect(place.path).toMatch(/^\\\\\.\\pipe\\holdfast-[0-9a-f]{24}-[0-9a-f-]{36}$/)
  expect(placeFor(directory, windows).path).not.toBe(place.path)
  expect(findPlace(directory, 'win32')).toBe(null)
  announce(place)
  expect(findPlace(directory, 'win32')).toBe(place.path)
  const next = placeFor(directory, windows)
  announce(next)
  withdraw(place) // what the next owner wrote stays
  expect(findPlace(directory, 'win32')).toBe(next.path)
  withdraw(next)
  expect(findPlace(directory, 'win32')).toBe(null)
  writeFileSync(join(directory, 'holdfast.sock'), '\\\\elsewhere\\pipe\\x')
  expect(findPlace(directory, 'win32')).toBe(null)
})

test('a link in the data directory leads to a socket that is elsewhere', () => {
  const directory = join(tempDir('place'), 'x'.repeat(100))
  mkdirSync(directory)
  expect(findPlace(directory, 'linux')).toBe(null) // nobody listens: nothing that could be connected to
  const place = placeFor(directory, linux)
  announce(place)
  expect(readlinkSync(join(directory, 'holdfast.sock'))).toBe(place.path)
  expect(findPlace(directory, 'linux')).toBe(place.path)
  withdraw(place)
  expect(findPlace(directory, 'linux')).toBe(null)
})

test('the folder of such a socket is ours alone', () => {
  const folder = join(tempDir('place'), 'holdfast-7')
  makePrivateFolder(folder, process.getuid?.() ?? null)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  chmodSync(folder, 0o777)
  makePrivateFolder(folder, process.getuid?.() ?? null)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  writeFileSync(join(dirname(folder), 'file'), 'x')
  expect(() => makePrivateFolder(join(dirname(folder), 'file'), null)).toThrow()
  expect(readFileSync(join(dirname(folder), 'file'), 'utf8')).toBe('x')
})

const { test: rootTest } = needs('linux', 'root')
rootTest("somebody else's folder is refused", () => {
  const folder = join(tempDir('place'), 'holdfast-0')
  mkdirSync(folder, { mode: 0o700 })
  chownSync(folder, 65534, 65534)
  expect(() => makePrivateFolder(folder, 0)).toThrow(expect.objectContaining({ code: 'target_refused' }))
  expect(lstatSync(folder).uid).toBe(65534)
})
