import type { Run } from '../../../shared/entities/run.ts'

export type Row =
  { readonly kind: 'day'; readonly startMs: number } | { readonly kind: 'run'; readonly run: Run }

/** When a run belongs into the history: when it began, or would have. */
export const timeOf = ({ startedAtMs, dueAtMs, createdAtMs }: Run): number =>
  startedAtMs ?? dueAtMs ?? createdAtMs

function dayOf(ms: number): number {
  const date = new Date(ms)
  return date.setHours(0, 0, 0, 0)
}

/** Runs, the newest first, under the days they began on. */
export function rowsOf(runs: readonly Run[]): Row[] {
  const rows: Row[] = []
  let [startMs, endMs] = [NaN, NaN]
  for (const run of runs) {
    const atMs = timeOf(run)
    // looked up once a day, not once a run: there may be fifty thousand
    if (!(atMs >= startMs && atMs < endMs)) {
      startMs = dayOf(atMs)
      endMs = new Date(startMs).setHours(24, 0, 0, 0)
      rows.push({ kind: 'day', startMs })
    }
    rows.push({ kind: 'run', run })
  }
  return rows
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

export function dayWords(startMs: number, nowMs: number): string {
  const date = new Date(startMs)
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`
  const words = `${weekdays[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]}${year}`
  return dayOf(nowMs) === startMs ? `Today, ${words}` : words
}

const cell = (value: string | number | null): string => {
  const text = String(value ?? '')
  // A leading sign would make a spreadsheet take it for a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** All of it as RFC 4180 text. */
export function csvOf(runs: readonly Run[]): string {
  const head = [
    'id',
    'plan',
    'kind',
    'type',
    'state',
    'trigger',
    'started',
    'ended',
    'seconds',
    'files',
    'new or changed',
    'bytes scanned',
    'bytes new',
    'bytes stored',
    'warnings',
    'error',
    'snapshot',
  ]
  const time = (ms: number | null) => (ms === null ? '' : new Date(ms).toISOString())
  const lines = runs.map(run => [
    run.id,
    run.planName,
    run.kind,
    run.type,
    run.state,
    run.trigger,
    time(run.startedAtMs),
    time(run.endedAtMs),
    run.startedAtMs !== null && run.endedAtMs !== null ? (run.endedAtMs - run.startedAtMs) / 1000 : '',
    run.counts?.filesTotal ?? '',
    run.counts ? run.counts.filesNew + run.counts.filesChanged : '',
    run.counts?.bytesScanned ?? '',
    run.counts?.bytesNew ?? '',
    run.counts?.bytesStored ?? '',
    run.warnings,
    run.error?.message ?? '',
    run.snapshotId ?? '',
  ])
  return [head, ...lines].map(line => line.map(cell).join(',')).join('\r\n') + '\r\n'
}
