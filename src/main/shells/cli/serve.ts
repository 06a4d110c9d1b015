import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { duration, visible } from '../../../shared/wording.ts'
import { openApp, type Opened } from '../local/host.ts'
import { newToken } from '../server/auth.ts'
import { startServer, type Server } from '../server/http.ts'
import { addAppOptions, hostingOf } from './app.ts'
import { addHelp } from './help.ts'
import { settingsOf, type Settings } from './repo-options.ts'
import type { Shell } from './shell.ts'

interface Options {
  listen: Listen
  allowHost?: string[]
  tokenFile?: string
  tlsCert?: string
  tlsKey?: string
  open?: boolean
  grace: number
}
interface Listen {
  host: string
  port: number
}

const defaultPort = 7311

export function build(shell: Shell): Command {
  const command = new Command('serve')
    .description(
      'Run Holdfast in the background: it starts plans by their schedules, and answers on loopback.\n' +
        'All other commands use it while it runs. SIGTERM or Ctrl-C ends it, after its runs.',
    )
    .option('--listen <address>', 'address and port, or only a port; port 0 is any free one', parseListen, {
      host: '127.0.0.1',
      port: defaultPort,
    })
    .option(
      '--allow-host <name>',
      'another name it is reached by; may be repeated',
      (name, before: string[] = []) => [...before, name],
    )
    .option(
      '--token-file <file>',
      'the token programs show (default: server-token in the data directory, made once)',
    )
    .option('--tls-cert <file>', 'certificate, PEM')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--open', 'open it in the browser')
    .option('--grace <seconds>', 'how long runs may take to end, before they are cut off', parseGrace, 60)
    .action((options: Options) => run(shell, command, options))
  addHelp(command, {
    examples: [
      ['holdfast serve'],
      ['holdfast serve --listen 127.0.0.1:8080 --open'],
      ['holdfast service systemd', 'a unit that starts it by itself'],
      ['curl -H "Authorization: Bearer $(cat TOKEN_FILE)" http://127.0.0.1:7311/api/app.status -d null'],
    ],
    exits: [
      [31, 'the port is taken'],
      [37, 'Holdfast runs already on this data directory'],
    ],
  })
  return addAppOptions(command)
}

function parseListen(text: string): Listen {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (!match || port > 65_535) throw new InvalidArgumentError('It is ADDRESS:PORT, [ADDRESS]:PORT or PORT.')
  return { host: match[1]?.replace(/^\[|\]$/g, '') ?? '127.0.0.1', port }
}

function parseGrace(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a number of seconds.')
}

async function run(shell: Shell, command: Command, options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { signal } = shell
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    throw new AppError('invalid_input', 'A certificate and its key belong together.', {
      hint: 'Give both --tls-cert and --tls-key.',
    })
  }
  const hosting = hostingOf(shell, { host: 'server', attach: false, listens: true })
  const tls = options.tlsCert === undefined ? null : await readTls(options.tlsCert, options.tlsKey!)
  const opened = await openApp(hosting)
  const app = opened.app!
  let server: Server | null = null
  try {
    const tokenFile = options.tokenFile ?? join(hosting.dataDirectory, 'server-token')
    const token = await readToken(tokenFile, options.tokenFile === undefined)
    server = await startServer({
      app,
      listen: options.listen,
      token,
      allowedHosts: options.allowHost ?? [],
      ...(tls !== null && { tls }),
      version: hosting.version,
      assets: builtWindow(),
      now: Date.now,
    })
    announce(shell, settings, options, server, tokenFile)
    const how = await Promise.race([app.stopped, aborted(signal)])
    await server.close()
    server = null
    await end(shell, settings, opened, how, options.grace * 1000)
  } catch (error) {
    await server?.close()
    await opened.close('cancel')
    throw error
  }
}

const aborted = (signal: AbortSignal): Promise<'finish'> =>
  new Promise(resolve => {
    if (signal.aborted) resolve('finish')
    signal.addEventListener('abort', () => resolve('finish'), { once: true })
  })

/** Runs may come to their end for a while; then they are cut off, and go on after the next start. */
async function end(
  { out }: Shell,
  settings: Settings,
  opened: Opened,
  how: 'finish' | 'cancel',
  graceMs: number,
): Promise<void> {
  if (how === 'cancel') return opened.close('cancel')
  const { runs } = await opened.client.call('run.list', { states: ['running', 'cancelling'], limit: 10 })
  if (runs.length > 0 && !settings.quiet) {
    const names = runs.map(({ planName }) => `"${visible(planName)}"`).join(', ')
    out.say(
      `Waiting for ${names}, ${duration(graceMs)} at most; a run that is cut off goes on after the next start.`,
    )
  }
  const grace = setTimeout(() => void opened.close('cancel'), graceMs)
  await opened.close('finish')
  clearTimeout(grace)
}

function announce(
  { out }: Shell,
  settings: Settings,
  { open }: Options,
  server: Server,
  tokenFile: string,
): void {
  const { url, warning } = server
  // What stands in a journal stays there; who reads it can sign in with the token.
  const journal = process.env['JOURNAL_STREAM'] !== undefined && open !== true
  const link = journal ? null : server.link()
  if (settings.json) {
    out.json({
      message_type: 'serving',
      url,
      pid: process.pid,
      token_file: tokenFile,
      ...(link !== null && { link }),
    })
  } else {
    out.print(
      link === null
        ? `Holdfast runs at ${url} (the token is in ${visible(tokenFile)})`
        : `Holdfast runs. Open it within five minutes, once: ${link}`,
    )
    if (!settings.quiet && link !== null)
      out.print(`Later, and for programs: ${url} with the token in ${visible(tokenFile)}`)
  }
  if (warning !== null) out.say(`warning: ${warning}`)
  if (open === true) openBrowser(server.link(), text => out.say(text))
}

function openBrowser(link: string, say: (text: string) => void): void {
  const [program, ...args] =
    process.platform === 'darwin'
      ? ['open', link]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', link]
        : ['xdg-open', link]
  const child = spawn(program!, args, { stdio: 'ignore', detached: true })
  child.on('error', error => say(`The browser could not be opened (${error.message}): use the link.`))
  child.unref()
}

/** The token that is there, or a new one that nobody else can read. */
async function readToken(file: string, make: boolean): Promise<string> {
  const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && make) return null
    throw new AppError('invalid_input', `The token can't be read: ${error.message}`, {
      hint: 'Check --token-file.',
      cause: error,
    })
  })
  if (found === null) {
    const token = newToken()
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
    return token
  }
  if (make) await chmod(file, 0o600)
  else if (process.platform !== 'win32' && ((await stat(file)).mode & 0o066) !== 0) {
    throw new AppError('invalid_input', `Others than its owner may read or change the token in ${file}.`, {
      hint: `Run: chmod 600 ${file}`,
    })
  }
  return found.trim()
}

async function readTls(cert: string, key: string): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    return { cert: await readFile(cert), key: await readFile(key) }
  } catch (error) {
    throw new AppError(
      'invalid_input',
      `The certificate or its key can't be read: ${(error as Error).message}`,
      {
        hint: 'Check --tls-cert and --tls-key.',
        cause: error,
      },
    )
  }
}

/** The window for browsers, where it was built. */
function builtWindow(): string | null {
  const folder = fileURLToPath(new URL('../../../../out/renderer', import.meta.url))
  return existsSync(join(folder, 'index.html')) ? folder : null
}
