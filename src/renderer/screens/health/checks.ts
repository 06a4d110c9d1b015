import type { Status, VaultInfo } from '../../../shared/entities/application.ts'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import type { Run } from '../../../shared/entities/run.ts'
import { count, plural } from '../../../shared/wording.ts'
import type { StateLook } from '../../parts/look.ts'
import { periodOf, spanWords } from './period.ts'

/** What mends it, from where it is said. */
export type Mend =
  | { readonly kind: 'run'; readonly planId: string; readonly label: string }
  | {
      readonly kind: 'enable'
      readonly planId: string
      readonly scheduleId: string
      readonly label: string
    }
  | { readonly kind: 'resume'; readonly planId: string | null; readonly label: string }
  | { readonly kind: 'go'; readonly page: string; readonly rest: readonly string[]; readonly label: string }

/** One thing that was looked at. */
export interface Check {
  readonly key: string
  readonly group: Group
  readonly look: StateLook
  /** Somebody has to do something. */
  readonly bad: boolean
  readonly fact: string
  /** What follows from it. */
  readonly more?: string
  readonly measured?: string
  readonly limit?: string
  readonly testedAtMs: number | null
  readonly mend?: Mend
}

export const groups = ['Backups', 'Proof', 'Destinations', 'This computer'] as const
export type Group = (typeof groups)[number]

/** What `plan.test` found. */
export interface Tested {
  readonly atMs: number
  readonly rows: readonly { what: string; ok: boolean; message: string; hint: string | null }[]
}

export interface Known {
  readonly plans: readonly Plan[]
  readonly destinations: readonly Destination[]
  readonly status: Status | null
  readonly vault: VaultInfo | null
  readonly pausedUntilMs: number | 'forever' | null
  /** The newest first. */
  readonly runs: readonly Run[]
  /** By plan; null: that test could not be made. */
  readonly tested: Readonly<Record<string, Tested | undefined>>
  /** When this page was told of all that. */
  readonly askedAtMs: number
  readonly nowMs: number
}

const dayMs = 86_400_000
const go = (label: string, page: string, ...rest: string[]): Mend => ({ kind: 'go', page, rest, label })

/** Everything that can be said today; nothing is proven that no drill has proven. Pure. */
export function checksOf(known: Known): Check[] {
  return [
    ...known.plans.flatMap(plan => [
      newestOf(plan, known),
      ...schedulesOf(plan, known),
      ...lastRunOf(plan, known),
      ...testsOf(plan, known),
    ]),
    ...successOf(known),
    ...proofOf(known.plans),
    ...known.destinations.map(destination => destinationOf(destination, known)),
    ...machineOf(known),
  ]
}

function newestOf(plan: Plan, { status, askedAtMs, nowMs }: Known): Check {
  const state = status?.plans.find(({ planId }) => planId === plan.id)
  const newestMs = state?.newestSnapshotAtMs ?? null
  const period = periodOf(plan.schedules.filter(({ enabled }) => enabled))
  const base = { key: `newest-${plan.id}`, group: 'Backups', testedAtMs: askedAtMs } as const
  const mend: Mend = { kind: 'run', planId: plan.id, label: 'Back up now' }
  if (newestMs === null) {
    const working = state?.state === 'working'
    return {
      ...base,
      look: working ? 'working' : 'gap',
      bad: !working,
      fact: `${plan.name} has no snapshot yet`,
      more: working ? 'The first run is going on.' : 'What it covers would be lost with this computer.',
      ...(working ? {} : { mend }),
    }
  }
  const age = nowMs - newestMs
  const measured = spanWords(age)
  if (period === null) {
    return { ...base, look: 'stored', bad: false, fact: `${plan.name} has a snapshot`, measured }
  }
  const limit = spanWords(2 * period)
  if (age > 2 * period) {
    return {
      ...base,
      look: 'gap',
      bad: true,
      fact: `${plan.name} is behind its schedule`,
      measured,
      limit,
      mend,
    }
  }
  return { ...base, look: 'stored', bad: false, fact: `${plan.name} is on schedule`, measured, limit }
}

function schedulesOf(plan: Plan, { pausedUntilMs, askedAtMs, nowMs }: Known): Check[] {
  const base = { group: 'Backups', testedAtMs: askedAtMs } as const
  const found: Check[] = plan.schedule.flatMap(({ id, disabledBecause, words }) =>
    disabledBecause === null
      ? []
      : [
          {
            ...base,
            key: `off-${plan.id}-${id}`,
            look: 'failed',
            bad: true,
            fact: `${plan.name} starts no more by itself (${words})`,
            more: disabledBecause,
            mend: { kind: 'enable', planId: plan.id, scheduleId: id, label: 'Turn it on again' },
          },
        ],
  )
  const paused = (until: Plan['pausedUntilMs']) => until !== null && (until === 'forever' || until > nowMs)
  if (paused(plan.pausedUntilMs) || paused(pausedUntilMs)) {
    const own = paused(plan.pausedUntilMs)
    found.push({
      ...base,
      key: `paused-${plan.id}`,
      look: 'paused',
      bad: true,
      fact: own ? `${plan.name} is paused` : `${plan.name} waits: all schedules are paused`,
      more: 'Nothing is backed up by itself until it is resumed.',
      mend: { kind: 'resume', planId: own ? plan.id : null, label: 'Resume' },
    })
  } else if (!plan.schedules.some(({ enabled }) => enabled)) {
    found.push({
      ...base,
      key: `by-hand-${plan.id}`,
      look: 'note',
      bad: false,
      fact: `${plan.name} has no schedule: it runs when somebody starts it`,
      mend: go('Give it one', 'plans', plan.id),
    })
  }
  return found
}

const counted = (run: Run): boolean => run.kind === 'backup' && !run.dryRun

function lastRunOf(plan: Plan, { runs, destinations }: Known): Check[] {
  const last = runs.find(run => run.planId === plan.id && counted(run) && run.endedAtMs !== null)
  if (!last) return []
  const base = { group: 'Backups', testedAtMs: last.endedAtMs } as const
  const mend = go('Show the run', 'runs', last.id)
  if (last.state === 'failed' || last.state === 'interrupted') {
    return [
      {
        ...base,
        key: `failed-${plan.id}`,
        look: last.state === 'failed' ? 'failed' : 'interrupted',
        bad: true,
        fact: `The last run of ${plan.name} ${last.state === 'failed' ? 'failed' : 'was interrupted'}`,
        ...(last.error ? { more: last.error.message } : {}),
        mend,
      },
    ]
  }
  if (last.state === 'missed') {
    const away = destinations.find(
      ({ id, presence }) => presence === 'absent' && plan.destinationIds.includes(id),
    )
    return [
      {
        ...base,
        key: `missed-${plan.id}`,
        look: 'missed',
        bad: true,
        fact: `The last run of ${plan.name} was missed`,
        ...(last.waitingFor === null ? {} : { more: last.waitingFor }),
        mend: away
          ? go('Show the drive', 'storage', away.id)
          : { kind: 'run', planId: plan.id, label: 'Back up now' },
      },
    ]
  }
  if (last.warnings === 0) return []
  return [
    {
      ...base,
      key: `unread-${plan.id}`,
      look: 'gap',
      bad: true,
      fact: `${plural(last.warnings, 'file')} of ${plan.name} could not be read`,
      more: 'Everything else is stored. Leave them out, or make them readable.',
      measured: count(last.warnings),
      limit: '0',
      mend: { ...mend, label: 'Show files' },
    },
  ]
}

/** A row for what was tried on demand; one for each thing that is not as it must be. */
function testsOf(plan: Plan, { tested }: Known): Check[] {
  const test = tested[plan.id]
  if (!test) return []
  const wrong = test.rows.filter(({ ok }) => !ok)
  const base = { group: 'Backups', testedAtMs: test.atMs } as const
  if (wrong.length === 0) {
    return [
      {
        ...base,
        key: `test-${plan.id}`,
        look: 'stored',
        bad: false,
        fact: `${plan.name} has everything a run needs`,
        more: test.rows.map(({ what }) => what).join(', '),
        measured: `${test.rows.length} of ${test.rows.length}`,
      },
    ]
  }
  return wrong.map(({ what, message, hint }, nth) => ({
    ...base,
    key: `test-${plan.id}-${nth}`,
    look: 'failed',
    bad: true,
    fact: `${plan.name}: ${what}`,
    more: [message, hint].filter(words => words !== null).join(' '),
    mend: go('Change the plan', 'plans', plan.id),
  }))
}

function successOf({ runs, askedAtMs, nowMs }: Known): Check[] {
  const since = nowMs - 30 * dayMs
  const ended = runs.filter(
    run =>
      counted(run) &&
      (run.endedAtMs ?? 0) >= since &&
      ['succeeded', 'partial', 'failed', 'interrupted'].includes(run.state),
  )
  if (ended.length < 5) return []
  const good = ended.filter(({ state }) => state === 'succeeded' || state === 'partial').length
  const share = (100 * good) / ended.length
  const low = share < 95
  return [
    {
      key: 'success',
      group: 'Backups',
      look: low ? 'gap' : 'stored',
      bad: low,
      fact: `${count(good)} of ${plural(ended.length, 'run')} of the last 30 days made a snapshot`,
      measured: `${Math.floor(share * 10) / 10} %`,
      limit: '95 %',
      testedAtMs: askedAtMs,
      ...(low ? { mend: go('Show failures', 'history') } : {}),
    },
  ]
}

function proofOf(plans: readonly Plan[]): Check[] {
  const [one] = plans
  if (!one) return []
  return [
    {
      key: 'proof',
      group: 'Proof',
      look: 'unset',
      bad: false,
      fact:
        plans.length === 1
          ? `${one.name} has not been restored as a trial yet`
          : `None of ${count(plans.length)} plans has been restored as a trial yet`,
      measured: 'never',
      testedAtMs: null,
      mend: { kind: 'go', page: 'restore', rest: [], label: 'Restore a file…' },
    },
  ]
}

function destinationOf(destination: Destination, { vault, askedAtMs }: Known): Check {
  const { id, name, location, presence, hasPassword, refreshedAtMs } = destination
  const base = { key: `destination-${id}`, group: 'Destinations', testedAtMs: askedAtMs } as const
  const mend = go('Show it', 'storage', id)
  if (presence === 'absent') {
    return {
      ...base,
      look: 'offline',
      bad: true,
      fact: `${name} is not connected`,
      more: `${location.path} is not there; runs wait until it is.`,
      mend,
    }
  }
  if (!hasPassword && vault?.state === 'open') {
    return {
      ...base,
      look: 'gap',
      bad: true,
      fact: `The password of ${name} is lost here`,
      more: 'No backup and no restore without it. The recovery kit has it.',
      mend: { ...mend, label: 'Enter it…' },
    }
  }
  return {
    ...base,
    look: 'stored',
    bad: false,
    fact: `${name} is connected`,
    ...(refreshedAtMs === null ? { more: 'Its snapshots were not read yet.' } : {}),
  }
}

function machineOf({ vault, askedAtMs }: Known): Check[] {
  if (!vault) return []
  const open = vault.state === 'open'
  return [
    {
      key: 'vault',
      group: 'This computer',
      look: open ? 'stored' : vault.state === 'unavailable' ? 'failed' : 'gap',
      bad: !open,
      fact: open ? 'Passwords can be read' : 'Passwords can not be read',
      more: vault.explanation,
      testedAtMs: askedAtMs,
      ...(open ? {} : { mend: go('Open it…', 'settings', 'security') }),
    },
  ]
}
