import type { CorpusName } from './corpora.ts'

export type Step = 'first' | 'rescan' | 'list' | 'check' | 'restore' | 'changed' | 'next'

export interface Scenario {
  /** As `--only` takes it. */
  id: string
  title: string
  corpus: CorpusName
  step: Step
}

/** In this order; those of one corpus build on its first backup. */
export const scenarios: readonly Scenario[] = [
  { id: 'first', title: 'First backup, source tree', corpus: 'text', step: 'first' },
  { id: 'rescan', title: 'Nothing changed', corpus: 'text', step: 'rescan' },
  { id: 'ls', title: 'List one folder, no cache', corpus: 'text', step: 'list' },
  { id: 'check', title: 'Check, reading all data', corpus: 'text', step: 'check' },
  { id: 'restore', title: 'Restore to a fresh tmpfs', corpus: 'text', step: 'restore' },
  { id: 'changed', title: '1 % of the files changed', corpus: 'text', step: 'changed' },
  { id: 'next', title: 'Next version of the tree', corpus: 'text', step: 'next' },
  { id: 'media', title: 'First backup, media', corpus: 'media', step: 'first' },
  { id: 'large', title: 'First backup, one large file', corpus: 'large', step: 'first' },
  { id: 'tiny', title: 'First backup, tiny files', corpus: 'tiny', step: 'first' },
  { id: 'sparse', title: 'First backup, sparse files', corpus: 'sparse', step: 'first' },
]

/** The same every time, but each program is the first as often as the others. */
export const rotated = <T>(list: readonly T[], by: number): T[] => {
  const at = list.length === 0 ? 0 : by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}
