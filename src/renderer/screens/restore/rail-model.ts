import type { SnapshotInfo } from '../../../shared/entities/destination.ts'
import { dayKey, monthKey } from './dates.ts'

/** What the time rail shows. Pure. */

export type RailSnapshot = Pick<
  SnapshotInfo,
  'id' | 'timeMs' | 'treeId' | 'planId' | 'hostname' | 'paths' | 'files' | 'bytes'
>

/**
 * Without those in which nothing changed: of a row of snapshots of the same folders with the same content, the newest
 * stands for all. The newest first.
 */
export function distinct<T extends RailSnapshot>(snapshots: readonly T[]): T[] {
  const last = new Map<string, string>()
  return snapshots
    .toSorted((a, b) => b.timeMs - a.timeMs)
    .filter(snapshot => {
      const { planId, hostname, paths, treeId } = snapshot
      const kind = JSON.stringify([planId, hostname, paths])
      const same = last.get(kind) === treeId
      last.set(kind, treeId)
      return !same
    })
}

/** Of those that are shown, the one that stands for a snapshot. */
export function shownFor<T extends RailSnapshot>(
  all: readonly T[],
  shown: readonly T[],
  id: string,
): T | null {
  const wanted = all.find(snapshot => snapshot.id === id)
  if (!wanted) return null
  return (
    shown.find(snapshot => snapshot.id === id) ??
    shown.findLast(({ treeId, timeMs }) => treeId === wanted.treeId && timeMs >= wanted.timeMs) ??
    wanted
  )
}

export type RailRow =
  /** A month whose days are folded up; stands for its newest snapshot. */
  | { kind: 'month'; key: string; snapshotId: string; timeMs: number; days: number; label: boolean }
  /** Stands for its newest snapshot, or for the chosen one. */
  | {
      kind: 'day'
      key: string
      snapshotId: string
      timeMs: number
      label: boolean
      chosen: boolean
      large: boolean
      snapshots: number
    }
  /** One of several snapshots of the chosen day. */
  | { kind: 'time'; key: string; snapshotId: string; timeMs: number; chosen: boolean }

/** Up to so many days stand each for itself; of more, months further away are folded up. */
const mostDays = 45
/** Of the chosen day, so many snapshots around the chosen one. */
const mostTimes = 12

/** @param shown distinct, the newest first */
export function railRows(shown: readonly RailSnapshot[], chosenId: string | null): RailRow[] {
  const large = largeChanges(shown)
  const days = grouped(shown, ({ timeMs }) => dayKey(timeMs))
  const chosen = shown.find(({ id }) => id === chosenId)
  const chosenDay = chosen && dayKey(chosen.timeMs)
  const chosenMonth = chosen && monthKey(chosen.timeMs)
  const newestMonth = shown[0] && monthKey(shown[0].timeMs)
  const rows: RailRow[] = []
  let month = ''
  for (const [key, ofMonth] of grouped([...days.values()], ofDay => monthKey(ofDay[0]!.timeMs))) {
    const isOpen =
      days.size <= mostDays || key === chosenMonth || (key === newestMonth && ofMonth.length <= 31)
    if (!isOpen) {
      const { id, timeMs } = ofMonth[0]![0]!
      rows.push({ kind: 'month', key, snapshotId: id, timeMs, days: ofMonth.length, label: true })
      month = key
      continue
    }
    for (const ofDay of ofMonth) {
      const dayOf = dayKey(ofDay[0]!.timeMs)
      const isChosen = dayOf === chosenDay
      const standing = isChosen ? chosen! : ofDay[0]!
      rows.push({
        kind: 'day',
        key: dayOf,
        snapshotId: standing.id,
        timeMs: standing.timeMs,
        label: key !== month,
        chosen: isChosen,
        large: ofDay.some(({ id }) => large.has(id)),
        snapshots: ofDay.length,
      })
      month = key
      if (isChosen && ofDay.length > 1) rows.push(...timesAround(ofDay, chosen!.id))
    }
  }
  return rows
}

function timesAround(ofDay: readonly RailSnapshot[], chosenId: string): RailRow[] {
  const at = ofDay.findIndex(({ id }) => id === chosenId)
  const from = Math.max(0, Math.min(at - mostTimes / 2, ofDay.length - mostTimes))
  return ofDay
    .slice(from, from + mostTimes)
    .map(({ id, timeMs }) => ({ kind: 'time', key: id, snapshotId: id, timeMs, chosen: id === chosenId }))
}

/** The next one in time; null at either end. @param shown the newest first */
export function step(shown: readonly RailSnapshot[], chosenId: string | null, by: -1 | 1): string | null {
  const at = shown.findIndex(({ id }) => id === chosenId)
  if (at < 0) return shown[0]?.id ?? null
  return shown[at + by]?.id ?? null
}

/** The newest snapshot of the next month that has one, or the end of the rail. */
export function stepMonth(
  shown: readonly RailSnapshot[],
  chosenId: string | null,
  by: -1 | 1,
): string | null {
  const at = shown.findIndex(({ id }) => id === chosenId)
  if (at < 0) return shown[0]?.id ?? null
  const month = monthKey(shown[at]!.timeMs)
  const others = by < 0 ? shown.slice(0, at).reverse() : shown.slice(at + 1)
  const next = others.find(({ timeMs }) => monthKey(timeMs) !== month)
  if (!next) return (by < 0 ? shown[0] : shown.at(-1))?.id ?? null
  return shown.find(({ timeMs }) => monthKey(timeMs) === monthKey(next.timeMs))?.id ?? null
}

/** Those that changed much more than usual, by what they say of their size. */
function largeChanges(shown: readonly RailSnapshot[]): Set<string> {
  const changes: { id: string; size: number }[] = []
  for (const [at, { id, bytes }] of shown.entries()) {
    const before = shown[at + 1]?.bytes ?? null
    if (bytes !== null && before !== null) changes.push({ id, size: Math.abs(bytes - before) })
  }
  const sizes = changes.map(({ size }) => size).sort((a, b) => a - b)
  const largest = sizes.at(-1) ?? 0
  const usual = sizes[Math.floor(sizes.length / 2)] ?? 0
  return new Set(
    changes.filter(({ size }) => size > Math.max(3 * usual, largest / 10, 1)).map(({ id }) => id),
  )
}

function grouped<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const group = groups.get(keyOf(one))
    if (group) group.push(one)
    else groups.set(keyOf(one), [one])
  }
  return groups
}
