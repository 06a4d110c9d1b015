import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reach, reachAsync } from '../../../src/main/engine/files/reach.ts'
import { joinRaw, rawFromBuffer, rawFromText, type Raw } from '../../../src/main/engine/format/raw.ts'

const openDescriptors = () => fs.readdirSync('/proc/self/fd').length

let base: string
beforeAll(() => {
  base = fs.mkdtempSync(join(tmpdir(), 'holdfast-reach-'))
})
afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

/** Makes folders one in the other until the path has that many bytes; the names are not UTF-8. */
function deepFolder(bytes: number): Raw {
  let path = rawFromText(join(base, String(bytes)))
  fs.mkdirSync(join(base, String(bytes)))
  const name = `f\xff${'x'.repeat(180)}` as Raw
  while (path.length < bytes) {
    path = joinRaw(path, name)
    reach(path, access => fs.mkdirSync(access))
  }
  return path
}

describe.runIf(process.platform === 'linux')('beyond PATH_MAX', () => {
  test.each([4090, 5200, 13_000])(
    'a file %i bytes deep is written, found, read, renamed and removed',
    bytes => {
      const before = openDescriptors()
      const folder = deepFolder(bytes)
      const file = joinRaw(folder, 'file.txt' as Raw)
      const moved = joinRaw(folder, 'moved.txt' as Raw)
      reach(file, access => fs.writeFileSync(access, 'deep'))
      expect(reach(folder, access => fs.readdirSync(access))).toEqual(['file.txt'])
      reach(file, from => reach(moved, to => fs.renameSync(from, to)))
      expect(reach(moved, access => fs.readFileSync(access, 'utf8'))).toBe('deep')
      expect(reach(moved, access => fs.lstatSync(access).isFile())).toBe(true)
      reach(moved, access => fs.unlinkSync(access))
      expect(() => reach(moved, access => fs.lstatSync(access))).toThrow(/ENOENT/)
      expect(openDescriptors()).toBe(before)
    },
  )

  test('every length around the limit reaches the same file', () => {
    const folder = deepFolder(3800)
    for (let length = 3990; length <= 4010; length++) {
      const file = joinRaw(folder, 'z'.repeat(length - folder.length - 1) as Raw)
      reach(file, access => fs.writeFileSync(access, String(length)))
      expect([file.length, reach(file, access => fs.readFileSync(access, 'utf8'))]).toEqual([
        length,
        String(length),
      ])
    }
  })

  test('a link at the end is seen itself, one before it is followed', () => {
    const folder = deepFolder(4500)
    const link = joinRaw(folder, 'link' as Raw)
    reach(link, access => fs.symlinkSync('nowhere', access))
    expect(reach(link, access => fs.readlinkSync(access))).toBe('nowhere')

    const short = join(base, 'short')
    fs.symlinkSync(Buffer.concat([Buffer.from(base), Buffer.from('/4500')]), short)
    const through = (rawFromText(short) + folder.slice(join(base, '4500').length)) as Raw
    expect(reach(joinRaw(through, 'link' as Raw), access => fs.readlinkSync(access))).toBe('nowhere')
  })

  test('a relative path is reached from the working folder', () => {
    const relative = Array.from({ length: 3000 }, () => '.').join('/') as Raw
    expect(relative.length).toBeGreaterThan(4096)
    expect(reach(relative, access => fs.lstatSync(access).ino)).toBe(fs.lstatSync('.').ino)
  })

  test('an asynchronous use keeps the way open until it settles, then closes it', async () => {
    const file = joinRaw(deepFolder(6000), 'later.txt' as Raw)
    reach(file, access => fs.writeFileSync(access, 'later'))
    const before = openDescriptors()
    const text = await reachAsync(file, async access => {
      await new Promise(resolve => setTimeout(resolve, 20))
      expect(openDescriptors()).toBe(before + 1)
      return fs.promises.readFile(access, 'utf8')
    })
    expect(text).toBe('later')
    await expect(reachAsync(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(openDescriptors()).toBe(before)
  })

  test('what is missing on the way is an error of the file system, and nothing stays open', () => {
    const before = openDescriptors()
    const missing = joinRaw(rawFromText(base), `none/${'x/'.repeat(2500)}end` as Raw)
    expect(() => reach(missing, access => fs.lstatSync(access))).toThrow(/ENOENT/)
    expect(openDescriptors()).toBe(before)
  })
})

test('a short path is handed on as it is, its bytes where it is not plain', () => {
  expect(reach(rawFromText('/a/b'), access => access)).toBe('/a/b')
  const bytes = Buffer.from([0x2f, 0xff, 0x41])
  expect(reach(rawFromBuffer(bytes), access => access)).toEqual(bytes)
})

test('a system without such a detour says which item it is and what to do', async () => {
  const long = rawFromText(`/start/${'x/'.repeat(700)}end`)
  const refused = {
    code: 'source_unreadable',
    message: expect.stringContaining('/start/x/'),
    hint: expect.any(String),
  }
  const attempt = () => reach(long, () => 'reached', 'darwin')
  expect(attempt).toThrow(expect.objectContaining(refused))
  await expect(reachAsync(long, () => Promise.resolve(), 'darwin')).rejects.toMatchObject(refused)
  expect(reach(long, () => 'reached', 'win32')).toBe('reached')
})
