import { constants, setPriority } from 'node:os'
import { isMainThread } from 'node:worker_threads'

/**
 * Lets this thread run only when nothing else wants the processor; its reading and writing follows that, as long as
 * nobody has set it apart.
 *
 * Only on Linux has a thread a priority of its own. Elsewhere it is the process's, whose other work must go on, and a
 * user may not raise it again.
 */
export function giveWay(): void {
  if (process.platform === 'linux' && !isMainThread) setPriority(constants.priority.PRIORITY_LOW)
}
