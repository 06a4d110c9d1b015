import { hasEnded, type RunState } from '../../../shared/entities/run.ts'
import { AppError } from '../../../shared/errors.ts'
import { duration } from '../../../shared/wording.ts'
import type { Repository, SavedSnapshot } from '../../engine/index.ts'
import type { StoredDestination, StoredPlan } from '../catalogue/catalogue.ts'
import { reasonCode, runBackup } from './backup-run.ts'
import type { RunsPorts } from './ports.ts'
import type { RunRecord } from './record.ts'
import { step } from './states.ts'
import { limitTime } from './time-limit.ts'

/** A run at work: what can be done to it until it ends. Each says it in the record at once. */
export interface Execution {
  /** Does the work of a run whose record says `running`. Settles when it says how it ended; rejects only by a bug. */
  carryOut(): Promise<{ snapshot: SavedSnapshot | null; repo: Repository | null }>
  /** Once: the work stops. Again: so do hooks that follow it. */
  cancel(): void
  /** As the application ends: as `cancel`, but it ends `interrupted`, and another run finishes it. Again: its hooks stop. */
  cutOff(): void
  pause(): void
  resume(): void
}

export function prepare(
  plan: StoredPlan,
  destination: StoredDestination,
  record: RunRecord,
  ports: RunsPorts,
): Execution {
  const { now } = ports
  const stop = new AbortController()
  const stopHooks = new AbortController()
  const gate = createGate(stop.signal)
  let cutOff = false
  let toldToEnd = false

  const limitMs = plan.maxRunMinutes * 60_000
  const limit = limitTime(limitMs, ports, () => {
    record.log('error', `It worked for ${duration(limitMs)}, as long as its plan allows, and is cancelled.`)
    end(
      new AppError('timed_out', `It took longer than the ${duration(limitMs)} that its plan allows.`, {
        hint: 'The next run goes on from there: what was stored is kept. Or allow it more time.',
      }),
    )
  })

  const move = (to: RunState, findings?: Parameters<typeof step>[3]) =>
    record.change(step(record.run(), to, now(), findings))

  function end(reason: AppError): void {
    // Between the end of a run and the moment in which it leaves the line there is nothing to end any more.
    if (stop.signal.aborted || hasEnded(record.run().state)) return
    limit.end()
    move('cancelling')
    stop.abort(reason)
  }

  function wait(words: string): void {
    limit.hold()
    move('waiting', { waitingFor: words })
  }

  function goOn(): void {
    move('running')
    limit.goOn()
  }

  async function carryOut(): Promise<{ snapshot: SavedSnapshot | null; repo: Repository | null }> {
    if (!stop.signal.aborted) limit.goOn()
    const { state, error, counts, snapshot, repo } = await runBackup({
      plan,
      destination,
      record,
      ports,
      signal: stop.signal,
      hooksSignal: stopHooks.signal,
      gate: gate.wait,
      wait,
      goOn,
    })
    limit.end()
    const reason = reasonCode(stop.signal)
    if (state === 'failed' && cutOff) move('interrupted')
    else if (state === 'failed' && reason === 'cancelled') move('cancelled')
    else move(state, { error, counts, snapshotId: snapshot?.id ?? null })
    return { snapshot, repo }
  }

  const cancelled = (message: string) =>
    new AppError('cancelled', message, { hint: 'What was stored is kept and reused by the next run.' })

  return {
    carryOut,

    cancel() {
      if (stop.signal.aborted) stopHooks.abort()
      record.log('info', 'A cancel was asked for.')
      end(cancelled('The run was cancelled.'))
    },

    cutOff() {
      if (toldToEnd) stopHooks.abort()
      toldToEnd = true
      cutOff ||= !stop.signal.aborted
      end(cancelled('Holdfast was ended in the middle of the run.'))
    },

    pause() {
      if (gate.isShut()) return
      limit.hold()
      gate.shut()
      record.log('info', 'Held.')
      move('paused')
    },

    resume() {
      if (!gate.isShut()) return
      record.log('info', 'Goes on.')
      move('running')
      limit.goOn()
      gate.open()
    },
  }
}

/** What holds work back between two of its steps. It opens for good when `signal` fires. */
export function createGate(signal: AbortSignal) {
  let shut: { until: Promise<void>; open: () => void } | null = null
  const open = () => {
    shut?.open()
    shut = null
  }
  signal.addEventListener('abort', open, { once: true })
  return {
    wait: (): Promise<void> | undefined => shut?.until,
    isShut: (): boolean => shut !== null,
    shut(): void {
      const { promise, resolve } = Promise.withResolvers<void>()
      shut = { until: promise, open: resolve }
    },
    open,
  }
}
