import { randomUUID } from 'node:crypto'
import { existsSync, lstatSync, realpathSync } from 'node:fs'
import nodePath from 'node:path'
import type { SnapshotInfo } from '../../../shared/entities/destination.ts'
import type { RestoreRequest } from '../../../shared/entities/browse.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { AppError, toWireError } from '../../../shared/errors.ts'
import type { StoredDestination } from '../catalogue/catalogue.ts'
import { restoreCommandLine } from './command-line.ts'
import { createGate } from './execution.ts'
import { reasonCode } from './backup-run.ts'
import type { RunsPorts } from './ports.ts'
import { createRecord, type RunRecord } from './record.ts'
import { runRestore } from './restore-run.ts'
import { placementsOf, type Disk, type Placement } from './restore-where.ts'
import { hasBegun, requireState, step } from './states.ts'

/** What restores need of the world. */
export type RestoresPorts = Pick<
  RunsPorts,
  'catalogue' | 'vault' | 'now' | 'wait' | 'publish' | 'trouble'
> & {
  readonly platform: NodeJS.Platform
  /** Absolute paths that nothing is restored to or removed from: the folder of the running application. */
  readonly leaveOut: readonly string[]
  readonly resources: () => { threads?: number; memoryBytes?: number }
  readonly machineZone: () => string
}

/**
 * Restores, as runs beside those of plans: they need no turn at the repository, so they wait for nothing but a restore
 * that writes to the same place.
 */
export interface Restores {
  /** Recorded before it is returned. @throws invalid_input, not_found, snapshot_missing; conflict when ending */
  start(request: RestoreRequest, dryRun: boolean, askedBy: string): Run
  has(id: string): boolean
  /** What is restored stays; nothing unfinished does. @throws conflict it has ended */
  cancel(id: string): Run
  pause(id: string): Run
  resume(id: string): Run
  /** Those that have not ended, the oldest first. */
  active(): Run[]
  /** Once, at start: what an earlier process left in the middle is marked interrupted, what had not begun begins. */
  recover(): void
  /** Begins nothing any more, and lets what works end, or cuts it off: it is then `interrupted`. */
  stop(how: 'finish' | 'cancel'): Promise<void>
}

interface OpenRestore {
  readonly record: RunRecord
  readonly request: RestoreRequest
  readonly placements: readonly Placement[]
  readonly stop: AbortController
  readonly gate: ReturnType<typeof createGate>
  cutOff: boolean
  work: Promise<void> | null
}

export function createRestores(ports: RestoresPorts): Restores {
  const { catalogue, now } = ports
  const lifetime = new AbortController()
  const open = new Map<string, OpenRestore>()
  let stopping = false

  const requireDestination = (id: string): StoredDestination => {
    const found = catalogue.destinations.get(id)
    if (found) return found
    throw new AppError('not_found', 'That destination is not there (any more).', {
      hint: 'List the destinations again.',
    })
  }

  const requireSnapshot = ({ destinationId, snapshotId }: RestoreRequest): SnapshotInfo => {
    const found = catalogue.snapshots.list({ destinationId }).filter(({ id }) => id.startsWith(snapshotId))
    if (found.length === 1) return found[0]!
    throw new AppError('snapshot_missing', 'That snapshot is not among those of the destination.', {
      hint: 'Refresh the destination and choose again.',
    })
  }

  function keep(run: Run, request: RestoreRequest, placements: readonly Placement[]): OpenRestore {
    const stop = new AbortController()
    const entry: OpenRestore = {
      record: createRecord(run, ports, lifetime.signal),
      request,
      placements,
      stop,
      gate: createGate(stop.signal),
      cutOff: false,
      work: null,
    }
    open.set(run.id, entry)
    return entry
  }

  /** In the order in which they were asked for: each waits for those before it that write to the same place. */
  function lookAtQueue(): void {
    if (stopping) return
    const before: OpenRestore[] = []
    for (const entry of open.values()) {
      if (entry.work === null) {
        const other = before.find(other => meet(other, entry, ports.platform))
        if (other === undefined) entry.work = work(entry)
        else wait(entry, `Waiting for the restore from “${other.record.run().planName}” to the same place.`)
      }
      before.push(entry)
    }
  }

  function wait({ record }: OpenRestore, words: string): void {
    if (record.run().waitingFor !== words)
      record.change(step(record.run(), 'waiting', now(), { waitingFor: words }))
  }

  async function work(entry: OpenRestore): Promise<void> {
    const { record, request, placements, stop, gate } = entry
    try {
      record.changeSurely(step(record.run(), 'running', now()))
      const destination = requireDestination(request.destinationId)
      const { state, error, restoreCounts } = await runRestore({
        request,
        placements,
        destination,
        record,
        ports,
        signal: stop.signal,
        gate: gate.wait,
      })
      const isCancelled = state === 'failed' && reasonCode(stop.signal) === 'cancelled'
      const end = !isCancelled ? state : entry.cutOff ? 'interrupted' : 'cancelled'
      record.change(step(record.run(), end, now(), { restoreCounts, ...(!isCancelled && { error }) }))
    } catch (error) {
      ports.trouble(error)
      const end = { state: 'failed', endedAtMs: now(), waitingFor: null, progress: null } as const
      record.change({ ...record.run(), ...end, error: toWireError(error) })
    } finally {
      open.delete(record.run().id)
      record.flush()
      queueMicrotask(() => {
        try {
          lookAtQueue()
        } catch (error) {
          ports.trouble(error)
        }
      })
    }
  }

  function find(id: string, wish: 'cancel' | 'pause' | 'resume'): OpenRestore {
    const entry = open.get(id)
    if (entry) {
      requireState(entry.record.run(), wish)
      return entry
    }
    throw new AppError('not_found', 'There is no such run.', { hint: 'List the runs again.' })
  }

  function end(entry: OpenRestore, message: string): void {
    const { record, stop } = entry
    if (stop.signal.aborted) return
    record.change(step(record.run(), 'cancelling', now()))
    stop.abort(new AppError('cancelled', message, { hint: 'What is restored already stays.' }))
  }

  return {
    start(request, dryRun, askedBy) {
      if (stopping) {
        throw new AppError('conflict', 'Holdfast is being ended; nothing is begun any more.', {
          hint: 'Start it again first.',
        })
      }
      const destination = requireDestination(request.destinationId)
      const snapshot = requireSnapshot(request)
      const placements = placementsOf(request, snapshot.paths, theDisk, ports.platform)
      const plan = snapshot.planId === null ? null : catalogue.plans.get(snapshot.planId)
      const exact = { ...request, snapshotId: snapshot.id }
      const run: Run = {
        id: randomUUID(),
        revision: catalogue.nextRevision(),
        planId: plan?.id ?? null,
        planName: plan?.name ?? snapshot.hostname,
        destinationId: destination.id,
        kind: 'restore',
        type: 'incremental',
        dryRun,
        trigger: 'manual',
        scheduleId: null,
        dueAtMs: null,
        state: 'queued',
        waitingFor: null,
        createdAtMs: now(),
        startedAtMs: null,
        endedAtMs: null,
        progress: null,
        counts: null,
        restore: exact,
        warnings: 0,
        error: null,
        snapshotId: snapshot.id,
        followsRunId: null,
        attempt: 1,
        askedBy,
        command: restoreCommandLine(exact, placements, destination, dryRun),
      }
      catalogue.runs.save(run)
      ports.publish({ name: 'run.changed', value: run })
      const { record } = keep(run, exact, placements)
      lookAtQueue()
      return record.run()
    },

    has: id => open.has(id),

    cancel(id) {
      const entry = find(id, 'cancel')
      const { record } = entry
      record.log('info', 'A cancel was asked for.')
      if (entry.work !== null) end(entry, 'The restore was cancelled.')
      else {
        open.delete(id)
        record.change(step(record.run(), 'cancelled', now()))
        record.flush()
        lookAtQueue()
      }
      return record.run()
    },

    pause(id) {
      const { record, gate } = find(id, 'pause')
      if (!gate.isShut()) {
        gate.shut()
        record.log('info', 'Held.')
        record.change(step(record.run(), 'paused', now()))
      }
      return record.run()
    },

    resume(id) {
      const { record, gate } = find(id, 'resume')
      if (gate.isShut()) {
        record.log('info', 'Goes on.')
        record.change(step(record.run(), 'running', now()))
        gate.open()
      }
      return record.run()
    },

    active: () =>
      [...open.values()].map(({ record }) => record.run()).filter(({ state }) => !hasEnded(state)),

    recover() {
      for (const run of catalogue.runs.open()) {
        if (run.kind !== 'restore' || open.has(run.id)) continue
        const record = createRecord(run, ports, lifetime.signal)
        // What would be restored now was chosen in another moment: a person looks at it again.
        record.log('warning', 'Holdfast ended before this restore did. What it restored is there, and whole.')
        record.change(
          step(run, hasBegun(run) && run.state !== 'cancelling' ? 'interrupted' : 'cancelled', now()),
        )
        record.flush()
      }
    },

    async stop(how) {
      stopping = true
      for (const [id, entry] of open) {
        if (entry.work === null) {
          open.delete(id)
          entry.record.change(step(entry.record.run(), 'cancelled', now()))
          entry.record.flush()
        } else if (how === 'cancel' || entry.gate.isShut()) {
          entry.cutOff ||= !entry.stop.signal.aborted
          end(entry, 'Holdfast was ended in the middle of the restore.')
        }
      }
      await Promise.all([...open.values()].map(({ work }) => work))
      lifetime.abort()
    },
  }
}

const theDisk: Disk = {
  isFolder: path => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  exists: existsSync,
}

/** Whether two restores write to the same folder, or one to a folder in the other's. */
function meet(a: OpenRestore, b: OpenRestore, platform: NodeJS.Platform): boolean {
  if (a.record.run().dryRun || b.record.run().dryRun) return false
  const { sep } = platform === 'win32' ? nodePath.win32 : nodePath.posix
  const within = (path: string, folder: string) =>
    path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
  const places = ({ placements }: OpenRestore) => placements.map(({ target }) => real(target))
  return places(a).some(one => places(b).some(other => within(one, other) || within(other, one)))
}

/** With the symlinks of its existing part resolved. */
function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = nodePath.dirname(path)
    return above === path ? path : nodePath.join(real(above), nodePath.basename(path))
  }
}
