import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noise } from '../../support/content.ts'
import { execute, type Exit, testPassword } from '../../support/restic.ts'

export const main = fileURLToPath(new URL('../../../src/main/shells/cli/main.ts', import.meta.url))

/** An environment with nothing of the user's in it that would matter. */
export function environment(
  more: Record<string, string | undefined> = {},
): Record<string, string | undefined> {
  const env: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(HOLDFAST|RESTIC|NODE_|VITEST|NO_COLOR|FORCE_COLOR|TERM$)/.test(name)) env[name] = value
  }
  // Compiled code goes to a place of the tests' own, and so do all other traces.
  const root = process.env['HOLDFAST_TEST_ROOT']!
  const own = { HOLDFAST_HOME: join(root, 'home'), TMPDIR: join(root, 'scratch') }
  return { ...env, ...own, TERM: 'xterm-256color', HOLDFAST_PASSWORD: testPassword, ...more }
}

/** The real command line in a process of its own, its streams pipes. */
export const cli = (
  args: string[],
  options: { env?: Record<string, string | undefined>; cwd?: string; input?: string } = {},
): Promise<Exit> => execute(process.execPath, [main, ...args], { ...options, env: environment(options.env) })

/** What `--json` printed, a value a line. */
export const jsonLines = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)

/** A folder that no machine backs up in an instant: bytes that neither compress nor repeat. */
export function slowFolder(path: string, sizeBytes: number): string {
  mkdirSync(path)
  const files = Math.ceil(sizeBytes / 20e6)
  for (let i = 0; i < files; i++) writeFileSync(join(path, `${i}`), noise(`slow ${i}`, sizeBytes / files))
  return path
}

export interface Live {
  child: ChildProcess
  /** All that came from both streams so far. */
  said(): string
  /** Waits until `pattern` was said. Rejects when the process ends without. */
  until(pattern: RegExp): Promise<void>
  /** The exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals | null>
}

/** A process to talk with while it runs. */
export function live(program: string, args: string[], env: Record<string, string | undefined>): Live {
  const child = spawn(program, args, { env })
  let text = ''
  const waiting = new Set<() => void>()
  const hear = (part: Buffer) => {
    text += part.toString('utf8')
    for (const look of waiting) look()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exited = new Promise<number | NodeJS.Signals | null>(resolve =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  )
  return {
    child,
    said: () => text,
    exited,
    until: pattern =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
        void exited.then(() => reject(new Error(`ended without saying ${pattern}:\n${text}`)))
      }),
  }
}
