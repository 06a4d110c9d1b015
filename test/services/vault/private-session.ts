import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { tempDir } from '../../support/tmp.ts'

const run = promisify(execFile)
const secrets = '/org/freedesktop/secrets'

/** A D-Bus session of its own, with its own folders for everything that the programs in it keep. */
export interface PrivateSession {
  readonly environment: Record<string, string>
  /** Starts gnome-keyring with its keyring open, as logging in does; instead of the one that runs. */
  unlock(password: string): Promise<void>
  lock(): Promise<void>
  /** Lets no call through, while keeping every connection open. */
  stop(): void
  resume(): void
  /** What another program finds in the keyring. */
  lookUp(account: string): Promise<string>
}

export async function privateSession(): Promise<PrivateSession> {
  const root = tempDir('session')
  const folders = {
    HOME: 'home',
    XDG_DATA_HOME: 'data',
    XDG_RUNTIME_DIR: 'run',
    XDG_CACHE_HOME: 'cache',
    XDG_CONFIG_HOME: 'config',
  }
  const environment: Record<string, string> = { PATH: process.env['PATH'] ?? '' }
  for (const [name, folder] of Object.entries(folders)) {
    environment[name] = join(root, folder)
    mkdirSync(join(root, folder), { mode: 0o700 })
  }
  environment['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${join(root, 'bus')}`
  const args = ['--session', '--nofork', '--print-address=1', `--address=unix:path=${join(root, 'bus')}`]
  const bus = start('dbus-daemon', args, environment)
  await once(bus.stdout!, 'data') // it listens

  let keyring: ChildProcess | null = null
  const send = (...args: string[]) =>
    run('dbus-send', ['--session', '--print-reply', ...args], { env: environment })

  return {
    environment,
    async unlock(password) {
      if (keyring !== null) {
        const gone = once(keyring, 'exit')
        keyring.kill('SIGKILL')
        await gone
      }
      keyring = start(
        'gnome-keyring-daemon',
        ['--unlock', '--components=secrets', '--foreground'],
        environment,
      )
      keyring.stdin!.end(password)
      const asked = [
        '--dest=org.freedesktop.DBus',
        '/',
        'org.freedesktop.DBus.NameHasOwner',
        'string:org.freedesktop.secrets',
      ]
      while (!(await send(...asked)).stdout.includes('boolean true')) await sleep(20)
    },
    async lock() {
      const method = 'org.freedesktop.Secret.Service.Lock'
      await send(
        '--dest=org.freedesktop.secrets',
        secrets,
        method,
        `array:objpath:${secrets}/collection/login`,
      )
    },
    stop: () => void keyring?.kill('SIGSTOP'),
    resume: () => void keyring?.kill('SIGCONT'),
    lookUp: async account =>
      (await run('secret-tool', ['lookup', 'service', 'Holdfast', 'username', account], { env: environment }))
        .stdout,
  }
}

function start(program: string, args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  })
  return child
}
