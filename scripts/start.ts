import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.ts'

/**
 * `npm start`: builds if sources changed, and opens the desktop app. Where Electron's own program can't be had or can't
 * run, it says so in one line and opens the same app in the browser, on loopback. What stands behind `npm start --` goes
 * to the program that is started.
 */

const root = fileURLToPath(new URL('../', import.meta.url))
const electron = join(root, 'node_modules/electron')
/** To fetch a hundred megabytes over a slow line. */
const fetchMs = 10 * 60_000

/** Electron's program; null when it has not been fetched. */
export function electronProgram(folder: string, override: string | undefined): string | null {
  const pathFile = join(folder, 'path.txt')
  const name = existsSync(pathFile) ? readFileSync(pathFile, 'utf8').trim() : null
  if (override !== undefined) return join(override, name ?? 'electron')
  const program = name === null ? null : join(folder, 'dist', name)
  return program !== null && existsSync(program) ? program : null
}

/** Why a window can't be opened here, whatever is installed; null when it can. Pure. */
export function obstacle({
  platform,
  userId,
  environment,
}: {
  platform: NodeJS.Platform
  userId: number | undefined
  environment: Readonly<Record<string, string | undefined>>
}): string | null {
  if (platform !== 'linux') return null
  if (!environment['DISPLAY'] && !environment['WAYLAND_DISPLAY']) return 'there is no display'
  return userId === 0 ? 'Electron does not run as root' : null
}

/** Electron fetches its program at first use; this is the first use. */
function fetchElectron(): string | null {
  process.stdout.write('Fetching Electron, once…\n')
  const { status, stderr, error } = spawnSync(process.execPath, [join(electron, 'install.js')], {
    encoding: 'utf8',
    timeout: fetchMs,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status === 0) return null
  const line = stderr
    .split('\n')
    .find(line => /error/i.test(line))
    ?.trim()
  return (error?.message ?? line ?? 'it could not be fetched').slice(0, 200)
}

function hasBrowser(): boolean {
  if (process.platform !== 'linux') return true
  const display = Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  return display && spawnSync('which', ['xdg-open'], { stdio: 'ignore' }).status === 0
}

async function main(args: string[]): Promise<void> {
  if (await build({ ifNeeded: true })) process.stdout.write('Built.\n')
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  let why = obstacle({ platform: process.platform, userId: process.getuid?.(), environment: process.env })
  if (why === null && electronProgram(electron, override) === null) {
    const reason = fetchElectron()
    if (reason !== null) why = `Electron's program can't be had (${reason})`
  }
  const program = why === null ? electronProgram(electron, override) : null
  if (program !== null) return run(program, [root, ...args])
  process.stdout.write(
    `No desktop window: ${why ?? "Electron's program is not there"}. Holdfast opens in the browser.\n`,
  )
  const serve = ['serve', '--listen', '127.0.0.1:0', ...(hasBrowser() ? ['--open'] : []), ...args]
  return run(process.execPath, [join(root, 'out/main/shells/cli/main.js'), ...serve])
}

/** Its streams and its end are ours; what ends us ends it. */
function run(program: string, args: string[]): void {
  const child = spawn(program, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void child.kill(signal))
  child.on('error', error => {
    process.stderr.write(`${program} could not be started: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', code => (process.exitCode = code ?? 1))
}

if (import.meta.main) await main(process.argv.slice(2))
