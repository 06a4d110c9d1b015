import { useSyncExternalStore } from 'react'

/** How high the rows of tables are: a wish of whoever sits at this machine, kept here and nowhere else. */

const key = 'holdfast.density'
const changed = 'holdfast-density'

export const isCompact = (): boolean => document.documentElement.dataset['density'] === 'compact'

function put(compact: boolean): void {
  if (compact) document.documentElement.dataset['density'] = 'compact'
  else delete document.documentElement.dataset['density']
}

/** Before the first picture is painted. A browser that keeps nothing for us has the usual rows. */
export function restoreDensity(): void {
  try {
    put(localStorage.getItem(key) === 'compact')
  } catch {
    put(false)
  }
}

export function setCompact(compact: boolean): void {
  put(compact)
  try {
    if (compact) localStorage.setItem(key, 'compact')
    else localStorage.removeItem(key)
  } catch {
    // it holds until this window is closed
  }
  dispatchEvent(new Event(changed))
}

function listen(hear: () => void): () => void {
  addEventListener(changed, hear)
  return () => removeEventListener(changed, hear)
}

export const useCompact = (): boolean => useSyncExternalStore(listen, isCompact)
export const useRowHeight = (): number => (useCompact() ? 28 : 32)
