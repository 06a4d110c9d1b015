/**
 * What `holdfast serve` costs: memory and processor time while nothing happens, and how long its event loop was blocked
 * while it backed up a large tree and indexed it. `node scripts/bench-owner.ts CORPUS [seconds of idling]`; Linux only.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const [corpus, idleSeconds = '60'] = process.argv.slice(2)
if (corpus === undefined) throw new Error('name a folder to back up')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-owner-'))
const cli = fileURLToPath(new URL('../src/main/shells/cli/main.ts', import.meta.url))
const passphrase = join(folder, 'passphrase')
writeFileSync(passphrase, 'for the bench alone\n', { mode: 0o600 })
const env = {
  ...process.env,
  HOLDFAST_HOME: join(folder, 'home'),
  HOLDFAST_VAULT: 'file',
  HOLDFAST_VAULT_PASSPHRASE_FILE: passphrase,
  HOLDFAST_PASSWORD: 'for the bench alone',
}
const say = (line: string) => void process.stdout.write(`${line}\n`)
const holdfast = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, ...args], { env, maxBuffer: 1e8 })

/** User and system time, seconds, and resident bytes. */
function usage(pid: number): { cpu: number; rss: number; peak: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kib = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1])
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / 100,
    rss: kib('VmRSS') * 1024,
    peak: kib('VmHWM') * 1024,
  }
}
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`

/** An owner that is up and has settled. */
async function serve(more: NodeJS.ProcessEnv) {
  const owner = spawn(process.execPath, [cli, 'serve', '--listen', '127.0.0.1:0'], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [owner.stdout, owner.stderr]) {
    stream.on('data', (chunk: Buffer) => void (said += chunk.toString()))
  }
  const ended = new Promise(resolve => owner.once('exit', resolve))
  for (let tries = 0; tries < 100 && !said.includes('http'); tries++) await wait(100)
  await wait(5000)
  return {
    pid: owner.pid!,
    async end(): Promise<string> {
      owner.kill('SIGTERM')
      await ended
      return said
    },
  }
}

try {
  const idle = await serve({})
  const before = usage(idle.pid)
  await wait(Number(idleSeconds) * 1000)
  const after = usage(idle.pid)
  await idle.end()
  const share = ((after.cpu - before.cpu) / Number(idleSeconds)) * 100
  say(`idle: ${mb(after.rss)} resident, ${share.toFixed(2)} % of one core over ${idleSeconds} s`)

  // Watching the event loop costs a percent of a core: not while idling is measured.
  const busy = await serve({ HOLDFAST_LOOP_DELAY: '1' })
  await holdfast('destination', 'add', 'Disk', join(folder, 'repo'), '--create')
  await holdfast('plan', 'add', '--name', 'Tree', '--path', corpus, '--destination', 'Disk')
  for (const what of ['first backup', 'second, while the first is indexed', 'third']) {
    const start = usage(busy.pid)
    const from = performance.now()
    await holdfast('plan', 'run', 'Tree')
    const end = usage(busy.pid)
    const seconds = ((performance.now() - from) / 1000).toFixed(1)
    const cpu = (end.cpu - start.cpu).toFixed(1)
    say(`${what}: ${seconds} s with the command that asked for it, ${cpu} s of CPU, peak ${mb(end.peak)}`)
    if (what !== 'first backup') await wait(10_000)
  }
  say(`afterwards: ${mb(usage(busy.pid).rss)} resident`)
  const said = await busy.end()
  say(said.split('\n').find(line => line.includes('loop delay')) ?? 'no loop delay was told')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
