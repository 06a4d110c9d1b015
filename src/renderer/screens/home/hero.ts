import type { Status } from '../../../shared/entities/application.ts'

/** The state of everything in words, with the mark's shape and colour for it. */
export interface HeroWords {
  readonly title: string
  readonly sentence: string
  readonly sign: 'whole' | 'working' | 'waiting' | 'attention'
  readonly tone: 'ok' | 'accent' | 'ink2' | 'warnfill'
}

const looks: Record<Status['state'], Pick<HeroWords, 'title' | 'sign' | 'tone'>> = {
  'not-set-up': { title: 'Nothing is protected yet', sign: 'whole', tone: 'ink2' },
  protected: { title: 'Protected', sign: 'whole', tone: 'ok' },
  // Stored, and nobody has proven yet that it comes back: that is no failure, but it is not green either.
  gaps: { title: 'Backed up, not proven yet', sign: 'whole', tone: 'accent' },
  working: { title: 'Working', sign: 'working', tone: 'accent' },
  waiting: { title: 'Waiting', sign: 'waiting', tone: 'ink2' },
  attention: { title: 'Needs attention', sign: 'attention', tone: 'warnfill' },
}

export function heroOf(status: Status | null): HeroWords {
  if (!status) return { title: '', sentence: '', sign: 'whole', tone: 'ink2' }
  return { ...looks[status.state], sentence: status.sentence }
}
