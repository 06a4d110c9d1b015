import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyEvent } from '../../shared/contract.ts'
import { Settings, type AppInfo, type Status } from '../../shared/entities/application.ts'
import type { Plan } from '../../shared/entities/plan.ts'
import { hasEnded, type Run } from '../../shared/entities/run.ts'
import { AppError } from '../../shared/errors.ts'
import { programVersion, threadsFor, type KeyCost } from '../engine/index.ts'
import type { Catalogue, StoredDestination } from './catalogue/catalogue.ts'
import { catalogueFiles } from './catalogue/open.ts'
import { createDestinations, presenceOf } from './destinations.ts'
import { createBrowsing } from './browse.ts'
import type { Api } from './dispatch.ts'
import { createDownloads, type Download, type DownloadRequest } from './download.ts'
import { createHolds } from './holds.ts'
import { createOpenRepositories } from './open-repositories.ts'
import { applyPlans, exportPlans } from './plan-file.ts'
import { createPlans } from './plans.ts'
import { createRuns, type RunRequest } from './runs/runs.ts'
import { createRestores } from './runs/restores.ts'
import { refreshSnapshots } from './runs/snapshot-index.ts'
import { createConditions } from './scheduling/conditions.ts'
import type { Network } from './scheduling/network.ts'
import type { Power, PowerSource } from './scheduling/power.ts'
import type { Notice } from './scheduling/ports.ts'
import { createScheduler } from './scheduling/scheduler.ts'
import type { Timers } from './scheduling/timers.ts'
import { nextRuns, wordsFor } from './scheduling/when.ts'
import { createStatusWatch } from './status-watch.ts'
import { thisMachine } from './this-machine.ts'
import type { Vault } from './vault/vault.ts'

/** What a shell gives the application: everything that reaches out of it. */
export interface AppPorts {
  readonly host: AppInfo['host']
  readonly dataDirectory: string
  readonly hostname: string
  readonly username: string
  /** The user's home folder. */
  readonly home: string
  readonly platform: NodeJS.Platform
  readonly pid: number
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly random: () => number
  readonly timers: Timers
  readonly power: Power
  readonly network: Network
  readonly machineZone: () => string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly catalogue: Catalogue
  readonly vault: Vault
  /** How hard the passwords of new repositories are to guess; absent: as hard as restic makes it. */
  readonly keyCost?: KeyCost
  /** What a person should hear of: a schedule that was turned off, a clock that was set back. */
  readonly tell: (notice: Pick<Notice, 'kind' | 'message'> & { plan: { id: string; name: string } }) => void
  /** What failed beside the runs, and will be tried again. */
  readonly trouble: (error: unknown) => void
}

export interface App {
  readonly api: Api
  readonly audit: Catalogue['audit']
  readonly now: () => number
  /** What is in a snapshot, as a stream. @throws not_found, snapshot_missing, and what opening a repository may throw */
  readonly download: (request: DownloadRequest) => Promise<Download>
  /** Hears every event from now on. Returns how to stop hearing. */
  subscribe(listener: (event: AnyEvent) => void): () => void
  /** Ends the schedules and the runs; nothing may be called afterwards. The catalogue is closed. */
  stop(runs: 'finish' | 'cancel'): Promise<void>
  /** Settles when a call (`app.stop`) asked for the end, with what is to become of the runs: the host carries it out. */
  readonly stopped: Promise<'finish' | 'cancel'>
  /** The computer woke up, its power or network changed: what waits is looked at again. */
  wake(): void
}

/** Wires everything together and decides nothing. Schedules run where the host stays: not for a mere command. */
export async function createApp(ports: AppPorts): Promise<App> {
  const { catalogue, vault, now, timers, machineZone, trouble } = ports
  const startedAtMs = now()
  const listeners = new Set<(event: AnyEvent) => void>()
  /** Those who wait for the vault to be opened. */
  const vaultListeners = new Set<() => void>()
  const { promise: stopped, resolve: askToStop } = Promise.withResolvers<'finish' | 'cancel'>()
  const lifetime = new AbortController()

  function publish(event: AnyEvent): void {
    for (const listener of listeners) listener(event)
    status.hear(event)
  }

  const who = { hostname: ports.hostname, username: ports.username }
  const destinations = createDestinations({ catalogue, vault, now, who, publish, keyCost: ports.keyCost })
  const conditions = createConditions({
    power: ports.power,
    network: ports.network,
    presence: destinations.absence,
  })
  const holds = createHolds(conditions, timers, trouble)
  const plans = createPlans({
    catalogue,
    vault,
    destinations,
    now,
    machineZone,
    publish,
    states: plan => (ports.host === 'cli' ? null : scheduler.states(plan)),
    changed: () => void scheduler.refresh().catch(trouble),
  })

  let power: PowerSource = await ports.power.read()
  const watchPower = () => void ports.power.read().then(source => (power = source), trouble)
  const ends = [timers.every(60_000, watchPower), ports.power.onChange(watchPower)]

  const indexing = {
    catalogue,
    vault,
    now,
    destinationChanged: (stored: StoredDestination) => void destinations.announce(stored).catch(trouble),
    trouble,
  }
  function resources(): { threads?: number; memoryBytes?: number } {
    const { threads, memoryBytes } = catalogue.settings.get()
    return {
      threads: threadsFor({ setting: threads, onBattery: power === 'battery' }),
      ...(memoryBytes === null ? {} : { memoryBytes }),
    }
  }
  const runs = createRuns({
    ...indexing,
    wait: waitFor,
    random: ports.random,
    publish,
    environment: ports.environment,
    ...who,
    resources,
    leaveOut: catalogueFiles(ports.dataDirectory),
    unmet: (plan, trigger) => (trigger === 'manual' ? null : holds.reason(plan)),
    onConditionsChange(listener) {
      const forget = holds.onChange(listener)
      vaultListeners.add(listener)
      return () => {
        forget()
        vaultListeners.delete(listener)
      }
    },
  })

  const scheduler = createScheduler({
    now,
    machineZone,
    timers,
    catalogue,
    conditions,
    isGoing: (planId, scheduleId) =>
      runs.active().some(run => run.planId === planId && run.scheduleId === scheduleId),
    start: ({ plan, schedule, dueAtMs, trigger }) =>
      void runs.request(scheduled(plan.id, schedule, dueAtMs, trigger)),
    recordMissed: ({ plan, schedule, state, lastMs, message }) =>
      void runs.record(scheduled(plan.id, schedule, lastMs, 'schedule'), state, message),
    endPause(planId) {
      if (planId !== null) plans.pause(planId, null)
      else saveSettings({ ...catalogue.settings.get(), pausedUntilMs: null })
    },
    tell: ports.tell,
    changed(planId) {
      const stored = catalogue.plans.get(planId)
      if (stored)
        publish({
          name: 'plan.changed',
          value: plans.present({ ...stored, revision: catalogue.nextRevision() }),
        })
    },
    report: trouble,
  })
  runs.onEnd((run, followUp) => {
    if (followUp === null) void scheduler.ended(run).catch(trouble)
  })

  const status = createStatusWatch({
    catalogue,
    plans,
    now,
    machineZone,
    timers,
    publish,
    trouble,
    open: runs.active,
  })

  function saveSettings(settings: Settings): Settings {
    catalogue.settings.save(settings)
    publish({ name: 'settings.changed', value: settings })
    void scheduler.refresh().catch(trouble)
    return settings
  }

  async function pausePlan(id: string, until: Plan['pausedUntilMs']): Promise<Plan> {
    plans.pause(id, until)
    await scheduler.refresh()
    return plans.get(id)
  }

  const repositories = createOpenRepositories({
    catalogue,
    vault,
    now,
    timers,
    require: destinations.require,
  })
  const browsing = createBrowsing({ catalogue, repositories })
  const restores = createRestores({
    ...indexing,
    wait: waitFor,
    publish,
    platform: ports.platform,
    leaveOut: [ports.dataDirectory],
    resources,
    machineZone,
  })
  /** Whose run it is: of a plan, or a restore. */
  const keeperOf = (id: string) => (restores.has(id) ? restores : runs)
  const atWork = () => [...runs.active(), ...restores.active()]
  const machine = thisMachine({ home: ports.home, platform: ports.platform, now })

  const requireRun = (id: string): Run => {
    const found = atWork().find(run => run.id === id)
    if (found) return found
    const stored = catalogue.runs.get(id)
    if (stored) return asLeft(stored)
    throw new AppError('not_found', 'That run is not there (any more).', { hint: 'List the runs again.' })
  }

  const api: Api = {
    'app.info': () => ({
      version: programVersion,
      dataDirectory: ports.dataDirectory,
      hostname: ports.hostname,
      pid: ports.pid,
      host: ports.host,
      startedAtMs,
      nowMs: now(),
      vault: vault.info(),
    }),
    'app.status': (): Status => status.current(),
    'app.pause': ({ until }) => saveSettings({ ...catalogue.settings.get(), pausedUntilMs: until }),
    'app.resume': () => saveSettings({ ...catalogue.settings.get(), pausedUntilMs: null }),
    'app.stop'({ runs: how }) {
      askToStop(how)
      return undefined
    },

    'settings.get': () => catalogue.settings.get(),
    'settings.update': change => saveSettings(Settings.parse({ ...catalogue.settings.get(), ...change })),

    'vault.info': () => vault.info(),
    async 'vault.unlock'({ passphrase }) {
      const value = await vault.unlock(passphrase)
      publish({ name: 'vault.changed', value })
      for (const listener of vaultListeners) listener()
      for (const stored of catalogue.destinations.list()) await destinations.announce(stored)
      return value
    },

    'destination.list': () => destinations.list(),
    'destination.create': input => destinations.create(input),
    'destination.rename': input => destinations.rename(input),
    'destination.setPassword': input => destinations.setPassword(input),
    async 'destination.remove'({ id }) {
      if (restores.active().some(({ destinationId }) => destinationId === id)) {
        throw new AppError('conflict', 'A restore from this destination has not ended; it was not removed.', {
          hint: 'Cancel the restore first, or wait for its end.',
        })
      }
      await destinations.remove(id)
      return undefined
    },
    async 'destination.refresh'({ id }) {
      await refreshSnapshots(destinations.require(id), indexing, lifetime.signal)
      return destinations.present(destinations.require(id))
    },

    'plan.list': () => plans.list(),
    'plan.get': ({ id }) => plans.get(id),
    async 'plan.create'({ draft }) {
      const { id } = plans.create(draft)
      await scheduler.refresh()
      return plans.get(id)
    },
    async 'plan.update'({ id, draft, revision }) {
      plans.update(id, draft, revision)
      await scheduler.refresh()
      return plans.get(id)
    },
    'plan.remove'({ id }) {
      const open = runs.active().find(run => run.planId === id)
      if (open) {
        throw new AppError(
          'conflict',
          `A run of "${open.planName}" has not ended; the plan was not removed.`,
          {
            hint: 'Cancel the run first, or wait for its end.',
          },
        )
      }
      plans.remove(id)
      return undefined
    },
    'plan.pause': ({ id, until }) => pausePlan(id, until),
    'plan.resume': ({ id }) => pausePlan(id, null),
    async 'plan.enableSchedule'({ id, scheduleId }) {
      plans.enableSchedule(id, scheduleId)
      if (ports.host !== 'cli') await scheduler.enable(id, scheduleId)
      return plans.get(id)
    },
    'plan.test': ({ id }) => plans.test(id),
    'plan.export': async () => ({ yaml: exportPlans(plans.list(), await destinations.list()) }),
    'plan.apply': input => applyPlans(input, { plans, destinations }),
    'schedule.preview': ({ when, zone, count }) => ({
      words: wordsFor(when, zone === machineZone() ? null : zone),
      nextMs: nextRuns(when, zone ?? machineZone(), now(), count),
    }),

    'run.list': ({ planId, states, after, limit }) =>
      withLive(
        catalogue.runs.page({
          limit,
          ...(planId === undefined ? {} : { planId }),
          ...(states === undefined ? {} : { states }),
          ...(after === undefined ? {} : { after }),
        }),
      ),
    'run.get': ({ id }) => requireRun(id),
    'run.log': ({ id, afterSeq, limit }) => catalogue.runs.log(requireRun(id).id, afterSeq, limit),
    'run.warnings': ({ id, afterSeq, limit }) => catalogue.runs.warnings(requireRun(id).id, afterSeq, limit),
    'run.start': ({ planId, type, dryRun }, caller) =>
      runs.request({
        planId,
        type,
        dryRun,
        trigger: 'manual',
        scheduleId: null,
        dueAtMs: null,
        askedBy: caller.who,
      }),
    'run.cancel': ({ id }) => keeperOf(id).cancel(id),
    'run.pause': ({ id }) => keeperOf(id).pause(id),
    'run.resume': ({ id }) => keeperOf(id).resume(id),

    'snapshot.list': filter =>
      catalogue.snapshots.list({
        ...(filter.destinationId === undefined ? {} : { destinationId: filter.destinationId }),
        ...(filter.planId === undefined ? {} : { planId: filter.planId }),
      }),
    'snapshot.search': ({ query, destinationId, limit }) =>
      catalogue.snapshots.search({ query, limit, ...(destinationId === undefined ? {} : { destinationId }) }),

    'source.suggest': () => machine.suggest(),
    'source.folder': ({ path }) => machine.folder(path),
    'source.measure': ({ paths, rules }) => machine.measure(paths, rules),
    'destination.places': () => machine.places(),
    'destination.look': ({ path }) => machine.look(path),
    'destination.tryPassword': async ({ id, password }) => ({
      opens: await destinations.opens(id, password),
    }),

    ...browsing,
    'restore.start': ({ request, dryRun }, caller) => restores.start(request, dryRun, caller.who),
    'run.items': ({ id, ...page }) => catalogue.runs.items(requireRun(id).id, page),

    'audit.list': ({ beforeSeq, limit }) => catalogue.audit.page(beforeSeq ?? null, limit),
    'audit.verify': () => catalogue.audit.verify(),
  }

  /**
   * What had begun and is at work nowhere was cut off with its process. The next owner that stays says so in the record
   * and finishes it; a command that passes by only shows it.
   */
  function asLeft(run: Run): Run {
    return hasEnded(run.state) || run.startedAtMs === null
      ? run
      : { ...run, state: 'interrupted', waitingFor: null }
  }

  /** The catalogue is told of progress far less often than listeners are. */
  function withLive(page: { runs: Run[]; total: number }): { runs: Run[]; total: number } {
    const live = new Map(atWork().map(run => [run.id, run]))
    return { total: page.total, runs: page.runs.map(run => live.get(run.id) ?? asLeft(run)) }
  }

  if (ports.host !== 'cli') {
    runs.recover()
    restores.recover()
    await scheduler.start()
    forgetOldLogs()
    ends.push(timers.every(6 * 3_600_000, forgetOldLogs))
    void indexTheUnread()
  }

  /** What the catalogue knows of a repository may have been lost, or never been there. */
  async function indexTheUnread(): Promise<void> {
    for (const stored of catalogue.destinations.list()) {
      if (stored.refreshedAtMs !== null || presenceOf(stored) !== 'present') continue
      await refreshSnapshots(stored, indexing, lifetime.signal).catch(trouble)
    }
  }
  function forgetOldLogs(): void {
    try {
      catalogue.runs.forgetLogsBefore(now() - catalogue.settings.get().runLogDays * 86_400_000)
    } catch (error) {
      trouble(error)
    }
  }

  let ending: Promise<void> | null = null
  return {
    api,
    audit: catalogue.audit,
    now,
    download: createDownloads(repositories),
    stopped,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    wake() {
      watchPower()
      void scheduler.wake().catch(trouble)
    },
    stop(how) {
      // who waited for them waits no longer
      if (ending && how === 'cancel') void Promise.all([runs.stop(how), restores.stop(how)]).catch(trouble)
      return (ending ??= (async () => {
        scheduler.stop()
        await Promise.all([runs.stop(how), restores.stop(how)])
        lifetime.abort()
        status.stop()
        holds.stop()
        await repositories.stop()
        for (const end of ends) end()
        catalogue.close()
      })())
    },
  }
}

const scheduled = (
  planId: string,
  { id, type }: { id: string; type: RunRequest['type'] },
  dueAtMs: number,
  trigger: 'schedule' | 'catch-up',
): RunRequest => ({ planId, type, dryRun: false, trigger, scheduleId: id, dueAtMs, askedBy: 'schedule' })

/** Not by the scheduler's timers: progress asks for it several times a second. */
async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal }).catch(() => undefined)
}
