import { createPace } from '../../../shared/pace.ts'
import { plural, visible } from '../../../shared/wording.ts'
import type { Progress, Run, Warning } from '../../engine/index.ts'
import { limitHeap } from './heap.ts'
import { progressLine, type Working } from './progress.ts'
import type { Settings } from './repo-options.ts'
import type { Shell } from './shell.ts'

/** The engine's Run as the command line makes it: progress on a terminal or as JSON lines, warnings as they come. */
export interface TerminalRun extends Run {
  /** Takes the progress away, says what was held back, and counts what came. Call it before the result is printed. */
  end(): { unreadable: number; metadata: number }
}

export interface Story {
  /** restic's word for what was going on when an item failed. */
  during: 'archival' | 'restore' | 'check'
  /** The `status` line of `--json`; without it there are none. */
  status?: (progress: Working, seconds: { elapsed: number; remaining: number | null }) => object
}

const redrawMs = 100
const jsonStatusMs = 1000
/** So many warnings of one sort are shown; a restore by a plain user may bring one for every file. */
const alikeShown = 20

export function startRun(shell: Shell, settings: Settings, story: Story): TerminalRun {
  limitHeap()
  const { out } = shell
  const now = Date.now
  const startedAt = now()
  const pace = createPace()
  const counts = { unreadable: 0, metadata: 0, note: 0 }
  const alike = new Map<string, number>()
  let latest: Progress | null = null
  let latestWork: Working | null = null
  let drawn: Progress | null = null
  let phase = ''
  let statusAt = -Infinity

  const draw = () => {
    const columns = out.statusColumns()
    if (columns === null || latest === null || latest === drawn) return
    drawn = latest
    const working = 'doneBytes' in latest ? latest : null
    const figures = {
      bytesPerSecond: working && pace.bytesPerSecond(),
      msLeft: working?.totalBytes ? pace.msLeft(working.totalBytes) : null,
    }
    out.status(progressLine(latest, figures, columns - 1))
  }

  const jsonStatus = (progress: Working) => {
    const remaining = progress.totalBytes ? pace.msLeft(progress.totalBytes) : null
    const seconds = {
      elapsed: Math.floor((now() - startedAt) / 1000),
      remaining: remaining === null ? null : Math.round(remaining / 1000),
    }
    out.json({ message_type: 'status', ...story.status?.(progress, seconds) })
  }

  const timer = setInterval(() => {
    if (latest && 'doneBytes' in latest) pace.add(now(), latest.doneBytes)
    if (!settings.json && !settings.quiet) draw()
  }, redrawMs)
  timer.unref()

  const report = (progress: Progress) => {
    // a scan may go on beside the work; the work is then what there is to show
    if (progress.phase === 'scan' && phase !== '' && phase !== 'scan') return
    latest = progress
    if ('doneBytes' in progress) latestWork = progress
    if (progress.phase !== phase) {
      phase = progress.phase
      if ('doneBytes' in progress) pace.add(now(), progress.doneBytes)
    }
    if (!settings.json || settings.quiet || !story.status || !('doneBytes' in progress)) return
    if (now() - statusAt < jsonStatusMs) return
    statusAt = now()
    jsonStatus(progress)
  }

  const warn = (warning: Warning) => {
    const { kind, path, message } = warning
    counts[kind] += 1
    if (settings.json) out.json(warningJson(warning, story.during))
    if (kind === 'note' && settings.quiet) return
    // what is unreadable is always listed: nothing of it is in the snapshot
    if (kind !== 'unreadable' && settings.verbose === 0) {
      const sort = `${kind} ${message}`
      const seen = (alike.get(sort) ?? 0) + 1
      alike.set(sort, seen)
      if (seen > alikeShown) return
    }
    const label = { unreadable: out.red('error'), metadata: 'warning', note: 'note' }[kind]
    const place = path === '' ? '' : `${visible(path)}: `
    out.say(`${label}: ${place}${visible(message)}`)
  }

  return {
    signal: shell.signal,
    now,
    report,
    warn,
    end: () => {
      clearInterval(timer)
      out.status(null)
      if (settings.json && !settings.quiet && latestWork && story.status) jsonStatus(latestWork)
      for (const [sort, seen] of alike) {
        if (seen <= alikeShown) continue
        const message = sort.slice(sort.indexOf(' ') + 1)
        out.say(`… and ${plural(seen - alikeShown, 'more item')}: ${visible(message)} (-v lists them all)`)
      }
      return counts
    },
  }
}

/** restic's `error` for what failed; what restic has no word for is a `warning` of the same shape. */
function warningJson({ kind, path, message }: Warning, during: string): object {
  if (kind === 'unreadable') return { message_type: 'error', error: { message }, during, item: path }
  return { message_type: 'warning', warning: { message }, during, item: path }
}
