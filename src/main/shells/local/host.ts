import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '../../../shared/contract.ts'
import type { AppInfo } from '../../../shared/entities/application.ts'
import { AppError, toWireError } from '../../../shared/errors.ts'
import { createApp, type App, type AppPorts } from '../../services/app.ts'
import { openCatalogue } from '../../services/catalogue/open.ts'
import { askProgram } from '../../services/scheduling/ask-program.ts'
import { systemNetwork } from '../../services/scheduling/network.ts'
import { systemPower } from '../../services/scheduling/power.ts'
import { wallClockTimers } from '../../services/scheduling/timers.ts'
import { openVault } from '../../services/vault/choose.ts'
import { connect } from './connect.ts'
import { insideClient } from './inside.ts'
import { listen, type Listening } from './listen.ts'
import { createOwnerLog } from './owner-log.ts'
import { findPlace, type Surroundings } from './place.ts'
import { createStatusFile } from './status-file.ts'

export interface Opened {
  /** The application, wherever it runs. */
  readonly client: Client
  /** null: another process has it, and `client` is attached to that. */
  readonly app: App | null
  /**
   * Ends what `openApp` began. An owner ends its runs in the way that is said and gives the data directory back; one
   * that is attached only leaves.
   */
  close(runs: 'finish' | 'cancel'): Promise<void>
}

export interface Hosting {
  readonly dataDirectory: string
  readonly host: AppInfo['host']
  readonly surroundings: Surroundings
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly hostname: string
  readonly username: string
  /** The user's home folder. */
  readonly home: string
  readonly version: string
  readonly pid: number
  readonly now: () => number
  /** What it calls itself in the audit log: "cli ada". */
  readonly who: string
  /** Whether to use an owner that is there already; without, it is refused with `already_running`. */
  readonly attach: boolean
  /** Whether others may attach while this process is the owner: not for what ends in an instant. */
  readonly listens: boolean
  /** Hears what people should know: a catalogue that was rescued, a schedule that was turned off. */
  readonly notice: (text: string) => void
  readonly signal: AbortSignal
  /** Where the shell knows better than the system's tools. */
  readonly power?: AppPorts['power']
}

const pauseMs = 250
const attempts = 40

/**
 * The application of a data directory: the one that runs already, or else this process becomes its owner. An owner that
 * is just starting or ending is waited for, ten seconds at most; a command that is the owner only while it lasts, until
 * its end, unless `attach`.
 *
 * @throws already_running somebody has the data directory and can't be talked to, or `attach` is false
 * @throws catalogue_unusable, disk_full, conflict (the owner is another version), backend_unreachable (it hangs)
 */
export async function openApp(hosting: Hosting): Promise<Opened> {
  const { dataDirectory, surroundings, who, signal } = hosting
  let told = false
  for (let attempt = 1; ;) {
    signal.throwIfAborted()
    const client = await connect({ find: () => findPlace(dataDirectory, surroundings.platform), who })
    if (client !== null) {
      if (hosting.attach) return { client, app: null, close: () => client.close() }
      const other = await client.call('app.info', undefined).catch(ended)
      await client.close()
      if (other !== null && other.host !== 'cli') throw alreadyRuns(other)
      if (other !== null && !told)
        hosting.notice(`A command (process ${other.pid}) works there: waiting for its end.`)
      told ||= other !== null
    } else {
      try {
        return await own(hosting)
      } catch (error) {
        const taken = error instanceof AppError && error.code === 'already_running'
        if (!taken || attempt === attempts) throw error
        attempt += 1
      }
    }
    await wait(pauseMs, undefined, { signal })
  }
}

/** An owner that ended while it was asked is none. */
function ended(error: unknown): null {
  if (error instanceof AppError && error.code === 'backend_unreachable') return null
  throw error
}

const alreadyRuns = ({ dataDirectory, host, pid }: AppInfo): AppError =>
  new AppError(
    'already_running',
    `Holdfast is running already on ${dataDirectory}: ${host === 'desktop' ? 'the desktop app' : '`holdfast serve`'}, process ${pid}.`,
    { hint: 'Use that one (all commands do by themselves), or end it first.' },
  )

async function own(hosting: Hosting): Promise<Opened> {
  const { dataDirectory, host, surroundings, environment, version, pid, now } = hosting
  const catalogue = openCatalogue(dataDirectory, { now })
  const log = createOwnerLog({ dataDirectory, pid, now, failed: hosting.notice })
  const notice = (text: string) => {
    hosting.notice(text)
    log.write('warning', text)
  }

  let app: App
  try {
    const { platform } = surroundings
    const vault = await openVault({ dataDirectory, environment, platform, now })
    app = await createApp({
      host,
      dataDirectory,
      hostname: hosting.hostname,
      username: hosting.username,
      home: hosting.home,
      platform,
      pid,
      now,
      environment,
      catalogue,
      vault,
      random: Math.random,
      timers: wallClockTimers,
      power: hosting.power ?? systemPower(platform, askProgram),
      network: systemNetwork(platform, askProgram),
      machineZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
      tell: ({ message }) => notice(message),
      trouble(error) {
        const { code, message } = toWireError(error)
        log.write('error', message, { code })
      },
    })
  } catch (error) {
    catalogue.close()
    throw error
  }

  let listening: Listening | null = null
  const status = createStatusFile({ dataDirectory, version, pid, now, failed: notice })
  const stopHearing = app.subscribe(event => {
    log.hear(event)
    if (event.name === 'status.changed') status.take(event.value)
  })
  const client = insideClient(app, { who: hosting.who })
  try {
    for (const text of catalogue.notices()) notice(text)
    if (host !== 'cli') {
      log.keepDays((await client.call('settings.get', undefined)).runLogDays)
      log.write('info', 'started', { host, version })
      status.take(await client.call('app.status', undefined))
    }
    if (hosting.listens) {
      listening = await listen({ app, dataDirectory, surroundings, version, pid, keepAlive: host !== 'cli' })
    }
  } catch (error) {
    stopHearing()
    await app.stop('cancel')
    throw error
  }

  let closing: Promise<void> | null = null
  const end = async (runs: 'finish' | 'cancel') => {
    await app.stop(runs) // events go out meanwhile: whoever follows a run sees its end
    stopHearing()
    await client.close()
    await listening?.close()
    status.end()
    if (host !== 'cli') log.write('info', 'ended', { host })
  }
  return {
    client,
    app,
    close(runs) {
      if (closing !== null && runs === 'cancel') void app.stop('cancel') // who waited for the runs waits no longer
      return (closing ??= end(runs))
    },
  }
}
