import type { Status } from '../../../shared/entities/application.ts'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import type { Run } from '../../../shared/entities/run.ts'
import type { VaultInfo } from '../../../shared/entities/application.ts'
import { plural, relative } from '../../../shared/wording.ts'
import type { StateLook } from '../../parts/look.ts'

/** Something a person should do, with the button that does it. */
export interface Attention {
  readonly key: string
  readonly look: StateLook
  readonly fact: string
  /** A name in it that is to stand out. */
  readonly subject: string | null
  /** The plan that it is about; null where it is about none, or several. */
  readonly planId: string | null
  readonly consequence: string
  readonly fix: { readonly label: string; readonly act: Fix }
}

export type Fix =
  | { kind: 'run'; planId: string }
  | { kind: 'enable'; planId: string; scheduleId: string }
  | { kind: 'go'; page: string; rest: string[] }

/** Five at most, the worst first. Pure. */
export function attentionOf({
  plans,
  destinations,
  status,
  lastRuns,
  vault,
  nowMs,
}: {
  plans: readonly Plan[]
  destinations: readonly Destination[]
  status: Status | null
  /** The newest ended backup of each plan. */
  lastRuns: Readonly<Record<string, Run | undefined>>
  vault: VaultInfo | null
  nowMs: number
}): Attention[] {
  const found: Attention[] = []
  const newest = (planId: string): string => {
    const atMs = status?.plans.find(each => each.planId === planId)?.newestSnapshotAtMs ?? null
    return atMs === null ? 'There is no snapshot of it yet.' : `Newest snapshot: ${relative(atMs, nowMs)}.`
  }
  /** Said already, with the plan that waits for it. */
  const told = new Set<string>()
  if (vault && vault.state !== 'open') {
    found.push({
      key: 'vault',
      look: 'gap',
      subject: null,
      planId: null,
      fact: vault.state === 'new' ? 'There is no place for passwords yet.' : 'Passwords can not be read.',
      consequence: vault.explanation,
      fix: {
        label: vault.state === 'unavailable' ? 'How to fix it' : 'Unlock…',
        act: { kind: 'go', page: 'settings', rest: ['security'] },
      },
    })
  }
  for (const plan of plans) {
    for (const { id, disabledBecause } of plan.schedule) {
      if (disabledBecause === null) continue
      found.push({
        key: `disabled-${plan.id}-${id}`,
        look: 'failed',
        subject: plan.name,
        planId: plan.id,
        fact: `${plan.name} starts no more by itself.`,
        consequence: disabledBecause,
        fix: { label: 'Turn it on again', act: { kind: 'enable', planId: plan.id, scheduleId: id } },
      })
    }
    const last = lastRuns[plan.id]
    if (last?.state === 'failed') {
      found.push({
        key: `failed-${plan.id}`,
        look: 'failed',
        subject: plan.name,
        planId: plan.id,
        fact: `The last run of ${plan.name} failed.`,
        consequence: last.error?.message ?? '',
        fix: { label: 'Show the run', act: { kind: 'go', page: 'runs', rest: [last.id] } },
      })
    }
    if (last?.state === 'missed') {
      const away = destinations.find(
        ({ id, presence }) => presence === 'absent' && plan.destinationIds.includes(id),
      )
      if (away) told.add(away.id)
      const missed = {
        key: `missed-${plan.id}`,
        look: 'missed',
        subject: plan.name,
        planId: plan.id,
      } as const
      found.push(
        away
          ? {
              ...missed,
              fact: `${plan.name} missed its backup: ${away.name} is not connected.`,
              consequence: `${newest(plan.id)} Plug it in, and the next run makes up for it.`,
              fix: { label: 'Show the drive', act: { kind: 'go', page: 'storage', rest: [away.id] } },
            }
          : {
              ...missed,
              fact: `${plan.name} missed its backup.`,
              consequence: `${last.waitingFor ?? 'The computer was asleep or off.'} ${newest(plan.id)}`,
              fix: { label: 'Back up now', act: { kind: 'run', planId: plan.id } },
            },
      )
    }
  }
  for (const destination of destinations) {
    if (told.has(destination.id)) continue
    if (destination.presence === 'absent') {
      found.push({
        key: `absent-${destination.id}`,
        look: 'gap',
        subject: destination.name,
        planId: null,
        fact: `${destination.name} is not connected.`,
        consequence: `Backups to ${destination.location.path} wait until it is.`,
        fix: { label: 'Show it', act: { kind: 'go', page: 'storage', rest: [destination.id] } },
      })
    } else if (!destination.hasPassword && vault?.state === 'open') {
      found.push({
        key: `password-${destination.id}`,
        look: 'gap',
        subject: destination.name,
        planId: null,
        fact: `The password of ${destination.name} is lost here.`,
        consequence: 'No backup and no restore without it. The recovery kit has it.',
        fix: { label: 'Enter it…', act: { kind: 'go', page: 'storage', rest: [destination.id] } },
      })
    }
  }
  for (const { planId, name, newestSnapshotAtMs, state } of status?.plans ?? []) {
    if (newestSnapshotAtMs !== null || state === 'working' || state === 'waiting') continue
    if (found.some(({ key }) => key.endsWith(planId))) continue
    found.push({
      key: `none-${planId}`,
      look: 'gap',
      subject: name,
      planId,
      fact: `${name} has no snapshot yet.`,
      consequence: 'What it covers would be lost with this computer.',
      fix: { label: 'Back up now', act: { kind: 'run', planId } },
    })
  }
  for (const plan of plans) {
    const last = lastRuns[plan.id]
    if (last?.state !== 'partial') continue
    found.push({
      key: `partial-${plan.id}`,
      look: 'note',
      subject: plan.name,
      planId: plan.id,
      fact: `${plural(last.warnings, 'file')} could not be read in the last run of ${plan.name}.`,
      consequence: 'All others are stored.',
      fix: { label: 'Show files', act: { kind: 'go', page: 'runs', rest: [last.id] } },
    })
  }
  return found.slice(0, 5)
}
