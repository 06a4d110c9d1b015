import type { Run } from '../../../shared/entities/run.ts'
import { percent, visible } from '../../../shared/wording.ts'

export type QuitChoice = 'finish' | 'cancel' | 'stay'

/** In the order of the buttons; the last one is also what Esc and closing the question mean. */
export const quitChoices: readonly QuitChoice[] = ['finish', 'cancel', 'stay']

export interface QuitQuestion {
  readonly message: string
  readonly detail: string
  /** One for each of `quitChoices`. */
  readonly buttons: readonly string[]
}

/** What is asked before runs end with the app; null when there is nothing to ask. Pure. */
export function quitQuestion(runs: readonly Run[]): QuitQuestion | null {
  const [first, ...others] = runs.filter(({ state }) => state === 'running' || state === 'cancelling')
  if (!first) return null
  const what = first.kind === 'restore' ? 'A restore' : `The backup of ${visible(first.planName)}`
  const { doneBytes = 0, totalBytes = null } = first.progress ?? {}
  const share = totalBytes === null || totalBytes === 0 ? '' : ` (${percent(doneBytes, totalBytes)})`
  const more =
    others.length === 0
      ? ''
      : others.length === 1
        ? ', and so is one more run'
        : `, and so are ${others.length} more runs`
  return {
    message: `${what} is going on${share}${more}.`,
    detail:
      'It can finish in the background: the window closes, and Holdfast quits when it has ended. ' +
      'If it is stopped now, what is stored so far is kept, and it goes on at the next start.',
    buttons: ['Finish, then quit', 'Stop it and quit', "Don't quit"],
  }
}
