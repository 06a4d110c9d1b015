import type { Run } from '../../../shared/entities/run.ts'
import { quitQuestion, type QuitChoice, type QuitQuestion } from './quit.ts'

/** How the app ends: after its runs, or by cutting them off; never by accident in the middle of one. */
export interface WayOut {
  /** Electron wants to quit. Unless it may, it is asked here what is to become of the runs, and quits later or not. */
  mayQuit(): boolean
  /** It ends when its runs have. */
  isPending(): boolean
  /** Somebody stays after all. */
  callOff(): void
  /** A run has ended. */
  look(): void
  /** Ends without asking. */
  leave(runs: 'finish' | 'cancel'): Promise<void>
}

interface Ports {
  /** Those that end with this process. */
  readonly runsAtWork: () => Promise<readonly Run[]>
  readonly ask: (question: QuitQuestion) => Promise<QuitChoice>
  /** It ends when its runs have: the window closes, the tray says so. */
  readonly pending: () => void
  /** Ends the application. */
  readonly end: (runs: 'finish' | 'cancel') => Promise<void>
  /** Quits Electron, which asks `mayQuit` again. */
  readonly quit: () => void
}

export function createWayOut({ runsAtWork, ask, pending, end, quit }: Ports): WayOut {
  let state: 'staying' | 'asking' | 'pending' | 'leaving' | 'gone' = 'staying'
  const is = (...states: (typeof state)[]) => states.includes(state)

  async function leave(runs: 'finish' | 'cancel'): Promise<void> {
    if (is('gone')) return
    if (is('leaving')) {
      if (runs === 'cancel') await end('cancel') // who waited for the runs waits no longer
      return
    }
    state = 'leaving'
    try {
      await end(runs)
    } finally {
      state = 'gone'
      quit()
    }
  }

  async function askFirst(): Promise<void> {
    const before = state
    state = 'asking'
    const question = quitQuestion(await runsAtWork())
    const choice = question ? await ask(question) : 'cancel'
    if (!is('asking')) return // the system shuts down meanwhile
    if (choice === 'cancel') return leave('cancel')
    state = choice === 'finish' ? 'pending' : before === 'pending' ? 'pending' : 'staying'
    if (choice === 'stay') return
    pending()
    await look()
  }

  async function look(): Promise<void> {
    if (!is('pending')) return
    const runs = await runsAtWork()
    if (is('pending') && quitQuestion(runs) === null) await leave('finish')
  }

  return {
    mayQuit() {
      if (is('staying', 'pending')) void askFirst()
      return is('gone')
    },
    isPending: () => is('pending'),
    callOff() {
      if (is('pending')) state = 'staying'
    },
    look: () => void look(),
    leave,
  }
}
