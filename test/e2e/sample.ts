import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createApp, type App } from '../../src/main/services/app.ts'
import type { Catalogue } from '../../src/main/services/catalogue/catalogue.ts'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import { dispatch } from '../../src/main/services/dispatch.ts'
import { unknownNetwork } from '../../src/main/services/scheduling/network.ts'
import { unknownPower } from '../../src/main/services/scheduling/power.ts'
import { startServer, type Server } from '../../src/main/shells/server/http.ts'
import type { CallInput, Method, Output } from '../../src/shared/contract.ts'
import { hasEnded, type Run } from '../../src/shared/entities/run.ts'
import { memoryVault } from '../support/memory-vault.ts'
import { quickCost } from '../support/repo.ts'
import { shiftedClock, type ShiftedClock } from './shifted-clock.ts'
import { historyOf } from './sample-history.ts'

/**
 * A computer named atlas as somebody would have it after a month: three plans, three drives of which one is unplugged,
 * real repositories with real snapshots, and a history with what goes wrong in a month. It is always Friday
 * 20 November 2026, a quarter past nine in Athens.
 */

export const sampleNowMs = Date.UTC(2026, 10, 20, 7, 14)
export const sampleZone = 'Europe/Athens'
const dayMs = 86_400_000
const hourMs = 3_600_000

export interface Sample {
  readonly app: App
  /** A link that signs a window in, once. */
  link(): string
  readonly vault: ReturnType<typeof memoryVault>
  readonly clock: ShiftedClock
  /** What stands for the root of that computer. */
  readonly folder: string
  readonly dataDirectory: string
  call<M extends Method>(name: M, input: CallInput<M>): Promise<Output<M>>
  /** Ends what answers windows, and lets it answer again at the same address; the application goes on. */
  down(): Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

/** Says of itself what the vault of that computer would. */
function sampleVault(): ReturnType<typeof memoryVault> {
  const vault = memoryVault()
  const info = () => ({
    ...vault.info(),
    explanation:
      'There is no keychain here, so passwords are kept in vault.json, sealed with your passphrase.',
  })
  return {
    ...vault,
    info,
    async unlock(passphrase) {
      await vault.unlock(passphrase)
      return info()
    },
  }
}

interface SampleOptions {
  /** Empty, or as an earlier sample left it. */
  readonly folder: string
  /** The built window. */
  readonly assets: string
  readonly port?: number
  /** Before the first plan. */
  readonly empty?: boolean
  /** What else the catalogue is to have, before anybody opens it. */
  readonly prepare?: (catalogue: Catalogue) => void
}

export async function startSample(options: SampleOptions): Promise<Sample> {
  const { folder, assets, port = 0, empty = false, prepare } = options
  const dataDirectory = join(folder, 'home/mara/.local/share/holdfast')
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const vault = sampleVault()
  const clock = shiftedClock(sampleNowMs)
  makeFiles(folder)
  if (!empty) await liveAMonth(folder, dataDirectory, vault, clock)
  const catalogue = openCatalogue(dataDirectory, { now: clock.now })
  prepare?.(catalogue)
  clock.set(sampleNowMs)
  const app = await open('server', folder, dataDirectory, catalogue, vault, clock)
  const token = randomBytes(32).toString('base64url')
  const serve = (at: number): Promise<Server> =>
    startServer({
      app,
      listen: { host: '127.0.0.1', port: at },
      token,
      version: '0.1.0',
      assets,
      now: clock.now,
      callsPerSecond: 10_000,
      graceMs: 0,
    })
  let server = await serve(port)
  return {
    app,
    link: () => server.link(),
    vault,
    clock,
    folder,
    dataDirectory,
    call: (name, input) => call(app, name, input),
    down: () => server.close(),
    async up() {
      server = await serve(server.address.port)
    },
    async stop() {
      await server.close()
      await app.stop('cancel')
    },
  }
}

const open = (
  host: 'server' | 'cli',
  folder: string,
  dataDirectory: string,
  catalogue: Catalogue,
  vault: ReturnType<typeof memoryVault>,
  clock: ShiftedClock,
): Promise<App> =>
  createApp({
    host,
    dataDirectory,
    hostname: 'atlas',
    username: 'mara',
    home: join(folder, 'home/mara'),
    platform: process.platform,
    pid: process.pid,
    now: clock.now,
    random: () => 0.5,
    timers: clock.timers,
    power: unknownPower,
    network: unknownNetwork,
    machineZone: () => sampleZone,
    environment: { PATH: process.env['PATH'] },
    catalogue,
    vault,
    keyCost: quickCost,
    tell: () => undefined,
    trouble: error => {
      throw error
    },
  })

async function call<M extends Method>(app: App, name: M, input: CallInput<M>): Promise<Output<M>> {
  const reply = await dispatch(app, { who: 'desktop' }, name, input)
  if (reply.ok) return reply.value as Output<M>
  throw new Error(`${name}: ${reply.error.code}: ${reply.error.message}`)
}

export const runEnded = (app: App, id: string): Promise<Run> =>
  new Promise((resolve, reject) => {
    const stop = app.subscribe(event => {
      if (event.name === 'run.changed' && event.value.id === id && hasEnded(event.value.state))
        end(event.value)
    })
    function end(run: Run): void {
      stop()
      resolve(run)
    }
    call(app, 'run.get', { id }).then(run => hasEnded(run.state) && end(run), reject)
  })

/** The real runs first, on the days they are of; then the history between them. */
async function liveAMonth(
  folder: string,
  dataDirectory: string,
  vault: ReturnType<typeof memoryVault>,
  clock: ShiftedClock,
): Promise<void> {
  clock.set(sampleNowMs - 31 * dayMs)
  const catalogue = openCatalogue(dataDirectory, { now: clock.now })
  const app = await open('cli', folder, dataDirectory, catalogue, vault, clock)
  const at = (path: string) => join(folder, path)
  const destination = async (name: string, path: string) => {
    mkdirSync(at(path), { recursive: true })
    const draft = { name, location: { kind: 'local' as const, path: at(`${path}/holdfast`) } }
    return (await call(app, 'destination.create', { draft, password: 'correct horse', create: true })).id
  }
  const disk = await destination('Backup disk', 'mnt/backup')
  const nas = await destination('NAS', 'mnt/nas')
  const archive = await destination('Archive 8TB', 'media/mara/archive')
  const files = (...paths: string[]) => [{ kind: 'files' as const, paths: paths.map(at) }]
  const workstation = await call(app, 'plan.create', {
    draft: {
      name: 'Workstation',
      sources: files('home/mara/Documents', 'home/mara/Pictures', 'home/mara/src'),
      destinationIds: [disk],
      schedules: [{ id: 'daily', when: { kind: 'daily' } }],
      conditions: { acPower: true },
    },
  })
  const orders = await call(app, 'plan.create', {
    draft: {
      name: 'Orders application',
      sources: files('srv/orders/uploads', 'srv/orders/config'),
      destinationIds: [nas],
      schedules: [{ id: 'every-six-hours', when: { kind: 'cron', expression: '0 */6 * * *' } }],
    },
  })
  const media = await call(app, 'plan.create', {
    draft: {
      name: 'Media library',
      sources: files('srv/media'),
      destinationIds: [archive],
      schedules: [{ id: 'sundays', when: { kind: 'weekly' } }],
    },
  })

  const real: Run[] = []
  const runAt = async (planId: string, ms: number) => {
    clock.set(ms)
    const { id } = await call(app, 'run.start', { planId })
    const { state, error } = await runEnded(app, id)
    if (state !== 'succeeded') throw new Error(`the sample's run is ${state}: ${error?.message}`)
    real.push(catalogue.runs.get(id)!)
  }
  const night = (daysAgo: number, hour: number) =>
    Math.floor(sampleNowMs / dayMs) * dayMs - daysAgo * dayMs + (hour - 2) * hourMs
  for (const daysAgo of [29, 22, 15, 9, 4, 2, 1, 0]) {
    changeFiles(folder, daysAgo)
    await runAt(workstation.id, night(daysAgo, 2) + 4_000)
    if (daysAgo === 22) await runAt(media.id, night(26, 3) + 5_000)
    if (daysAgo === 15) await runAt(media.id, night(12, 3) + 5_000)
    if (daysAgo < 10) await runAt(orders.id, night(daysAgo, 6) + 2_000)
  }
  clock.set(sampleNowMs)
  const history = historyOf({ workstation, orders, media, real, night })
  for (const { run, log, warnings } of history) {
    catalogue.runs.save({ ...run, revision: catalogue.nextRevision() })
    catalogue.runs.appendLog(run.id, log)
    catalogue.runs.appendWarnings(run.id, warnings)
  }
  await app.stop('finish')
  renameSync(at('media/mara/archive'), at('.archive-on-the-shelf'))
}

/** Plugs the drive in that the sample has on its shelf. */
export function plugIn(folder: string): void {
  renameSync(join(folder, '.archive-on-the-shelf'), join(folder, 'media/mara/archive'))
}

function makeFiles(folder: string): void {
  const written: string[] = []
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), content)
    written.push(path)
  }
  const text = (words: string, times: number) => `${words}\n`.repeat(times)
  const documents = 'home/mara/Documents'
  write(`${documents}/clients/aegean/budget.csv`, budget(0))
  write(`${documents}/clients/aegean/meeting-notes.md`, text('- The jetty needs planks.', 40))
  write(`${documents}/clients/aegean/contract-v1.txt`, text('The contractor shall …', 800))
  write(`${documents}/clients/aegean/invoices/2026-031.txt`, text('Crew, five days', 20))
  write(`${documents}/clients/borealis/offer.txt`, text('Dear Ms Lind,', 60))
  write(`${documents}/taxes/2025/return.txt`, text('Income', 400))
  write(`${documents}/mail/archive.mbox`, randomBytes(900_000))
  for (let nth = 0; nth < 24; nth++)
    write(`home/mara/Pictures/2026/Crete/DSC_${4450 + nth}.NEF`, randomBytes(600_000))
  write('home/mara/Pictures/portrait.png', onePixel)
  for (let nth = 0; nth < 60; nth++)
    write(`home/mara/src/shop/lib/module-${nth}.ts`, text(`export const n${nth} = ${nth}`, 30))
  write('home/mara/src/shop/README.md', text('# Shop', 3))
  write('home/mara/Desktop/todo.txt', text('Ring the harbour master', 2))
  write('home/mara/Downloads/installer.bin', randomBytes(300_000))
  for (let nth = 0; nth < 30; nth++) write(`srv/orders/uploads/receipt-${nth}.bin`, randomBytes(80_000))
  write('srv/orders/config/settings.toml', text('port = 8080', 4))
  for (let nth = 0; nth < 12; nth++) write(`srv/media/avatars/avatar-${nth}.jpg`, randomBytes(400_000))
  written.forEach((path, nth) => changedAt(folder, path, sampleNowMs - 35 * dayMs - nth * 5 * hourMs))
}

/** As if it had been written then, the folders above it too. */
function changedAt(folder: string, path: string, ms: number): void {
  const seconds = ms / 1000
  for (let part = path; part !== '.'; part = dirname(part)) utimesSync(join(folder, part), seconds, seconds)
}

/** What happens on that computer between two backups. */
function changeFiles(folder: string, daysAgo: number): void {
  const documents = 'home/mara/Documents'
  const evening = sampleNowMs - daysAgo * dayMs - 14 * hourMs
  const write = (path: string, content: string | Buffer) => {
    writeFileSync(join(folder, path), content)
    changedAt(folder, path, evening)
  }
  if (daysAgo === 9) rmSync(join(folder, documents, 'clients/aegean/contract-v1.txt'))
  if (daysAgo === 4) write(`${documents}/clients/aegean/contract-final.txt`, 'Signed.\n'.repeat(900))
  write(`srv/orders/uploads/order-${30 - daysAgo}.bin`, randomBytes(50_000 + daysAgo * 900))
  write(`${documents}/letter-${30 - daysAgo}.txt`, 'Dear Bob,\n'.repeat(100 + daysAgo))
  write(`${documents}/clients/aegean/budget.csv`, budget(30 - daysAgo))
}

const budget = (more: number): string =>
  `Item,Q1,Q2,Q3\nRent,4200,4200,${4350 + more}\nCrew,18900,19400,21050\nFuel,3110,2870,${3020 + more}\n`

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
