import { createStore, type StoreApi } from 'zustand/vanilla'
import type { AnyEvent, Client } from '../../shared/contract.ts'
import type { AppInfo, Settings, Status, VaultInfo } from '../../shared/entities/application.ts'
import type { Destination } from '../../shared/entities/destination.ts'
import type { Plan } from '../../shared/entities/plan.ts'
import type { Run } from '../../shared/entities/run.ts'
import { toWireError, type WireError } from '../../shared/errors.ts'

type ById<T> = Readonly<Record<string, T>>

/** What the application knows, mirrored. It never owns: actions are calls, and the truth comes back as events. */
export interface Mirror {
  link: 'connecting' | 'live' | 'lost'
  /** Since when the link is lost; epoch milliseconds. */
  lostSinceMs: number | null
  /** What the first load failed with, while there is nothing to show instead. */
  loadError: WireError | null
  /** Everything has been loaded at least once. */
  loaded: boolean
  info: AppInfo | null
  status: Status | null
  settings: Settings | null
  vault: VaultInfo | null
  plans: ById<Plan>
  destinations: ById<Destination>
  /** Runs that are open, and those that have been seen to change since; History asks for its own pages. */
  runs: ById<Run>
}

export type Store = StoreApi<Mirror>

export const createMirror = (): Store =>
  createStore<Mirror>(() => ({
    link: 'connecting',
    lostSinceMs: null,
    loadError: null,
    loaded: false,
    info: null,
    status: null,
    settings: null,
    vault: null,
    plans: {},
    destinations: {},
    runs: {},
  }))

interface Revised {
  readonly id: string
  readonly revision: number
}

/** Pure. The newer revision wins, so a slow answer never undoes a live event. */
export const merged = <T extends Revised>(all: ById<T>, one: T): ById<T> =>
  (all[one.id]?.revision ?? -1) >= one.revision ? all : { ...all, [one.id]: one }

/** A list that was asked for: what it lacks is gone, unless an event told of something newer meanwhile. */
const replaced = <T extends Revised>(all: ById<T>, list: readonly T[], newestBefore: number): ById<T> => {
  const kept = Object.values(all).filter(
    ({ id, revision }) => revision > newestBefore || list.some(one => one.id === id),
  )
  return list.reduce<ById<T>>(merged, Object.fromEntries(kept.map(one => [one.id, one])))
}

const without = <T>(all: ById<T>, id: string): ById<T> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => key !== id))

export function applyEvent(state: Mirror, event: AnyEvent): Partial<Mirror> {
  switch (event.name) {
    case 'plan.changed':
      return { plans: merged(state.plans, event.value) }
    case 'plan.removed':
      return { plans: without(state.plans, event.value.id) }
    case 'destination.changed':
      return { destinations: merged(state.destinations, event.value) }
    case 'destination.removed':
      return { destinations: without(state.destinations, event.value.id) }
    case 'run.changed':
      return { runs: merged(state.runs, event.value) }
    case 'settings.changed':
      return { settings: event.value }
    case 'status.changed':
      return (state.status?.revision ?? -1) >= event.value.revision ? {} : { status: event.value }
    case 'vault.changed':
      return { vault: event.value }
  }
}

const highest = (all: ById<Revised>): number =>
  Math.max(-1, ...Object.values(all).map(({ revision }) => revision))

/** Listens before it loads, so a change in between is not lost; loads everything again at each reconnect. */
export function mirror(store: Store, client: Client, now: () => number): () => void {
  async function load(): Promise<void> {
    const before = store.getState()
    const newest = Math.max(highest(before.plans), highest(before.destinations))
    try {
      const [info, status, settings, plans, destinations, runs] = await Promise.all([
        client.call('app.info', undefined),
        client.call('app.status', undefined),
        client.call('settings.get', undefined),
        client.call('plan.list', undefined),
        client.call('destination.list', undefined),
        client.call('run.list', { limit: 200 }),
      ])
      store.setState(state => ({
        link: 'live',
        lostSinceMs: null,
        loadError: null,
        loaded: true,
        info,
        status: (state.status?.revision ?? -1) > status.revision ? state.status : status,
        settings,
        vault: info.vault,
        plans: replaced(state.plans, plans, newest),
        destinations: replaced(state.destinations, destinations, newest),
        runs: runs.runs.reduce(merged, state.runs),
      }))
    } catch (error) {
      store.setState({ loadError: toWireError(error) })
    }
  }
  return client.subscribe(event => store.setState(state => applyEvent(state, event)), {
    onConnect: () => void load(),
    onLost: () => store.setState(({ lostSinceMs }) => ({ link: 'lost', lostSinceMs: lostSinceMs ?? now() })),
  })
}
