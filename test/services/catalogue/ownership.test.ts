import { spawn } from 'node:child_process'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { catalogueFiles, openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { tempDir } from '../../support/tmp.ts'
import { opened } from './opened.ts'
import { aPlan, idOf, someTime } from './samples.ts'

interface Holder {
  /** Lines so far. */
  lines: string[]
  /** Resolves with the first line that begins so. */
  said(start: string): Promise<string>
  kill(): Promise<void>
}

function holder(directory: string, what: 'hold' | 'write'): Holder {
  const program = join(import.meta.dirname, 'holder.ts')
  const child = spawn(process.execPath, [program, directory, what], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts)
    for (const look of waiting) look()
  })
  const closed = new Promise<void>(resolve => child.on('close', () => resolve()))
  const kill = async () => {
    child.kill('SIGKILL')
    await closed
  }
  onTestFinished(kill)
  return {
    lines,
    kill,
    said: start =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = lines.find(line => line.startsWith(start))
          if (line !== undefined) resolve(line)
        }
        waiting.add(look)
        look()
        void closed.then(() => reject(new Error(`It ended without saying ${start}, but ${lines.join(', ')}`)))
      }),
  }
}

const open = (directory: string) => openCatalogue(directory, { now: () => someTime })
const alreadyRunning = expect.objectContaining({ code: 'already_running', hint: expect.any(String) })

test('one owner at a time, in this process and in others; kill -9 of the owner frees it', async () => {
  const directory = tempDir()
  const first = holder(directory, 'hold')
  await first.said('open')
  expect(() => open(directory)).toThrow(alreadyRunning)
  expect(() => open(directory)).toThrow(alreadyRunning) // being refused frees nothing
  const second = holder(directory, 'hold')
  expect(await second.said('refused')).toBe('refused already_running')
  await first.kill()

  const mine = opened(directory)
  expect(() => open(directory)).toThrow(alreadyRunning)
  const third = holder(directory, 'hold')
  expect(await third.said('refused')).toBe('refused already_running')
  mine.plans.insert(aPlan())
  mine.close()
  const fourth = holder(directory, 'hold')
  await fourth.said('open')
})

test('an owner whose lock was lost by reading its own files writes nothing once another has it', async () => {
  const directory = tempDir()
  const mine = opened(directory)
  mine.plans.insert(aPlan())
  for (const file of catalogueFiles(directory)) readFileSync(file, { flag: 'a+' }) // what a backup of it would do
  const thief = holder(directory, 'hold')
  // Where closing such a handle frees no lock (Windows), the other one is refused, and all is well at once.
  const [word] = (await Promise.race([thief.said('open'), thief.said('refused')])).split(' ')
  const write = () => mine.plans.insert(aPlan({ name: 'Other' }))
  if (word === 'open') expect(write).toThrow(expect.objectContaining({ code: 'lock_lost' }))
  else expect(write).not.toThrow()
  await thief.kill()
})

test.skipIf(process.platform === 'win32')('nobody else can read it', () => {
  const directory = join(tempDir(), 'made', 'here')
  const catalogue = opened(directory)
  catalogue.plans.insert(aPlan())
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
  expect(mode(directory)).toBe('700')
  const files = readdirSync(directory)
  expect(files).toContain('catalogue.db-wal')
  expect(files.map(file => [file, mode(join(directory, file))])).toEqual(files.map(file => [file, '600']))
  expect(files.toSorted()).toEqual(
    catalogueFiles(directory)
      .map(path => path.slice(directory.length + 1))
      .toSorted(),
  )
})

test('a lock file that is none is left alone, and said', () => {
  const directory = tempDir()
  writeFileSync(join(directory, 'catalogue.lock'), 'something else, of some length'.repeat(50))
  expect(() => open(directory)).toThrow(expect.objectContaining({ code: 'catalogue_unusable' }))
  expect(readdirSync(directory)).toEqual(['catalogue.lock'])
})

test('kill -9 in the middle of writing: all that was acknowledged is there, in one piece', async () => {
  const directory = tempDir()
  let written = 0
  let revision = 0
  for (let round = 0; round < 4; round++) {
    const writer = holder(directory, 'write')
    await writer.said(`wrote ${written + 2 + round * 3}`)
    await writer.kill()
    for (const line of writer.lines.filter(line => line.startsWith('wrote'))) {
      const [, nth, given] = line.split(' ').map(Number)
      expect(given).toBeGreaterThan(revision)
      revision = given!
      written = nth! + 1
    }

    const catalogue = opened(directory)
    expect(catalogue.notices()).toEqual([])
    const plans = catalogue.plans.list()
    expect(plans.map(({ id }) => id)).toEqual(plans.map((_, nth) => idOf(`plan ${nth}`)))
    expect(plans.length - written === 0 || plans.length - written === 1).toBe(true) // one may not have been said
    const { runs, total } = catalogue.runs.page({ limit: 1000 })
    expect(total).toBeGreaterThanOrEqual(written)
    for (const run of runs.filter(({ state }) => state === 'succeeded'))
      expect(catalogue.runs.log(run.id, 0, 10)).not.toEqual([])
    const { entries, brokenAtSeq } = catalogue.audit.verify()
    expect([entries >= written, brokenAtSeq]).toEqual([true, null])
    const found = catalogue.snapshots.search({ query: 'file', limit: 1000 })
    expect(found.found.length).toBeGreaterThanOrEqual(written)
    expect(catalogue.nextRevision()).toBeGreaterThan(revision)
    for (let nth = plans.length - 1; nth >= written; nth--) catalogue.plans.remove(idOf(`plan ${nth}`))
    catalogue.close()
  }
})
