import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { AnyEvent } from '../../shared/contract.ts'
import type { Plan, PlanDraft, Schedule, ScheduleState } from '../../shared/entities/plan.ts'
import { AppError, toWireError } from '../../shared/errors.ts'
import { checkRules, noRules, openBackend, openRepository } from '../engine/index.ts'
import type { Catalogue, StoredPlan } from './catalogue/catalogue.ts'
import { passwordName, presenceOf, refuseOther, type Destinations } from './destinations.ts'
import { newSchedule } from './scheduling/reconcile.ts'
import { nextAfter, wordsFor } from './scheduling/when.ts'
import type { Vault } from './vault/vault.ts'

export interface Plans {
  list(): Plan[]
  get(id: string): Plan
  create(draft: PlanDraft): Plan
  /** @throws conflict somebody saved another change since `revision` (null: whatever is there) */
  update(id: string, draft: PlanDraft, revision: number | null): Plan
  remove(id: string): void
  pause(id: string, until: number | 'forever' | null): Plan
  enableSchedule(id: string, scheduleId: string): Plan
  test(id: string): Promise<PlanTest[]>
  /** @throws invalid_input, not_found as `create` would; `destinationsToCome`: they may not be there yet */
  validate(draft: PlanDraft, destinationsToCome: boolean): void
  /** What is stored, with where its schedules stand. */
  present(stored: StoredPlan): Plan
}

export interface PlanTest {
  what: string
  ok: boolean
  message: string
  hint: string | null
}

export function createPlans({
  catalogue,
  vault,
  destinations,
  now,
  machineZone,
  publish,
  states,
  changed,
}: {
  catalogue: Catalogue
  vault: Vault
  destinations: Destinations
  now: () => number
  /** IANA; what a plan without a zone of its own follows. */
  machineZone: () => string
  publish: (event: AnyEvent) => void
  /** Where its schedules stand, from whoever runs them; null where nobody does. */
  states: (plan: StoredPlan) => ScheduleState[] | null
  /** Something the schedules depend on is different now. */
  changed: () => void
}): Plans {
  function require(id: string): StoredPlan {
    const found = catalogue.plans.get(id)
    if (found) return found
    throw new AppError('not_found', 'That plan is not there (any more).', { hint: 'List the plans again.' })
  }

  const present = (stored: StoredPlan): Plan => ({
    ...stored,
    schedule: states(stored) ?? statesAsStored(stored),
  })

  function statesAsStored(stored: StoredPlan): ScheduleState[] {
    const known = catalogue.plans.schedules(stored.id)
    const zone = stored.zone ?? machineZone()
    return stored.schedules.map(({ id, when, enabled }) => {
      const state = known.find(({ scheduleId }) => scheduleId === id)
      const off = !enabled || stored.pausedUntilMs === 'forever' || (state?.disabledBecause ?? null) !== null
      const from = Math.max(now(), typeof stored.pausedUntilMs === 'number' ? stored.pausedUntilMs : 0)
      return {
        id,
        words: wordsFor(when, zone === machineZone() ? null : zone),
        nextDueAtMs: off ? null : (state?.nextDueAtMs ?? nextAfter(when, zone, from)),
        consecutiveFailures: state?.consecutiveFailures ?? 0,
        disabledBecause: state?.disabledBecause ?? null,
      }
    })
  }

  /** What the shapes of the contract can't say. @throws invalid_input, not_found */
  function validate(draft: PlanDraft, destinationsToCome = false): void {
    if (!destinationsToCome) draft.destinationIds.forEach(destinations.require)
    for (const source of draft.sources) {
      for (const path of source.paths) {
        if (!isAbsolute(path)) {
          throw new AppError('invalid_input', `"${path}" is not an absolute path.`, {
            hint: 'Write the path from the root on.',
          })
        }
      }
      checkRules({ ...noRules, ...source.rules })
    }
    const zone = draft.zone ?? machineZone()
    for (const { id, when } of draft.schedules) refuseNever(id, when, zone)
  }

  function refuseNever(id: string, when: Schedule['when'], zone: string): void {
    if (nextAfter(when, zone, now()) !== null) return
    throw new AppError('invalid_input', `The schedule "${id}" (${wordsFor(when, zone)}) never comes.`, {
      hint: 'Is there such a day in any month? The preview shows the next times of a schedule.',
    })
  }

  /** Schedule states of schedules that are gone would be taken for those of new ones with the same name. */
  function saved(stored: StoredPlan): Plan {
    for (const { scheduleId } of catalogue.plans.schedules(stored.id)) {
      if (!stored.schedules.some(({ id }) => id === scheduleId))
        catalogue.plans.removeSchedule(stored.id, scheduleId)
    }
    changed()
    const plan = present(stored)
    publish({ name: 'plan.changed', value: plan })
    return plan
  }

  return {
    present,
    validate,
    list: () => catalogue.plans.list().map(present),
    get: id => present(require(id)),

    create(draft) {
      validate(draft)
      const stored: StoredPlan = {
        ...draft,
        id: randomUUID(),
        revision: catalogue.nextRevision(),
        createdAtMs: now(),
        pausedUntilMs: null,
      }
      catalogue.plans.insert(stored)
      return saved(stored)
    },

    update(id, draft, revision) {
      const before = require(id)
      validate(draft)
      const stored: StoredPlan = { ...before, ...draft, revision: catalogue.nextRevision() }
      catalogue.plans.update(stored, revision)
      return saved(stored)
    },

    remove(id) {
      require(id)
      catalogue.plans.remove(id)
      changed()
      publish({ name: 'plan.removed', value: { id, revision: catalogue.nextRevision() } })
    },

    pause(id, until) {
      const stored = { ...require(id), pausedUntilMs: until, revision: catalogue.nextRevision() }
      catalogue.plans.update(stored, null)
      return saved(stored)
    },

    enableSchedule(id, scheduleId) {
      const stored = require(id)
      if (!stored.schedules.some(schedule => schedule.id === scheduleId)) {
        throw new AppError('not_found', `"${stored.name}" has no schedule "${scheduleId}".`, {
          hint: 'Look at the plan again.',
        })
      }
      // From now on: what it missed while it was off is not made up for.
      catalogue.plans.saveSchedule(newSchedule(id, scheduleId))
      return saved({ ...stored, revision: catalogue.nextRevision() })
    },

    async test(id) {
      const plan = require(id)
      const tests: PlanTest[] = []
      const attempt = async (what: string, act: () => string | Promise<string>) => {
        try {
          tests.push({ what, ok: true, message: await act(), hint: null })
          return true
        } catch (error) {
          const { message, hint } = toWireError(error)
          tests.push({ what, ok: false, message, hint: hint ?? null })
          return false
        }
      }
      for (const path of plan.sources.flatMap(({ paths }) => paths)) {
        await attempt(path, () => {
          if (statSync(path, { throwIfNoEntry: false })) return 'It is there.'
          throw new AppError('source_missing', 'There is nothing at this place.', {
            hint: 'Is its drive mounted? Change the plan if it has moved.',
          })
        })
      }
      for (const destinationId of plan.destinationIds) {
        const destination = destinations.require(destinationId)
        const there = await attempt(destination.name, () => {
          if (presenceOf(destination) === 'present') return `${destination.location.path} is there.`
          throw new AppError('repository_missing', `${destination.location.path} is not there.`, {
            hint: 'Connect the drive.',
          })
        })
        if (!there) continue
        await attempt(`${destination.name}: password`, async () => {
          const password = await vault.get(passwordName(destinationId))
          if (password === null) {
            throw new AppError(
              'secret_missing',
              `The password of "${destination.name}" is not where passwords are kept.`,
              { hint: 'Give it again in the settings of the destination.' },
            )
          }
          const backend = openBackend(`local:${destination.location.path}`)
          try {
            const repo = await openRepository(backend, password, { signal: new AbortController().signal })
            refuseOther(destination, repo)
          } finally {
            await backend.close()
          }
          return 'It opens the repository.'
        })
      }
      return tests
    },
  }
}
