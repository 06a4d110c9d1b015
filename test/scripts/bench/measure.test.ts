import { describe, expect, test } from 'vitest'
import { measure, said, succeed, type Command } from '../../../scripts/bench/measure.ts'

const node = (code: string, env?: Record<string, string>): Command => ({
  program: process.execPath,
  args: ['-e', code],
  ...(env && { env }),
})
const burn = (ms: number): string =>
  `const used = () => { const { user, system } = process.cpuUsage(); return user + system }
  for (const end = used() + ${ms}e3; used() < end; );`
const fill = (megabytes: number): string => `Buffer.alloc(${megabytes}e6, 1);`

describe.skipIf(process.platform !== 'linux')('what a program costs', () => {
  test('its CPU time, but not its sleep', async () => {
    const idle = await measure(node('setTimeout(() => {}, 400)'))
    const busy = await measure(node(burn(600)))
    expect(idle.wallSeconds).toBeGreaterThan(0.4)
    expect(busy.cpuSeconds - idle.cpuSeconds).toBeGreaterThan(0.5)
  })

  test('with the CPU time of its children', async () => {
    const code = `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(burn(600))}])`
    expect((await measure(node(code))).cpuSeconds).toBeGreaterThan(0.6)
  })

  test('its peak memory, even after it was given back', async () => {
    const small = await measure(node('setTimeout(() => {}, 200)'))
    const large = await measure(node(`${fill(200)} setTimeout(() => {}, 200)`))
    const grown = large.peakBytes - small.peakBytes
    expect(grown).toBeGreaterThan(190e6)
    expect(grown).toBeLessThan(230e6)
  })

  test('the memory of its children is added to its own', async () => {
    const child = JSON.stringify(`global.kept = ${fill(150)} setTimeout(() => {}, 500)`)
    const code = `global.kept = ${fill(150)} require('node:child_process').spawnSync(process.execPath, ['-e', ${child}])`
    expect((await measure(node(code))).peakBytes).toBeGreaterThan(300e6)
  })

  test('the end of what it said, and why it ended', async () => {
    const ended = await measure(
      node(`process.stdout.write('x'.repeat(1e6) + 'the end'); process.exitCode = 3`),
    )
    expect(ended.stdout).toHaveLength(64 * 1024)
    expect(ended.stdout).toMatch(/xthe end$/)
    expect(said(ended)).toMatch(/^ended with 3: /)
    await expect(succeed(node('process.exit(4)'))).rejects.toThrow(/ended with 4/)
  })

  test('how long its event loop was blocked, where it says so', async () => {
    const ended = await measure(node(`process.stderr.write('event-loop delay: p50 1.0 ms, p99 12.5 ms\\n')`))
    expect(ended.loopDelayMs).toBe(12.5)
    expect(await measure(node(''))).not.toHaveProperty('loopDelayMs')
  })

  test("nothing points it at the user's own repositories", async () => {
    process.env['RESTIC_REPOSITORY'] = '/precious'
    try {
      const ended = await measure(node('process.stdout.write(JSON.stringify(process.env))', { ADDED: 'yes' }))
      const env = JSON.parse(ended.stdout) as Record<string, string>
      expect([env['RESTIC_REPOSITORY'], env['ADDED'], env['PATH']]).toEqual([
        undefined,
        'yes',
        process.env['PATH'],
      ])
    } finally {
      delete process.env['RESTIC_REPOSITORY']
    }
  })

  test('a program that is not there is a failure', async () => {
    await expect(measure({ program: '/nonexistent', args: [] })).rejects.toThrow(/ENOENT/)
  })
})
