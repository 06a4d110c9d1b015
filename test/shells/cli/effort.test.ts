import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { needs } from '../../support/needs.ts'
import { tempDir } from '../../support/tmp.ts'
import { cli, environment, live, main, slowFolder } from './cli.ts'

async function freshRepository(): Promise<{ repo: string; source: string }> {
  const base = tempDir('effort')
  const source = join(base, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), 'content')
  const repo = join(base, 'repo')
  expect((await cli(['-r', repo, 'init'])).code).toBe(0)
  return { repo, source }
}

test('memory and threads may be set for backup, check and restore, by option and environment', async () => {
  const { repo, source } = await freshRepository()
  const limits = ['--memory', '150m', '--threads', '1', '--low-priority']
  expect((await cli(['-r', repo, 'backup', source, ...limits])).code).toBe(0)
  expect((await cli(['-r', repo, 'check', '--read-data', ...limits])).code).toBe(0)
  const target = join(tempDir('restored'), 'target')
  const env = { HOLDFAST_MEMORY: '1g', HOLDFAST_THREADS: '3', HOLDFAST_LOOP_DELAY: '1' }
  const restored = await cli(['-r', repo, 'restore', 'latest', '--target', target], { env })
  expect(restored.code).toBe(0)
  expect(restored.stderr).toMatch(/loop delay of the main thread: p99 \d+\.\d ms/)
  expect(readFileSync(join(target, source, 'file'), 'utf8')).toBe('content')
}, 60_000)

test.each([
  [['--memory', '50m'], {}, 'The least there is to choose is 100m.'],
  [['--threads', '0'], {}, 'It must be a number from 1.'],
  [[], { HOLDFAST_MEMORY: 'much' }, 'HOLDFAST_MEMORY is “much”.'],
  [[], { HOLDFAST_THREADS: '-1' }, 'HOLDFAST_THREADS is “-1”.'],
])('what makes no sense is refused before anything happens: %j %j', async (args, env, message) => {
  const { code, stderr } = await cli(['-r', '/nonexistent', 'backup', '/', ...args], { env })
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})

needs('linux').test(
  'with --low-priority every thread of the process gives way',
  async () => {
    const { repo } = await freshRepository()
    const source = slowFolder(join(tempDir('slow'), 'source'), 100e6)
    const env = environment({ HOLDFAST_LOOP_DELAY: '1' })
    const args = [main, '-r', repo, '--json', 'backup', '--low-priority', source]
    const { child, until, exited } = live(process.execPath, args, env as Record<string, string>)
    await until(/"message_type":"status"/)
    const niceness = readdirSync(`/proc/${child.pid}/task`).flatMap(task => {
      try {
        const stat = readFileSync(`/proc/${child.pid}/task/${task}/stat`, 'utf8')
        return [Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])]
      } catch {
        return [] // it has just ended
      }
    })
    expect(new Set(niceness)).toEqual(new Set([19]))
    child.kill()
    await exited
  },
  60_000,
)
