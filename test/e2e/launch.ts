import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import type { Bridge } from '../../src/shared/bridge.ts'
import type { CallInput, Method, Output, Reply } from '../../src/shared/contract.ts'
import { builtMain, startStandIn, type StandIn } from '../support/electron-host/stand-in.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'

export type Host = 'server' | 'electron'
export const hosts: readonly Host[] = ['server', 'electron']

/** The built product with a window on it, on a data directory of its own. */
export interface Launched {
  readonly host: Host
  /** Of the window, once it has loaded. */
  readonly page: Page
  readonly dataDirectory: string
  /** The process that was started. */
  readonly pid: number
  /** What a person, or the system, does to a desktop app; only where the stand-in hosts it. */
  readonly standIn: StandIn | null
  close(): Promise<void>
}

export interface LaunchOptions {
  readonly host: Host
  /** Of the test's; made when absent. */
  readonly dataDirectory?: string
  /** Of the program. */
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  /** The scheme of colours, the size of the window, … */
  readonly context?: BrowserContextOptions
  /** Whether passwords can be kept from the start; opening the sealed file takes a while. */
  readonly vault?: 'open' | 'new'
}

const root = fileURLToPath(new URL('../../', import.meta.url))
export const builtCli = join(root, 'out/main/shells/cli/main.js')
const chromiumPath = '/usr/bin/chromium'

/** Where Electron's own program is, if it could be had. */
export function electronProgram(): string | null {
  const folder = join(root, 'node_modules/electron')
  const pathFile = join(folder, 'path.txt')
  const program = existsSync(pathFile) ? join(folder, 'dist', readFileSync(pathFile, 'utf8')) : ''
  return existsSync(program) ? program : null
}

let shared: Promise<Browser> | null = null
/** One Chromium for all tests of a file. */
export function openBrowser(): Promise<Browser> {
  return (shared ??= chromium.launch({
    executablePath: chromiumPath,
    // Chromium as root has no sandbox; its own pages are all it shows here.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-prefers-reduced-motion'],
  }))
}
afterAll(async () => {
  await (await shared)?.close()
  shared = null
})

export const passphrase = 'correct horse battery staple'

/** An environment of the product's own: no setting of whoever runs the tests reaches it, nor the other way. */
export function productEnvironment(
  dataDirectory: string,
  { env = {}, vault = 'open' }: Pick<LaunchOptions, 'env' | 'vault'> = {},
): Record<string, string> {
  const { PATH = '', TMPDIR = '/tmp', LANG = 'C.UTF-8', DISPLAY, HOME } = process.env
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const file = join(dataDirectory, '..', 'passphrase')
  if (!existsSync(file)) writeFileSync(file, `${passphrase}\n`, { mode: 0o600 })
  return {
    PATH,
    TMPDIR,
    LANG,
    HOME: HOME ?? TMPDIR,
    ...(DISPLAY === undefined ? {} : { DISPLAY }),
    HOLDFAST_HOME: dataDirectory,
    HOLDFAST_VAULT: 'file',
    ...(vault === 'open' && { HOLDFAST_VAULT_PASSPHRASE_FILE: file }),
    XDG_CONFIG_HOME: join(dataDirectory, '..', 'config'),
    XDG_RUNTIME_DIR: TMPDIR,
    ...env,
  }
}

/** Starts the product and opens its window. It ends with the test. */
export async function launchApp(options: LaunchOptions): Promise<Launched> {
  const launched = await startApp(options)
  onTestFinished(() => launched.close())
  return launched
}

/** For several tests: the caller ends it. */
export async function startApp(options: LaunchOptions): Promise<Launched> {
  const folder = options.dataDirectory === undefined ? makeTemp('launch') : null
  const dataDirectory = options.dataDirectory ?? join(folder!, 'data')
  const env = productEnvironment(dataDirectory, options)
  const context = { viewport: { width: 1280, height: 840 }, ...options.context }
  const { args = [] } = options
  const launched =
    options.host === 'server'
      ? await launchServer(args, env, context)
      : electronProgram()
        ? await launchElectron(args, env)
        : await launchStandIn(args, env, context)
  return {
    ...launched,
    dataDirectory,
    async close() {
      await launched.close()
      if (folder !== null) removeTree(folder)
    },
  }
}

/** A call of the contract, as the page itself makes it: over the bridge, or over HTTP. */
export async function callFrom<M extends Method>(
  page: Page,
  name: M,
  input: CallInput<M>,
): Promise<Output<M>> {
  const reply = await page.evaluate(
    async ([name, input]) => {
      const { holdfast } = globalThis as { holdfast?: Bridge }
      if (holdfast) return (await holdfast.call(name, input)) as Reply
      const response = await fetch(`/api/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-holdfast': '1' },
        body: input === undefined ? null : JSON.stringify(input),
      })
      const value: unknown = response.status === 204 ? undefined : await response.json()
      return (response.ok ? { ok: true, value } : { ok: false, error: value }) as Reply
    },
    [name, input] as const,
  )
  if (!reply.ok) throw new Error(`${name}: ${reply.error.code}: ${reply.error.message}`)
  return reply.value as Output<M>
}

type Started = Omit<Launched, 'dataDirectory'>

async function launchServer(
  args: readonly string[],
  env: Record<string, string>,
  options: BrowserContextOptions,
): Promise<Started> {
  const server = await startServe(env, args)
  const context = await (await openBrowser()).newContext(options)
  const page = await context.newPage()
  await page.goto(server.link)
  return {
    host: 'server',
    page,
    pid: server.pid,
    standIn: null,
    async close() {
      await context.close()
      await server.end()
    },
  }
}

/** `holdfast serve`, built, on a free port. */
export async function startServe(env: Record<string, string>, args: readonly string[] = []) {
  const child = spawn(process.execPath, [builtCli, 'serve', '--listen', '127.0.0.1:0', '--json', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  let said = ''
  const link = await new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer) => {
      said += part.toString()
      const line = said.split('\n').find(line => line.includes('"serving"'))
      if (line) resolve((JSON.parse(line) as { link: string }).link)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => reject(new Error(`serve ended: ${said}`)))
  })
  return {
    link,
    pid: child.pid!,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
    end: async () => {
      child.kill('SIGTERM')
      await exited
    },
  }
}

async function launchStandIn(
  args: readonly string[],
  env: Record<string, string>,
  context: BrowserContextOptions,
): Promise<Started> {
  const standIn = await startStandIn({ main: builtMain, args, env, browser: await openBrowser(), context })
  return {
    host: 'electron',
    standIn,
    pid: standIn.process.pid!,
    // started without a window there is none to wait for
    page: args.includes('--hidden') ? (null as never) : await standIn.page(),
    close: standIn.close,
  }
}

/** The real one, where its program is. */
async function launchElectron(args: readonly string[], env: Record<string, string>): Promise<Started> {
  const electron = await _electron.launch({ executablePath: electronProgram()!, args: [root, ...args], env })
  return {
    host: 'electron',
    standIn: null,
    pid: electron.process().pid!,
    page: await electron.firstWindow(),
    close: () => electron.close(),
  }
}
