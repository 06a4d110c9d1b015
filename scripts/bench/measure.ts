// What one run of a program costs, children included. Linux: reads /proc.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { Cost } from './results.ts'

export interface Command {
  program: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
}

export interface Ended extends Cost {
  code: number | null
  signal: NodeJS.Signals | null
  /** The last 64 KiB of each. */
  stdout: string
  stderr: string
}

const sampleMs = 10
const keptBytes = 64 * 1024
const ticksPerSecond = 100 // USER_HZ is that on every Linux that Node runs on
/** A Holdfast that is asked for it (HOLDFAST_LOOP_DELAY=1) says on stderr how long its event loop was blocked. */
const loopDelay = /loop delay.*?p99\D*([\d.]+) ms/i

/** One at a time: the CPU time is that of all children that ended meanwhile. Rejects when it can't be started. */
export function measure({ program, args, env = {}, cwd }: Command): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const cpuBefore = childrenCpuSeconds()
    const startedAt = performance.now()
    const child = spawn(program, args, {
      env: { ...cleanEnv(process.env), ...env },
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout = tail()
    const stderr = tail()
    child.stdout.on('data', stdout.add)
    child.stderr.on('data', stderr.add)
    const memory = watchMemory(child.pid)
    const timer = setInterval(memory.sample, sampleMs)
    let wallSeconds = 0
    child.on('exit', () => {
      wallSeconds = (performance.now() - startedAt) / 1000
      clearInterval(timer)
    })
    child.on('error', error => {
      clearInterval(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      const delay = loopDelay.exec(stderr.text())?.[1]
      resolve({
        code,
        signal,
        wallSeconds,
        cpuSeconds: childrenCpuSeconds() - cpuBefore,
        peakBytes: memory.peakBytes(),
        ...(delay !== undefined && { loopDelayMs: Number(delay) }),
        stdout: stdout.text(),
        stderr: stderr.text(),
      })
    })
  })
}

/** As `measure`. @throws {Error} with what it said, when it ends with anything but 0 */
export async function succeed(command: Command): Promise<Ended> {
  const ended = await measure(command)
  if (ended.code !== 0) throw new Error(`${command.program} ${said(ended)}`)
  return ended
}

export const said = ({ code, signal, stdout, stderr }: Ended): string =>
  `ended with ${signal ?? code}: ${`${stdout}\n${stderr}`.trim().split('\n').slice(-6).join(' | ')}`

/** Just the cost. */
export const costOf = ({ wallSeconds, cpuSeconds, peakBytes, loopDelayMs }: Ended): Cost => ({
  wallSeconds,
  cpuSeconds,
  peakBytes,
  ...(loopDelayMs !== undefined && { loopDelayMs }),
})

/** User and system time of all children that have ended, and of theirs. @see proc(5), /proc/pid/stat */
function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before may hold spaces; the third field on
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond
}

/**
 * The kernel keeps the peak of each process (VmHWM); a tree's is the most that its members' resident sizes came to in
 * any one sample, or the highest peak of one member if that is more.
 */
function watchMemory(root: number | undefined) {
  let peak = 0
  return {
    sample(): void {
      if (root === undefined) return
      let resident = 0
      for (const pid of processTree(root)) {
        const status = read(`/proc/${pid}/status`)
        resident += kibOf(status, 'VmRSS')
        peak = Math.max(peak, kibOf(status, 'VmHWM'))
      }
      peak = Math.max(peak, resident)
    },
    peakBytes: () => peak * 1024,
  }
}

function processTree(pid: number): number[] {
  const children = list(`/proc/${pid}/task`).flatMap(thread =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

const kibOf = (status: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)

/** A process may end between two looks. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function tail() {
  let parts: Buffer[] = []
  let bytes = 0
  return {
    add(part: Buffer): void {
      parts.push(part)
      bytes += part.length
      if (bytes < 4 * keptBytes) return
      parts = [Buffer.concat(parts).subarray(-keptBytes)]
      bytes = keptBytes
    },
    text: (): string => Buffer.concat(parts).subarray(-keptBytes).toString('utf8'),
  }
}

/** Without what would point a program at the user's own repositories, or change what npm's Node does. */
function cleanEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const unwanted =
    /^(RESTIC_|BORG_|AWS_|B2_|NODE_OPTIONS$|npm_|HOLDFAST_(REPOSITORY|FROM_|PASSWORD|HOME|CACHE))/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unwanted.test(name)))
}
