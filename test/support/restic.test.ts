import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { needs } from './needs.ts'
import { restic } from './restic.ts'
import { tempDir } from './tmp.ts'

const { test } = needs('restic')

test('init, backup, snapshots; version and chunker as asked', async () => {
  const home = tempDir('restic')
  const source = join(home, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'a'), 'one')
  const one = restic(join(home, 'one'))
  await one.init({ version: 1 })
  const id = await one.backup([source], ['--tag', 'x,y'])
  expect(await one.snapshots()).toMatchObject([{ id, paths: [source], tags: ['x', 'y'] }])

  const two = restic(join(home, 'two'), { password: 'another' })
  await two.init({ chunkerFrom: { repo: join(home, 'one') } })
  const config = async (repo: typeof one) =>
    JSON.parse(await repo.ok(['cat', 'config'])) as { version: number; chunker_polynomial: string }
  const [first, second] = [await config(one), await config(two)]
  expect([first.version, second.version]).toEqual([1, 2])
  expect(second.chunker_polynomial).toBe(first.chunker_polynomial)
  expect(await two.snapshots()).toEqual([])
})

test('what restic refuses rejects, with its words', async () => {
  const home = tempDir('restic')
  await expect(restic(join(home, 'absent')).ok(['snapshots'])).rejects.toThrow(
    /ended with 1:\n.*[Ii]s there a repo/s,
  )
  const repo = restic(join(home, 'repo'))
  await repo.init()
  const { code, stderr } = await repo.run(['snapshots'], { password: 'wrong' })
  expect([code, stderr]).toEqual([1, expect.stringContaining('wrong password')])
})
