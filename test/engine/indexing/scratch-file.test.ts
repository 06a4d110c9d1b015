import { readdirSync, statSync, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  createScratchFile,
  readWords,
  scratchFolder,
} from '../../../src/main/engine/indexing/scratch-file.ts'
import { tempDir } from '../../support/tmp.ts'

test('what was appended is read back, by waiting or not; nothing has a name meanwhile', async () => {
  const folder = tempDir('scratch')
  const file = await createScratchFile(folder)
  expect(readdirSync(folder)).toEqual([])
  if (process.platform !== 'win32') expect(fstatSync(file.fd).mode & 0o777).toBe(0o600)
  await file.append(Uint32Array.of(1, 2, 3))
  await file.append(new Uint32Array(new SharedArrayBuffer(8)).fill(4))
  expect([file.words, fstatSync(file.fd).size]).toEqual([5, 20])
  const to = new Uint32Array(4)
  expect([await file.read(2, to), [...to]]).toEqual([3, [3, 4, 4, 0]])
  readWords(file.fd, 1, to, 2, 2)
  expect([...to]).toEqual([3, 4, 2, 3])
  expect(() => readWords(file.fd, 4, to, 0, 2)).toThrow('it has become shorter')
  await file.close()
  expect(readdirSync(folder)).toEqual([])
})

test('the folder is one that is there; one that is not is told', async () => {
  expect(statSync(scratchFolder()).isDirectory()).toBe(true)
  const missing = join(tempDir('scratch'), 'missing')
  await expect(createScratchFile(missing)).rejects.toMatchObject({
    message: expect.stringContaining(missing),
    hint: expect.stringContaining('temporary folder'),
  })
})
