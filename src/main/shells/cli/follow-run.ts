import type { Client } from '../../../shared/contract.ts'
import { hasEnded, type Run } from '../../../shared/entities/run.ts'
import { AppError, toWireError } from '../../../shared/errors.ts'

/** How long the owner of a run may be gone before nobody waits for it any longer. */
const patienceMs = 30_000

/**
 * Follows a run to its end, through a lost link too. When `signal` fires it is asked to be cancelled, once, and its end
 * is waited for all the same.
 * @param changed hears every state, the first one too, and never an older one
 * @throws backend_unreachable whoever ran it is gone
 */
export function followRun(
  client: Client,
  started: Run,
  { changed, signal }: { changed: (run: Run) => void; signal: AbortSignal },
): Promise<Run> {
  return new Promise((resolve, reject) => {
    let newest = started
    let patience: NodeJS.Timeout | undefined
    changed(started)

    const end = (settle: () => void) => {
      clearTimeout(patience)
      signal.removeEventListener('abort', cancel)
      stop()
      settle()
    }
    const take = (run: Run) => {
      if (run.id !== started.id || run.revision < newest.revision) return
      newest = run
      changed(run)
      if (hasEnded(run.state)) end(() => resolve(run))
    }
    // What is lost with the link is looked at again when it is back.
    const fail = (error: unknown) => {
      if (toWireError(error).code !== 'backend_unreachable') end(() => reject(error as Error))
    }
    const cancel = () => {
      client.call('run.cancel', { id: started.id }).catch(error => {
        if (toWireError(error).code !== 'conflict') fail(error) // it has ended meanwhile
      })
    }
    const stop = client.subscribe(event => event.name === 'run.changed' && take(event.value), {
      onConnect: () => {
        clearTimeout(patience)
        client.call('run.get', { id: started.id }).then(take, fail)
        if (signal.aborted) cancel()
      },
      onLost: () => {
        patience = setTimeout(() => {
          end(() =>
            reject(
              new AppError(
                'backend_unreachable',
                'The Holdfast that did this run has ended in the middle of it.',
                {
                  hint: 'When Holdfast runs again it finishes the run; `holdfast plan history` shows it.',
                },
              ),
            ),
          )
        }, patienceMs)
      },
    })
    signal.addEventListener('abort', cancel)
  })
}
