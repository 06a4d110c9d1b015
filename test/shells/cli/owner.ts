import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import type { Exit } from '../../support/restic.ts'
import { cli, environment, jsonLines, live, main, type Live } from './cli.ts'

export const canary = 'canary-31b7e0'
export const passphrase = 'canary-passphrase-88'

/** A data directory of its own, a folder to back up, and a sealed file of passwords that opens by itself. */
export interface Home {
  dir: string
  data: string
  source: string
  repo: string
  env: Record<string, string | undefined>
  /** What opens the sealed file; it takes time, so only commands get it that need a password. */
  open: Record<string, string>
  /** A command of its own process. */
  run(args: string[], more?: { input?: string; env?: Record<string, string | undefined> }): Promise<Exit>
  /** What a command prints with `--json`; it has to succeed. */
  json<T = unknown>(args: string[], env?: Record<string, string | undefined>): Promise<T>
  /** `holdfast serve` on a free port, ready. Ended when the test or `end` does. */
  serve(): Promise<Owner>
  live(args: string[]): Live
  remove(): void
}

export interface Owner extends Live {
  url: string
  /** Its exit code, after SIGTERM. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
}

export function makeHome(): Home {
  const dir = makeTemp('owner')
  const source = join(dir, 'source')
  mkdirSync(source)
  for (let i = 0; i < 20; i++) writeFileSync(join(source, `file ${i}`), `content ${i}`)
  writeFileSync(join(dir, 'passphrase'), passphrase, { mode: 0o600 })
  const data = join(dir, 'data')
  const env = {
    HOLDFAST_HOME: data,
    HOLDFAST_VAULT: 'file',
    HOLDFAST_PASSWORD: canary,
  }
  const open = { HOLDFAST_VAULT_PASSPHRASE_FILE: join(dir, 'passphrase') }
  const run: Home['run'] = (args, more = {}) => cli(args, { ...more, env: { ...env, ...more.env } })
  return {
    dir,
    data,
    source,
    repo: join(dir, 'repo'),
    env,
    open,
    run,
    async json<T>(args: string[], env = {}) {
      const { code, stdout, stderr } = await run([...args, '--json'], { env })
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
      return jsonLines(stdout).at(-1) as T
    },
    live: args => live(process.execPath, [main, ...args], environment({ ...env, ...open })),
    async serve() {
      const process_ = live(
        process.execPath,
        [main, 'serve', '--listen', '0', '--grace', '0', '--json'],
        environment({ ...env, ...open }),
      )
      const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
        process_.child.kill(signal)
        return process_.exited
      }
      onTestFinished(async () => void (await end('SIGKILL')))
      await process_.until(/"serving".*\n/)
      const [said] = jsonLines(/.*"serving".*/.exec(process_.said())![0])
      return { ...process_, url: said!['url'] as string, end }
    },
    remove: () => removeTree(dir),
  }
}

/** A destination and a plan without a schedule. */
export async function setUp(home: Home, more: string[] = []): Promise<void> {
  const steps = [
    ['destination', 'add', 'NAS', home.repo, '--create'],
    ['plan', 'add', '--name', 'Documents', '--path', home.source, ...more],
  ]
  for (const args of steps) {
    const { code, stderr } = await home.run(args, { env: home.open })
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  }
}
