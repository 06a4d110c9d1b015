import type { PlaceReport } from '../../shared/entities/browse.ts'
import type { Destination } from '../../shared/entities/destination.ts'
import { baseName, isBelow } from './local-path.ts'

/** What is to become of a place that somebody names for backups. Pure. */
export type PlaceUse =
  /** Nothing has been named, or it is being looked at. */
  | { readonly kind: 'none' }
  | { readonly kind: 'new' }
  /** A repository is there that no destination of ours names. */
  | { readonly kind: 'existing' }
  | { readonly kind: 'known'; readonly destination: Destination }
  | { readonly kind: 'refused'; readonly why: string }

export function useOf(
  report: PlaceReport | null,
  destinations: readonly Destination[],
  sources: readonly string[],
): PlaceUse {
  if (report === null) return { kind: 'none' }
  const source = sources.find(path => path === report.path || isBelow(report.path, path))
  if (source !== undefined) {
    return {
      kind: 'refused',
      why: `It lies in ${source}, which is to be protected: the backup would back up itself. Choose a place outside of it.`,
    }
  }
  const destination = destinations.find(({ location }) => location.path === report.path)
  if (destination && report.state === 'repository') return { kind: 'known', destination }
  switch (report.state) {
    case 'refused':
    case 'no-folder':
      return { kind: 'refused', why: report.message }
    case 'repository':
      return { kind: 'existing' }
    case 'missing':
    case 'empty':
    case 'in-use':
      return report.writable ? { kind: 'new' } : { kind: 'refused', why: report.message }
  }
}

/** A name for a new destination that none has yet. */
export function freshName(path: string, taken: readonly string[]): string {
  const own = baseName(path)
  const parent = baseName(path.slice(0, path.length - own.length).replace(/[\\/]+$/, ''))
  const first = (/^(holdfast|backups?|restic)$/i.test(own) && parent !== '' ? parent : own).slice(0, 70)
  return unused(first, taken)
}

/** The name, or the name with the first number that makes it one of its own. */
export function unused(name: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const each = n === 1 ? name : `${name} ${n}`
    if (!taken.includes(each)) return each
  }
}
