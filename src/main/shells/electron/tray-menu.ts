import type { Settings, Status } from '../../../shared/entities/application.ts'
import { localTime, relative } from '../../../shared/wording.ts'
import { labelOf, type Entry } from './entries.ts'

/** What the tray shows, from what is known. Pure. */

export interface Known {
  readonly link: 'connecting' | 'live' | 'lost'
  readonly status: Status | null
  readonly settings: Settings | null
  /** The app ends when its runs have. */
  readonly leaving: boolean
}

/** Four silhouettes: a whole grip, or a sign in its right half. */
export type Shape = 'ok' | 'working' | 'waiting' | 'attention'

export interface TrayLook {
  readonly shape: Shape
  /** "Protected · 2 hours ago". */
  readonly headline: string
  readonly tooltip: string
  readonly entries: readonly Entry[]
}

const words: Record<Status['state'], string> = {
  'not-set-up': 'Nothing is backed up yet',
  protected: 'Protected',
  gaps: 'Protected, with gaps',
  working: 'Working',
  waiting: 'Waiting',
  attention: 'Needs attention',
}

export function trayLook(known: Known, nowMs: number): TrayLook {
  const headline = headlineOf(known, nowMs)
  return {
    shape: shapeOf(known, nowMs),
    headline,
    tooltip: `Holdfast: ${headline}`,
    entries: entriesOf(known, headline, nowMs),
  }
}

const isPaused = (until: Settings['pausedUntilMs'] | undefined, nowMs: number): until is number | 'forever' =>
  until === 'forever' || (typeof until === 'number' && until > nowMs)

/**
 * A whole grip is a promise. With gaps it is kept only where every plan has a snapshot: what is not proven is said in
 * words, what is not there at all calls for attention.
 */
function shapeOf({ link, status, settings }: Known, nowMs: number): Shape {
  if (link !== 'live' || !status) return link === 'lost' ? 'attention' : 'waiting'
  switch (status.state) {
    case 'working':
      return 'working'
    case 'attention':
      return 'attention'
    case 'waiting':
      return 'waiting'
    case 'not-set-up':
      return 'attention'
    case 'protected':
    case 'gaps':
      if (status.plans.some(({ newestSnapshotAtMs }) => newestSnapshotAtMs === null)) return 'attention'
      return isPaused(settings?.pausedUntilMs, nowMs) ? 'waiting' : 'ok'
  }
}

function headlineOf({ link, status, settings, leaving }: Known, nowMs: number): string {
  if (leaving) return 'Quits when the run has ended'
  if (link === 'lost') return 'Holdfast does not answer'
  if (!status) return 'Starting'
  const paused = settings?.pausedUntilMs
  const word = words[status.state]
  if (isPaused(paused, nowMs) && status.state !== 'working' && status.state !== 'attention') {
    return paused === 'forever' ? 'Paused' : `Paused until ${localTime(paused).slice(11, 16)}`
  }
  // as old as the plan that is worst off
  const newest = status.plans.flatMap(({ newestSnapshotAtMs }) => newestSnapshotAtMs ?? [])
  return newest.length === 0 ? word : `${word} · ${relative(Math.min(...newest), nowMs)}`
}

/** Until when a pause holds that begins now: an hour, until midnight, or until somebody resumes. */
export function pauseUntil(span: 'hour' | 'day' | 'forever', nowMs: number): number | 'forever' {
  if (span === 'forever') return span
  if (span === 'hour') return nowMs + 3_600_000
  const midnight = new Date(nowMs)
  midnight.setHours(24, 0, 0, 0)
  return midnight.getTime()
}

function entriesOf({ link, status, settings }: Known, headline: string, nowMs: number): Entry[] {
  const live = link === 'live' && status !== null
  const plans = status?.plans ?? []
  const backUp: Entry = {
    label: 'Back up now',
    entries: plans.map(({ planId, name }) => ({ label: labelOf(name), action: { do: 'start', planId } })),
  }
  const pause: Entry = isPaused(settings?.pausedUntilMs, nowMs)
    ? { label: 'Resume', action: { do: 'resume' } }
    : {
        label: 'Pause',
        entries: [
          { label: 'For one hour', action: { do: 'pause', span: 'hour' } },
          { label: 'Until tomorrow', action: { do: 'pause', span: 'day' } },
          { label: 'Until I resume', action: { do: 'pause', span: 'forever' } },
        ],
      }
  return [
    { label: headline, action: null },
    'line',
    ...(live && plans.length > 0 ? [backUp, pause] : []),
    { label: 'Restore a file…', action: { do: 'open', route: '#/restore' } },
    'line',
    { label: 'Open Holdfast', action: { do: 'open' } },
    { label: 'Quit', action: { do: 'quit' } },
  ]
}
