import { randomUUID } from 'node:crypto'
import type { Plan } from '../../src/shared/entities/plan.ts'
import type { LogLine, Run, RunWarning } from '../../src/shared/entities/run.ts'

/** What the history of the sample has besides its real runs. Pure but for the IDs. */

interface Entry {
  readonly run: Run
  readonly log: readonly Omit<LogLine, 'seq'>[]
  readonly warnings: readonly Omit<RunWarning, 'seq'>[]
}

interface Month {
  readonly workstation: Plan
  readonly orders: Plan
  readonly media: Plan
  readonly real: readonly Run[]
  /** That hour of Athens, so many days ago. */
  readonly night: (daysAgo: number, hour: number) => number
}

const minuteMs = 60_000

export function historyOf({ workstation, orders, media, real, night }: Month): Entry[] {
  const entries: Entry[] = []
  /** Like a real run of the plan, as its schedule would have made it. */
  const add = (plan: Plan, startedAtMs: number, tookMs: number, change: Partial<Run> = {}): Run => {
    const model = real.find(({ planId }) => planId === plan.id)!
    const counts = model.counts!
    const some = (startedAtMs / minuteMs) % 97
    const run: Run = {
      ...model,
      id: randomUUID(),
      trigger: 'schedule',
      askedBy: 'schedule',
      scheduleId: plan.schedules[0]!.id,
      dueAtMs: startedAtMs,
      createdAtMs: startedAtMs,
      startedAtMs,
      endedAtMs: startedAtMs + tookMs,
      snapshotId: null,
      counts: {
        ...counts,
        filesNew: Math.round(some / 9),
        filesChanged: Math.round(some / 5) + 1,
        bytesNew: Math.round(400_000 + some * 21_000),
        bytesStored: Math.round(180_000 + some * 9_000),
      },
      ...change,
    }
    entries.push({ run, log: [], warnings: [] })
    return run
  }
  const none = { counts: null, snapshotId: null } as const

  for (const run of real) entries.push({ run: asScheduled(run), log: [], warnings: [] })
  const days = Array.from({ length: 30 }, (_, nth) => 29 - nth)
  const realDays = new Set([29, 22, 15, 9, 4, 2, 1, 0])
  for (const day of days) {
    const at = night(day, 2)
    if (realDays.has(day)) continue
    if (day === 6) {
      add(workstation, at, 0, {
        ...none,
        state: 'missed',
        startedAtMs: null,
        waitingFor: 'The computer was asleep from 02:00 to 08:40; caught up at 08:47.',
      })
      add(workstation, night(day, 8) + 47 * minuteMs, 29_000, { trigger: 'catch-up' })
    } else if (day === 11) {
      const cut = add(workstation, at, 40_000, { ...none, state: 'interrupted', progress: cutOff })
      add(workstation, at + 25 * minuteMs, 26_000, { trigger: 'recovery', followsRunId: cut.id })
    } else if (day === 18) {
      add(workstation, at, 3_000, { ...none, state: 'failed', error: diskFull })
    } else {
      add(workstation, at, 9_000 + (day % 5) * 1_700, day % 13 === 0 ? { warnings: 2, state: 'partial' } : {})
    }
  }
  for (const day of days) {
    for (const hour of [0, 6, 12, 18]) {
      if (day < 10 && hour === 6 && realDays.has(day)) continue
      if (day === 0 && hour > 6) continue
      const failed = day === 12 && hour !== 0
      add(
        orders,
        night(day, hour),
        4_000 + hour * 90,
        failed ? { ...none, state: 'failed', error: unreachable } : {},
      )
    }
  }
  add(media, night(19, 3), 61_000)
  add(media, night(5, 3), 0, {
    ...none,
    state: 'missed',
    startedAtMs: null,
    waitingFor: 'The drive “Archive 8TB” was not connected.',
  })
  entries.push(restored(workstation, real, night(3, 16)), ...withWarnings(entries, workstation, night(0, 2)))
  return entries
}

const asScheduled = (run: Run): Run => ({ ...run, trigger: 'schedule', askedBy: 'schedule' })

/** Today's run of the workstation could not read three files. */
function withWarnings(entries: Entry[], plan: Plan, fromMs: number): Entry[] {
  const at = entries.findIndex(({ run }) => run.planId === plan.id && (run.startedAtMs ?? 0) >= fromMs)
  const [entry] = entries.splice(at, 1)
  const home = plan.sources[0]!.paths[0]!.replace(/Documents$/, '')
  const warnings = ['Documents/budget.xlsx', 'Documents/mail/archive.pst', 'src/shop/.env.lock'].map(
    path => ({
      kind: 'unreadable' as const,
      path: `${home}${path}`,
      message: 'Another program has it open (EBUSY).',
    }),
  )
  const atMs = entry!.run.endedAtMs!
  const log = warnings.map(({ path }) => ({
    atMs,
    level: 'warning' as const,
    text: `Could not read ${path}`,
  }))
  return [{ run: { ...entry!.run, state: 'partial', warnings: 3 }, log, warnings }]
}

function restored(plan: Plan, real: readonly Run[], startedAtMs: number): Entry {
  const model = real.find(({ planId }) => planId === plan.id)!
  const run: Run = {
    ...model,
    id: randomUUID(),
    kind: 'restore',
    trigger: 'manual',
    askedBy: 'desktop',
    scheduleId: null,
    dueAtMs: null,
    createdAtMs: startedAtMs,
    startedAtMs,
    endedAtMs: startedAtMs + 4_000,
    command: `holdfast restore --repo ${model.command.split(' ')[3]} latest --target .`,
    counts: null,
    restoreCounts: {
      create: 12,
      overwrite: 0,
      keepBoth: 3,
      unchanged: 940,
      skip: 0,
      delete: 0,
      failed: 0,
      bytesToWrite: 9_300_000,
      bytesWritten: 9_300_000,
      filesVerified: 15,
      newerOnDisk: 1,
      freeBytes: 211_000_000_000,
    },
  }
  return { run, log: [], warnings: [] }
}

const cutOff: Run['progress'] = {
  phase: 'store',
  doneFiles: 70,
  doneBytes: 9_700_000,
  totalFiles: 96,
  totalBytes: 15_900_000,
  bytesPerSecond: null,
  msLeft: null,
  path: '',
}
const diskFull = {
  code: 'disk_full' as const,
  message: 'No space is left on “Backup disk”: the run stopped, and what was stored is kept.',
  hint: 'Free some space and run it again.',
}
const unreachable = {
  code: 'backend_unreachable' as const,
  message: 'The folder of “NAS” stopped answering after 38 s.',
  hint: 'Check the connection and try again; what was stored is kept.',
}
