import { homedir } from 'node:os'
import { type Command, Option } from 'commander'
import type { Client } from '../../../shared/contract.ts'
import type { VaultInfo } from '../../../shared/entities/application.ts'
import { hasEnded, type RunState } from '../../../shared/entities/run.ts'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { programVersion } from '../../engine/index.ts'
import { dataDirectory, surroundings } from '../data-directory.ts'
import { openApp, type Hosting } from '../local/host.ts'
import { readPassword, type PasswordSource } from './password.ts'
import type { Settings } from './repo-options.ts'
import { type Shell, whoAmI } from './shell.ts'

/** The options of commands that talk with the application; a repository is none of their business. */
export function addAppOptions(command: Command): Command {
  const options = [
    new Option('--json', 'print JSON for scripts, as the API documentation describes it'),
    new Option('-q, --quiet', 'nothing but results and errors'),
    new Option('-v, --verbose', 'say more: whole IDs, absolute times')
      .default(0, '')
      .argParser((_value, before: number) => before + 1),
  ]
  for (const option of options) command.addOption(option.helpGroup('Output (before or after the command):'))
  return command
}

/** What this process is, to `openApp`. */
export function hostingOf(shell: Shell, more: Pick<Hosting, 'host' | 'attach' | 'listens'>): Hosting {
  const { hostname, username } = whoAmI()
  return {
    dataDirectory: dataDirectory(process.env),
    surroundings: surroundings(process.env),
    environment: process.env,
    hostname,
    username,
    home: homedir(),
    version: programVersion.replace(/^holdfast /, ''),
    pid: process.pid,
    now: Date.now,
    who: `cli ${username}`.trimEnd(),
    notice: text => shell.out.say(`note: ${visible(text)}`),
    signal: shell.signal,
    ...more,
  }
}

export interface Working {
  client: Client
  /** Whether the application runs in this very process, for the time of this command. */
  alone: boolean
  /** For what needs a password: asks for the passphrase of a sealed file that is locked, if somebody is there to type. */
  unlock: () => Promise<void>
}

export interface Needs {
  /** It may take a while: others may attach to it meanwhile. */
  long?: boolean
  /** `work` sees itself to Ctrl-C; otherwise it is left waiting. */
  heedsSignal?: boolean
}

/**
 * Lets `work` use the application: the one that runs, or one of this command's own. What is interrupted stops waiting
 * for its answer; a run that goes on in this process is cancelled then.
 */
export async function withApp<T>(
  shell: Shell,
  settings: Settings,
  needs: Needs,
  work: (app: Working) => Promise<T>,
): Promise<T> {
  const opened = await openApp(hostingOf(shell, { host: 'cli', attach: true, listens: needs.long === true }))
  const interrupted = interruption(shell.signal)
  const runs = watchRuns(opened.client)
  // Somebody else may end this process, too; whether it waits for its runs is theirs to say.
  void opened.app?.stopped.then(how => (how === 'cancel' ? opened.close(how) : undefined))
  try {
    const working = work({
      client: opened.client,
      alone: opened.app !== null,
      unlock: () => openSealedFile(shell, opened.client),
    })
    const done = await (needs.heedsSignal === true ? working : Promise.race([working, interrupted]))
    if (needs.long === true && opened.app !== null) {
      const said = () =>
        shell.out.say('Another run still goes on in this process: waiting for it. Ctrl-C cancels it.')
      await Promise.race([runs.ended(settings.quiet ? () => {} : said), interrupted])
    }
    await opened.close('finish')
    return done
  } catch (error) {
    await opened.close('cancel')
    throw error
  }
}

function interruption(signal: AbortSignal): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  interrupted.catch(() => {}) // nobody may be waiting for it
  return interrupted
}

interface LiveRuns {
  /** Settles when none is queued or at work; what waits for something is not waited for. */
  ended(said: () => void): Promise<void>
}

/** The runs of this process, its own and those that others started here while they were attached. */
function watchRuns({ subscribe }: Client): LiveRuns {
  const live = new Map<string, RunState>()
  let look = () => {}
  subscribe(
    event => {
      if (event.name !== 'run.changed') return
      const { id, state } = event.value
      if (hasEnded(state) || state === 'waiting') live.delete(id)
      else live.set(id, state)
      look()
    },
    { onConnect: () => {}, onLost: () => {} },
  )
  return {
    ended: said =>
      new Promise(resolve => {
        if (live.size > 0) said()
        look = () => live.size === 0 && resolve()
        look()
      }),
  }
}

/** Where passwords are in a sealed file that is still locked, and somebody is there to open it. */
async function openSealedFile(shell: Shell, client: Client): Promise<void> {
  const info = await client.call('vault.info', undefined)
  if (info.kind !== 'sealed-file' || (info.state !== 'locked' && info.state !== 'new')) return
  if (process.stdin.isTTY === true) await unlockVault(shell, client, {}, info)
}

/**
 * Opens a sealed file with what the options name or somebody types; a keychain is only asked again.
 * @throws wrong_password, invalid_input, vault_locked
 */
export async function unlockVault(
  shell: Shell,
  client: Client,
  options: PasswordSource,
  { kind, state }: VaultInfo,
): Promise<VaultInfo> {
  if (kind === 'keychain') return client.call('vault.unlock', { passphrase: 'none' })
  const isNew = state === 'new'
  for (let attempt = 1; ; attempt++) {
    const { password: passphrase, typed } = await readPassword(
      options,
      {},
      {
        prompt: isNew
          ? 'Passphrase for the new sealed file of passwords'
          : 'Passphrase of the sealed file of passwords',
        twice: isNew,
        setBy: 'Give --passphrase-file FILE or --passphrase-command COMMAND.',
      },
      shell.signal,
    )
    if (passphrase === '') throw new AppError('invalid_input', 'An empty passphrase protects nothing.')
    try {
      return await client.call('vault.unlock', { passphrase })
    } catch (error) {
      const wrong = error instanceof AppError && error.code === 'wrong_password'
      if (!wrong || !typed || attempt === 3) throw error
      shell.out.say(error.message)
    }
  }
}
