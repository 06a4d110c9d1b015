import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Hook } from '../../../shared/entities/plan.ts'
import { duration, plural, shortBytes } from '../../../shared/wording.ts'
import type { Wait } from './ports.ts'

/** Of each stream of each hook; more is left out and said. */
const mostOutputBytes = 64 * 1024
const mostLineChars = 4096
/** How long a hook has to end by itself once it is told to. */
const politeMs = 5_000
/** How long its output is waited for after its end: what it left behind may hold the pipe for ever. */
const drainMs = 1_000

export interface HookRun {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly wait: Wait
  readonly signal: AbortSignal
  readonly output: (line: string) => void
}

/**
 * Runs a command by the system's shell, in a process group of its own. After its time limit, or when `signal` fires,
 * the whole group is told to end, and then ended. It always settles, whatever the command does; what a command that
 * ended well left running in the background goes on.
 * @returns null when it ended well, else what went wrong, as the end of a sentence: "ended with code 3"
 * @throws the reason of `signal`, once the command is gone
 */
export async function runHook(hook: Hook, run: HookRun): Promise<string | null> {
  run.signal.throwIfAborted()
  const child = start(hook.command, run.environment)
  const outputs = [child.stdout!, child.stderr!].map(stream => collect(stream, run.output))
  const ended = new Promise<string | null>(resolve => {
    child.on('error', error => resolve(`could not be started: ${error.message}`))
    child.on('exit', (code, signal) =>
      resolve(code === 0 ? null : signal ? `was ended by ${signal}` : `ended with code ${code}`),
    )
  })
  const closed = new Promise<void>(resolve => child.on('close', () => resolve()))
  const over = new AbortController()
  const limit = hook.timeoutSeconds * 1000
  try {
    const tooLong = run.wait(limit, AbortSignal.any([run.signal, over.signal])).then(() => 'stop' as const)
    let outcome = await Promise.race([ended, tooLong])
    if (outcome === 'stop') {
      await end(child, ended, run.wait, over.signal)
      outcome = `took longer than ${duration(limit)} and was stopped`
    }
    await Promise.race([closed, run.wait(drainMs, over.signal)])
    run.signal.throwIfAborted()
    return outcome
  } finally {
    over.abort()
    for (const finish of outputs) finish()
    child.unref()
  }
}

/** The environment of a hook: what the plan and the run are, and the process's own without our secrets. */
export function hookEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  facts: Readonly<Record<`HOLDFAST_${string}`, string>>,
): Record<string, string | undefined> {
  const open = Object.entries(environment).filter(([name]) => !ownSecret.test(name))
  return { ...Object.fromEntries(open), ...facts }
}

/** Passwords, tokens and keys that are ours or restic's; a hook's own business (`PGPASSWORD`) stays. */
const ownSecret = /^(HOLDFAST|RESTIC)_.*(PASSWORD|PASSPHRASE|TOKEN|SECRET|KEY)/i

const isWindows = process.platform === 'win32'

function start(command: string, env: Record<string, string | undefined>): ChildProcess {
  const options = { env, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], windowsHide: true }
  if (isWindows) return spawn(command, { ...options, shell: true })
  return spawn('/bin/sh', ['-c', command], { ...options, detached: true }) // a group of its own
}

/** Politely, then by force; the group too when the shell itself has gone and left others in it. */
async function end(child: ChildProcess, ended: Promise<unknown>, wait: Wait, over: AbortSignal) {
  signalGroup(child, 'SIGTERM')
  await Promise.race([ended, wait(politeMs, over)])
  signalGroup(child, 'SIGKILL')
  await Promise.race([ended, wait(politeMs, over)]) // nothing ends a process that hangs in the system
}

function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  if (isWindows) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => undefined,
    )
    return
  }
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // all of the group have ended
  }
}

/** Gives a stream's lines on, up to the bound. Returns how to finish: what came without a line's end, and what was left out. */
function collect(stream: Readable, output: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8')
  let line = ''
  let taken = 0
  let leftOut = 0

  const take = (text: string) => {
    const lines = (line + text).split(/\r?\n/)
    line = lines.pop()!
    for (const whole of lines) output(cut(whole))
  }
  stream.on('data', (bytes: Buffer) => {
    const fits = bytes.subarray(0, mostOutputBytes - taken)
    taken += fits.length
    leftOut += bytes.length - fits.length
    take(decoder.write(fits))
  })
  stream.on('error', () => undefined) // it was closed by us

  return () => {
    stream.destroy()
    take(decoder.end())
    if (line !== '') output(cut(line))
    line = ''
    if (leftOut > 0) output(`… ${shortBytes(leftOut)} more of its output were left out.`)
  }
}

const cut = (line: string): string =>
  line.length <= mostLineChars
    ? line
    : `${line.slice(0, mostLineChars)}… (${plural(line.length - mostLineChars, 'more character')})`
