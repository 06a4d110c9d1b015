import type { Client } from '../../../shared/contract.ts'
import type { FolderRow } from '../../../shared/entities/browse.ts'
import { toWireError, type WireError } from '../../../shared/errors.ts'
import { sortedIndexes } from './order.ts'

export interface FolderQuery {
  readonly destinationId: string
  readonly planId?: string
  readonly path: string
  readonly asOf: string | null
  readonly showDeleted: boolean
}

export type SortBy = 'name' | 'size' | 'modified'
export interface Sorting {
  readonly by: SortBy
  readonly down: boolean
}

/** A folder of any size, loaded as far as it is looked at. */
export interface FolderPages {
  /** null until the first page is here. */
  readonly total: number | null
  readonly error: WireError | null
  /** Snapshots that are not searched yet, and so may hold more. */
  readonly notIndexed: number
  /** While everything is loaded to be sorted: how many are here. */
  readonly gathered: number | null
  /** undefined: not loaded yet. */
  rowAt(index: number): FolderRow | undefined
  show(from: number, to: number): void
  sort(sorting: Sorting): void
  /** All rows, in the order shown. */
  all(): Promise<FolderRow[]>
  indexOf(name: string): number
  /** Hears that something else is to be shown. */
  subscribe(listener: () => void): () => void
  /** Grows with each change. */
  version(): number
  close(): void
}

const firstPage = 300
const page = 1000
const largePage = 5000
/** So long at most before the window gets its turn. */
const sliceMs = 8

export function openFolder(client: Client, query: FolderQuery): FolderPages {
  const listeners = new Set<() => void>()
  let version = 0
  const rows: (FolderRow | undefined)[] = []
  const asked = new Map<string, Promise<void>>()
  let total: number | null = null
  let error: WireError | null = null
  let notIndexed = 0
  let gathered: number | null = null
  let order: Uint32Array | null = null
  let sorting: Sorting = { by: 'name', down: false }
  let closed = false

  let found = { name: '', index: -1 }

  function changed(): void {
    version++
    for (const listener of listeners) listener()
  }

  function ask(offset: number, limit: number): Promise<void> {
    const key = `${offset} ${limit}`
    const running = asked.get(key)
    if (running) return running
    const work = client.call('browse.folder', { ...query, offset, limit }).then(
      answer => {
        if (closed) return
        total = answer.total
        notIndexed = (answer as { notIndexed?: number }).notIndexed ?? 0
        for (const [at, row] of answer.rows.entries()) rows[offset + at] = row
        if (gathered !== null) gathered = rows.reduce(count => count + 1, 0)
        error = null
        changed()
      },
      (failure: unknown) => {
        asked.delete(key) // it is asked again when it comes into sight again
        if (closed) return
        error = toWireError(failure)
        changed()
      },
    )
    asked.set(key, work)
    return work
  }

  async function loadAll(): Promise<void> {
    await ask(0, firstPage)
    for (let at = 0; at < (total ?? 0); at += largePage) {
      if (closed || error) return
      let missing = false
      for (let each = at; each < Math.min(at + largePage, total ?? 0); each++)
        missing ||= rows[each] === undefined
      if (missing) await ask(at, largePage)
    }
  }

  async function arrange(wanted: Sorting): Promise<void> {
    gathered = 0
    changed()
    await loadAll()
    if (closed || error || sorting !== wanted) return
    const work = sortedIndexes(rows.length, comparison(rows as FolderRow[], wanted))
    let done = work.next()
    while (!done.done) {
      const until = performance.now() + sliceMs
      while (!done.done && performance.now() < until) done = work.next()
      if (!done.done) await new Promise(resume => setTimeout(resume))
      if (closed || sorting !== wanted) return
    }
    order = done.value
    gathered = null
    changed()
  }

  const rowAt = (index: number) => rows[order ? (order[index] ?? -1) : index]

  void ask(0, firstPage)
  return {
    get total() {
      return total
    },
    get error() {
      return error
    },
    get notIndexed() {
      return notIndexed
    },
    get gathered() {
      return gathered
    },
    rowAt,
    show(from, to) {
      if (order || total === null) return
      for (let at = from - (from % page); at <= Math.min(to, total - 1); at += page) {
        for (let each = Math.max(at, from); each < Math.min(at + page, to + 1, total); each++) {
          if (rows[each] !== undefined) continue
          void ask(at, page)
          break
        }
      }
    },
    sort(wanted) {
      if (wanted.by === sorting.by && wanted.down === sorting.down) return
      sorting = wanted
      order = null
      gathered = null
      if (wanted.by !== 'name' || wanted.down) void arrange(wanted)
      else changed()
    },
    async all() {
      await loadAll()
      return Array.from({ length: total ?? 0 }, (_, at) => rowAt(at)).filter(row => row !== undefined)
    },
    indexOf(name) {
      if (found.name === name && rowAt(found.index)?.name === name) return found.index
      for (let at = 0; at < (total ?? 0); at++) {
        if (rowAt(at)?.name !== name) continue
        found = { name, index: at }
        return at
      }
      return -1
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    version: () => version,
    close() {
      closed = true
    },
  }
}

/** Folders first in any case; by name is as the rows come. */
const comparison = (rows: readonly FolderRow[], { by, down }: Sorting) => {
  const sign = down ? -1 : 1
  return (a: number, b: number): number => {
    const [one, other] = [rows[a]!, rows[b]!]
    const byType = Number(other.type === 'dir') - Number(one.type === 'dir')
    if (byType !== 0) return byType
    if (by === 'name') return sign * (a - b)
    if (by === 'size') return sign * ((one.sizeBytes ?? 0) - (other.sizeBytes ?? 0))
    return sign * (one.modifiedAtMs - other.modifiedAtMs)
  }
}
