import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hookEnvironment, runHook } from '../../../src/main/services/runs/hooks.ts'
import { isRunning } from '../../../src/main/engine/running.ts'
import { realWait } from '../../support/real-wait.ts'
import { tempDir } from '../../support/tmp.ts'
import { needs } from '../../support/needs.ts'

const onUnix = process.platform === 'win32' ? test.skip : test

interface Ran {
  problem: string | null
  lines: string[]
}

async function run(
  command: string,
  {
    timeoutSeconds = 30,
    signal = new AbortController().signal,
    wait = realWait,
    onLine = (_: string) => {},
  } = {},
): Promise<Ran> {
  const lines: string[] = []
  const problem = await runHook(
    { command, timeoutSeconds },
    {
      environment: { PATH: process.env['PATH'] },
      wait,
      signal,
      output: line => {
        lines.push(line)
        onLine(line)
      },
    },
  )
  return { problem, lines }
}

onUnix('a command that ends well, and its output by line, from both streams', async () => {
  expect(await run('echo one; printf "two\\nthree"')).toEqual({
    problem: null,
    lines: ['one', 'two', 'three'],
  })
  expect(await run('echo bad >&2')).toEqual({ problem: null, lines: ['bad'] })
})

onUnix('what goes wrong is said as the end of a sentence', async () => {
  expect((await run('exit 3')).problem).toBe('ended with code 3')
  expect((await run('kill -9 $$')).problem).toBe('was ended by SIGKILL')
  expect((await run('/no/such/program')).problem).toBe('ended with code 127')
})

/** A process that is gone for good, though its parent may not have heard of it yet. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    if (!isRunning(pid)) return
    const state = /^\d+ \(.*\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').toString())?.[1]
    if (state === 'Z') return
    await realWait(10, new AbortController().signal)
  }
}

const { test: onLinux } = needs('linux')

onLinux(
  'one that ignores being told to end, and its children, are ended by force after the time limit',
  async () => {
    const folder = tempDir()
    const ready = join(folder, 'ready')
    // limits are hurried: whatever is waited for is over once the command is ready
    const wait = async (ms: number, signal: AbortSignal) => {
      while (!existsSync(ready) && !signal.aborted) await realWait(5, signal)
      await realWait(Math.min(ms, 50), signal)
    }
    const { problem, lines } = await run(
      `trap '' TERM; (trap '' TERM; echo $$; sh -c 'echo $$; touch ${ready}; exec sleep 600') & wait; wait; sleep 600`,
      { timeoutSeconds: 7, wait },
    )
    expect(problem).toBe('took longer than 7.0 s and was stopped')
    expect(lines).toHaveLength(2)
    for (const pid of lines) await gone(Number(pid))
  },
)

onLinux('what a command leaves behind may hold its output open: nobody waits for it', async () => {
  const { problem, lines } = await run('sleep 600 & echo $!')
  expect(problem).toBe(null)
  const pid = Number(lines[0])
  expect(isRunning(pid)).toBe(true) // it ended well: a daemon it started is its own business
  process.kill(pid)
})

onLinux('one in a session of its own, which no signal to the group reaches, holds nothing up', async () => {
  const begun = Promise.withResolvers<void>()
  const wait = (ms: number, signal: AbortSignal) =>
    begun.promise.then(() => realWait(Math.min(ms, 50), signal))
  const { problem, lines } = await run('setsid sh -c "echo \\$\\$; exec sleep 600" & sleep 600', {
    timeoutSeconds: 1,
    wait,
    onLine: () => begun.resolve(),
  })
  expect(problem).toBe('took longer than 1.0 s and was stopped')
  process.kill(Number(lines[0]))
})

onUnix('a cancel ends it at once', async () => {
  const stop = new AbortController()
  const ran = run('echo $$; sleep 600', {
    signal: stop.signal,
    onLine: () => stop.abort(new Error('enough')),
  })
  await expect(ran).rejects.toThrow('enough')
  await expect(run('echo never', { signal: stop.signal })).rejects.toThrow('enough')
})

onUnix('of endless output only the beginning is kept, and what is left out is said', async () => {
  const { problem, lines } = await run('yes 0123456789 | head -c 1000000')
  expect(problem).toBe(null)
  expect(lines.at(-1)).toMatch(/^… \d+ KiB more of its output were left out\.$/)
  expect(lines.join('\n').length).toBeLessThan(70_000)
  const long = await run('head -c 50000 /dev/zero | tr "\\0" x; echo; printf "\\377\\376"')
  expect(long.lines[0]).toMatch(/^x{4096}… \(45,904 more characters\)$/)
  expect(long.lines[1]).toBe('\ufffd\ufffd')
})

test('its environment has the facts and none of our secrets', () => {
  const environment = {
    PATH: '/bin',
    PGPASSWORD: 'theirs',
    HOLDFAST_HOME: '/data',
    HOLDFAST_PASSWORD: 'ours',
    HOLDFAST_PASSWORD_FILE: '/ours',
    HOLDFAST_VAULT_PASSPHRASE: 'ours',
    HOLDFAST_TOKEN: 'ours',
    RESTIC_PASSWORD: 'ours',
  }
  expect(hookEnvironment(environment, { HOLDFAST_PLAN: 'Documents' })).toEqual({
    PATH: '/bin',
    PGPASSWORD: 'theirs',
    HOLDFAST_HOME: '/data',
    HOLDFAST_PLAN: 'Documents',
  })
})
