import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect } from 'vitest'
import { backup } from '../../../src/main/engine/backup.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository, plainBackup } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { buildTree } from '../../support/seeded-tree.ts'
import { tempDir } from '../../support/tmp.ts'

/** The niceness of every thread of this process. */
const niceness = (): number[] =>
  readdirSync('/proc/self/task').flatMap(task => {
    try {
      const fields = readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return [Number(fields[16])]
    } catch {
      return [] // it has just ended
    }
  })

needs('linux').test.each([true, false])(
  'threads give way where that is asked for (%s), others do not',
  async lowPriority => {
    const source = tempDir('source')
    buildTree(source, { files: 50, seed: 1 })
    const before = getPriority()
    const seen = new Set<number>()
    const run = { ...testRun(), report: () => niceness().forEach(nice => seen.add(nice)) }
    await backup(await freshRepository(), plainBackup([source], { threads: 1, lowPriority }), run)
    expect(seen.has(19)).toBe(lowPriority)
    expect(seen.has(before)).toBe(true)
    expect(getPriority()).toBe(before)
  },
)
