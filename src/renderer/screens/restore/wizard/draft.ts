import { createStore } from 'zustand/vanilla'
import { useStore } from 'zustand'
import { nothing, type Selection } from '../selection.ts'
import type { Apart, ConflictMode, Part, Target } from './requests.ts'

/** What is about to be restored, while the wizard is gone through. Nothing has been asked for yet. */
export interface Draft {
  readonly destinationId: string
  readonly planId: string | null
  readonly parts: readonly Part[]
  /** null: not chosen yet. */
  readonly target: Target | null
  readonly keepFolders: boolean
  readonly conflicts: ConflictMode
  readonly apart: Apart | null
  /** Folders are among it: a mirror makes sense. */
  readonly folders: boolean
  /** The address one came from. */
  readonly back: string
}

const store = createStore<{ draft: Draft | null }>(() => ({ draft: null }))

export const useDraft = (): Draft | null => useStore(store, state => state.draft)

export function begin(draft: Omit<Draft, 'keepFolders' | 'conflicts' | 'apart'>): void {
  store.setState({ draft: { ...draft, keepFolders: false, conflicts: 'keep-both', apart: null } })
}

export function decide(change: Partial<Draft>): void {
  // Who chooses something else wants it for all files again.
  store.setState(({ draft }) => ({ draft: draft && { ...draft, apart: null, ...change } }))
}

let ticked: { readonly key: string; readonly selection: Selection } | null = null
/** So that who comes back from the wizard finds ticked what was ticked before. */
export const keepTicked = (key: string, selection: Selection): void => {
  ticked = { key, selection }
}
export const wasTicked = (key: string): Selection => (ticked?.key === key ? ticked.selection : nothing)

export function forget(): void {
  store.setState({ draft: null })
}
