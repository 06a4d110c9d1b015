import type { Status } from '../../../shared/entities/application.ts'
import type { Attention } from './attention.ts'

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

/** Pure. */
export function heroOf(status: Status | null, attention: readonly Attention[]): HeroWords {
  if (!status) return { title: '', sentence: '', sign: 'whole', tone: 'ink2' }
  if (status.state !== 'gaps') return { ...looks[status.state], sentence: status.sentence }
  const gaps = attention.filter(({ look }) => look !== 'note')
  const fine = status.plans
    .filter(({ planId, newestSnapshotAtMs, state }) => {
      return newestSnapshotAtMs !== null && state !== 'paused' && !gaps.some(gap => gap.planId === planId)
    })
    .map(({ name }) => name)
  const stored = fine.length === 0 ? '' : `${listed(fine)} ${fine.length === 1 ? 'is' : 'are'} backed up.`
  const unproven = 'No restore drill has proven it yet.'
  const first = gaps[0]
  if (!first) {
    const paused = status.plans.filter(({ state }) => state === 'paused').map(({ name }) => name)
    const held = paused.length === 0 ? '' : `${listed(paused)} ${paused.length === 1 ? 'is' : 'are'} paused.`
    return { ...looks.gaps, sentence: [stored, held, unproven].filter(Boolean).join(' ') }
  }
  return {
    title: 'Backed up, with gaps',
    sign: 'attention',
    tone: 'warnfill',
    sentence: [stored, first.fact, stored === '' ? '' : unproven].filter(Boolean).join(' '),
  }
}

/** `A`, `A and B`, `A, B and 3 more`. */
function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? ''
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
