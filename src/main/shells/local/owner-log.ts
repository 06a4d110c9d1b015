import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyEvent } from '../../../shared/contract.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { localTime } from '../../../shared/wording.ts'

export interface OwnerLog {
  write(level: 'info' | 'warning' | 'error', what: string, more?: Record<string, unknown>): void
  /** Writes down that runs begin and end, and what else is worth it. */
  hear(event: AnyEvent): void
  /** Removes files of days that are longer ago. */
  keepDays(days: number): void
}

const dayMs = 86_400_000
const dayOf = (ms: number): string => localTime(ms).slice(0, 10)

/**
 * `logs/YYYY-MM-DD.jsonl`: what the owner of the data directory did, a line an event, in a file a day. It holds names,
 * counts and codes; no secrets, for none get here.
 * @param failed hears that it could not be written, once until it can be again
 */
export function createOwnerLog({
  dataDirectory,
  pid,
  now,
  failed,
}: {
  dataDirectory: string
  pid: number
  now: () => number
  failed: (message: string) => void
}): OwnerLog {
  const folder = join(dataDirectory, 'logs')
  const begun = new Set<string>()
  let told = false
  let keptDays: number | null = null
  let sweptOn = ''

  const write: OwnerLog['write'] = (level, what, more = {}) => {
    const nowMs = now()
    const line = { at: new Date(nowMs).toISOString(), level, what, pid, ...more }
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      appendFileSync(join(folder, `${dayOf(nowMs)}.jsonl`), `${JSON.stringify(line)}\n`, { mode: 0o600 })
      told = false
    } catch (error) {
      if (!told) failed(`The log in ${folder} could not be written: ${(error as Error).message}`)
      told = true
    }
    sweep(nowMs)
  }

  const sweep = (nowMs: number) => {
    if (keptDays === null || sweptOn === dayOf(nowMs)) return
    sweptOn = dayOf(nowMs)
    for (const name of namesOf(folder)) {
      const day = /^(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name)?.[1]
      if (day !== undefined && day < dayOf(nowMs - keptDays * dayMs))
        rmSync(join(folder, name), { force: true })
    }
  }

  const hearRun = (run: Run) => {
    const about = { run: run.id, plan: run.planName, type: run.type, ...(run.dryRun && { dryRun: true }) }
    if (run.state === 'running' && !begun.has(run.id)) {
      begun.add(run.id)
      write('info', 'run began', { ...about, trigger: run.trigger, askedBy: run.askedBy })
    }
    if (!hasEnded(run.state)) return
    begun.delete(run.id)
    const level = run.state === 'succeeded' ? 'info' : run.state === 'failed' ? 'error' : 'warning'
    write(level, `run ${run.state}`, {
      ...about,
      snapshot: run.snapshotId,
      warnings: run.warnings,
      ...(run.counts !== null && {
        bytesScanned: run.counts.bytesScanned,
        bytesStored: run.counts.bytesStored,
      }),
      ...(run.startedAtMs !== null && run.endedAtMs !== null && { tookMs: run.endedAtMs - run.startedAtMs }),
      ...(run.error !== null && { code: run.error.code, message: run.error.message }),
    })
  }

  return {
    write,
    hear(event) {
      if (event.name === 'run.changed') hearRun(event.value)
      if (event.name === 'vault.changed')
        write('info', `vault ${event.value.state}`, { kind: event.value.kind })
      if (event.name === 'settings.changed') this.keepDays(event.value.runLogDays)
    },
    keepDays(days) {
      if (days !== keptDays) sweptOn = ''
      keptDays = days
      sweep(now())
    },
  }
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no log has been written yet
  }
}
