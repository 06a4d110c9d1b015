import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every test repository's password, unless a test is about passwords. */
export const testPassword = 'correct horse battery staple'

export interface Exit {
  code: number | null
  stdout: string
  stderr: string
}

export interface ResticOptions {
  password?: string
  /** `restic` on PATH by default; name another version's binary here. */
  program?: string
  /** None by default (`--no-cache`), so that what restic reads is what the repository holds. */
  cacheDir?: string
  env?: Record<string, string>
  cwd?: string
}

export interface ResticSnapshot {
  id: string
  short_id: string
  time: string
  tree: string
  parent?: string
  paths: string[]
  hostname: string
  tags?: string[]
}

/** The real restic on one repository in a local folder: the judge of what Holdfast writes. */
export interface Restic {
  /** Whatever happens, its exit code and both streams. */
  run(args: readonly string[], more?: ResticOptions): Promise<Exit>
  /** The standard output; an exit other than 0 rejects with what restic said. */
  ok(args: readonly string[], more?: ResticOptions): Promise<string>
  /** `--json`, one value a line of output. */
  json<T = unknown>(args: readonly string[], more?: ResticOptions): Promise<T[]>
  /** @param version of the format; restic's own default is 2 since 0.14 */
  init(options?: { version?: 1 | 2; chunkerFrom?: { repo: string; password?: string } }): Promise<void>
  /** The whole ID of the new snapshot. */
  backup(paths: readonly string[], args?: readonly string[], more?: ResticOptions): Promise<string>
  restore(snapshot: string, target: string, args?: readonly string[]): Promise<void>
  /** Rejects unless restic finds no error at all; hints (such as unreferenced packs) are in the result. */
  check(args?: readonly string[]): Promise<string>
  snapshots(args?: readonly string[]): Promise<ResticSnapshot[]>
}

export function restic(repo: string, defaults: ResticOptions = {}): Restic {
  function run(args: readonly string[], more: ResticOptions = {}): Promise<Exit> {
    const options = { ...defaults, ...more }
    const cache = options.cacheDir === undefined ? ['--no-cache'] : ['--cache-dir', options.cacheDir]
    return execute(options.program ?? 'restic', ['--repo', repo, ...cache, ...args], {
      env: { ...bareEnv(), RESTIC_PASSWORD: options.password ?? testPassword, ...defaults.env, ...more.env },
      cwd: options.cwd,
    })
  }

  async function ok(args: readonly string[], more?: ResticOptions): Promise<string> {
    const { code, stdout, stderr } = await run(args, more)
    if (code !== 0) throw new Error(`restic ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
    return stdout
  }

  async function json<T>(args: readonly string[], more?: ResticOptions): Promise<T[]> {
    return (await ok(['--json', ...args], more))
      .split('\n')
      .filter(line => /^[[{]|^null/.test(line))
      .map(line => JSON.parse(line) as T)
  }

  return {
    run,
    ok,
    json,

    async init({ version, chunkerFrom } = {}) {
      await ok(
        [
          'init',
          ...(version === undefined ? [] : ['--repository-version', String(version)]),
          ...(chunkerFrom === undefined ? [] : ['--copy-chunker-params', '--from-repo', chunkerFrom.repo]),
        ],
        { env: { RESTIC_FROM_PASSWORD: chunkerFrom?.password ?? testPassword } },
      )
    },

    async backup(paths, args = [], more) {
      const lines = await json<{ message_type: string; snapshot_id?: string }>(
        ['backup', ...args, '--', ...paths],
        more,
      )
      const id = lines.findLast(line => line.message_type === 'summary')?.snapshot_id
      if (id === undefined) throw new Error('restic backup printed no summary')
      if (id.length === 64) return id // newer versions; older ones print the short ID
      return readdirSync(join(repo, 'snapshots')).find(name => name.startsWith(id)) ?? id
    },

    async restore(snapshot, target, args = []) {
      await ok(['restore', snapshot, '--target', target, ...args])
    },

    check: (args = []) => ok(['check', ...args]),

    async snapshots(args = []) {
      return ((await json<ResticSnapshot[] | null>(['snapshots', ...args]))[0] ?? []) as ResticSnapshot[]
    },
  }
}

/** Runs a program to its end with no standard input. Rejects only when it can't be started. */
export function execute(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string | undefined>; cwd?: string | undefined; input?: string } = {},
): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: options.env ?? process.env, cwd: options.cwd })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => output.push(part))
    child.stderr.on('data', (part: Buffer) => errors.push(part))
    child.on('error', reject)
    child.stdin.on('error', () => undefined) // it ended without reading: no failure of ours
    child.on('close', code =>
      resolve({
        code,
        stdout: Buffer.concat(output).toString('utf8'),
        stderr: Buffer.concat(errors).toString('utf8'),
      }),
    )
    child.stdin.end(options.input ?? '')
  })
}

/** This process's environment without what would change restic's ways (and no password of the user's). */
function bareEnv(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !/^(RESTIC|AWS|B2)_/.test(name))
  // Its own temporary files go elsewhere, for they would change the folder above a test's sources.
  const root = process.env['HOLDFAST_TEST_ROOT']
  return { ...Object.fromEntries(kept), ...(root === undefined ? {} : { TMPDIR: join(root, 'scratch') }) }
}
