import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { testPassword } from '../support/restic.ts'

const cli = fileURLToPath(new URL('../../src/main/shells/cli/main.ts', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  ms: number
}

export interface Started {
  child: ChildProcess
  ended: Promise<Ended>
}

/** A program with its output caught. It has its own process group, so what is sent to it reaches it alone. */
export function start(program: string, args: readonly string[], env: Record<string, string> = {}): Started {
  const startedAt = performance.now()
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => output.push(part))
    child.stderr.on('data', (part: Buffer) => errors.push(part))
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({
        code,
        signal,
        stdout: Buffer.concat(output).toString('utf8'),
        stderr: Buffer.concat(errors).toString('utf8'),
        ms: performance.now() - startedAt,
      }),
    )
  })
  return { child, ended }
}

/** The real command line in a process of its own. */
export const startHoldfast = (repo: string, args: readonly string[], env?: Record<string, string>): Started =>
  start(process.execPath, [cli, '--repo', repo, ...args], { HOLDFAST_PASSWORD: testPassword, ...env })

export const holdfast = (
  repo: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<Ended> => startHoldfast(repo, args, env).ended

export const startRestic = (repo: string, args: readonly string[]): Started =>
  start('restic', ['--repo', repo, '--no-cache', ...args], { RESTIC_PASSWORD: testPassword })

/** The last line of `--json` output that is a summary. @throws {Error} there is none */
export function summaryOf<T = Record<string, number>>({ stdout, stderr, code }: Ended): T {
  const line = stdout.split('\n').findLast(line => line.includes('"message_type":"summary"'))
  if (line === undefined) throw new Error(`ended with ${code} and without a summary: ${stderr}${stdout}`)
  return JSON.parse(line) as T
}

export interface Cost {
  seconds: number
  cpuSeconds: number
  peakBytes: number
}

/** Runs to the end under `/usr/bin/time`. @throws {Error} an exit other than 0 */
export async function measured(scratch: string, ...[program, args, env]: Invocation): Promise<Ended & Cost> {
  const file = join(scratch, 'time.txt')
  const ended = await start('/usr/bin/time', ['-f', '%e %U %S %M', '-o', file, program, ...args], env).ended
  const [wall, user, system, peakKib] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .map(Number)
  rmSync(file)
  if (ended.code !== 0) {
    throw new Error(`${program} ${args.join(' ')} ended with ${ended.code}:\n${ended.stderr}${ended.stdout}`)
  }
  return { ...ended, seconds: wall!, cpuSeconds: user! + system!, peakBytes: peakKib! * 1024 }
}

/** What `measured` runs. */
export type Invocation = readonly [program: string, args: readonly string[], env: Record<string, string>]

export const asHoldfast = (repo: string, args: readonly string[]): Invocation => [
  process.execPath,
  [cli, '--repo', repo, ...args],
  { HOLDFAST_PASSWORD: testPassword },
]
export const asRestic = (repo: string, args: readonly string[]): Invocation => [
  'restic',
  ['--repo', repo, '--no-cache', ...args],
  { RESTIC_PASSWORD: testPassword },
]

export interface RepositoryFiles {
  packs: number
  packBytes: number
  indexes: number
  snapshots: number
  locks: number
  /** Names that are none of restic's: files that never got their own. */
  temporary: number
  temporaryBytes: number
  bytes: number
}

/** What lies in a repository's folder, by name and size alone. */
export function repositoryFiles(root: string): RepositoryFiles {
  const found: RepositoryFiles = {
    packs: 0,
    packBytes: 0,
    indexes: 0,
    snapshots: 0,
    locks: 0,
    temporary: 0,
    temporaryBytes: 0,
    bytes: 0,
  }
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const { size } = statSync(path)
    found.bytes += size
    const folder = path.slice(root.length + 1).split('/')[0]
    if (entry.name !== 'config' && !/^[0-9a-f]{64}$/.test(entry.name)) {
      found.temporary++
      found.temporaryBytes += size
    } else if (folder === 'data') {
      found.packs++
      found.packBytes += size
    } else if (folder === 'index') found.indexes++
    else if (folder === 'snapshots') found.snapshots++
    else if (folder === 'locks') found.locks++
  }
  return found
}

/** The last lines of what a program said, for a report. */
export const said = ({ code, signal, stderr, stdout }: Ended): string =>
  `ended with ${signal ?? code}: ${`${stdout}\n${stderr}`.trim().split('\n').slice(-6).join(' | ')}`
