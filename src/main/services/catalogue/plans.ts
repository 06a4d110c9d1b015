import { z } from 'zod'
import { Plan } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Catalogue, StoredPlan } from './catalogue.ts'
import { encode, type Store } from './database.ts'

export const PlanShape: z.ZodType<StoredPlan> = Plan.omit({ schedule: true })

export const ScheduleShape = z.object({
  planId: z.string(),
  scheduleId: z.string(),
  fingerprint: z.string(),
  nextDueAtMs: z.number().nullable(),
  handledUntilMs: z.number(),
  consecutiveFailures: z.int(),
  disabledBecause: z.string().nullable(),
})

/** Names that a person would take for the same are the same. */
export const nameKey = (name: string): string => name.normalize('NFC').toLowerCase()

export const conflict = (message: string, hint: string): AppError =>
  new AppError('conflict', message, { hint })

export function planQueries({ db, writeDurably, decode }: Store): Catalogue['plans'] {
  const all = db.prepare<[], { id: string; data: string }>('SELECT id, data FROM plan ORDER BY seq')
  const one = db.prepare<[string], { data: string; revision: number }>(
    'SELECT data, revision FROM plan WHERE id = ?',
  )
  const namesake = db.prepare<[string, string]>('SELECT 1 FROM plan WHERE name = ? AND id <> ?')
  const insert = db.prepare('INSERT INTO plan (id, revision, name, data) VALUES (?, ?, ?, ?)')
  const update = db.prepare('UPDATE plan SET revision = ?, name = ?, data = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM plan WHERE id = ?')
  const schedules = db.prepare<[string], { data: string }>(
    'SELECT data FROM schedule WHERE plan = ? ORDER BY schedule',
  )
  const saveSchedule = db.prepare(
    'INSERT INTO schedule VALUES (?, ?, ?) ON CONFLICT (plan, schedule) DO UPDATE SET data = excluded.data',
  )
  const removeSchedule = db.prepare('DELETE FROM schedule WHERE plan = ? AND schedule = ?')

  const refuseNamesake = ({ id, name }: StoredPlan) => {
    if (namesake.get(nameKey(name), id) !== undefined)
      throw conflict(`There is a plan named ${name} already.`, 'Choose another name.')
  }
  const read = (id: string, data: string) => decode(PlanShape, data, `Plan ${id}`)
  const missing = () => new AppError('not_found', 'That plan is gone.', { hint: 'List the plans again.' })

  return {
    list: () => all.all().flatMap(({ id, data }) => read(id, data) ?? []),
    get(id) {
      const row = one.get(id)
      return row === undefined ? null : read(id, row.data)
    },
    insert: plan =>
      writeDurably(() => {
        refuseNamesake(plan)
        if (one.get(plan.id) !== undefined)
          throw conflict('A plan with this ID exists already.', 'List the plans again.')
        insert.run(plan.id, plan.revision, nameKey(plan.name), encode(PlanShape, plan))
      }),
    update: (plan, expected) =>
      writeDurably(() => {
        const stored = one.get(plan.id)
        if (stored === undefined) throw missing()
        // A newer one is fine: news of its schedules carry revisions of their own, and leave what is stored as it is.
        if (expected !== null && stored.revision > expected)
          throw conflict(
            `Somebody else changed the plan ${plan.name} meanwhile. Nothing was saved.`,
            'Look at it as it is now and make the change again.',
          )
        refuseNamesake(plan)
        update.run(plan.revision, nameKey(plan.name), encode(PlanShape, plan), plan.id)
      }),
    remove: id => writeDurably(() => void remove.run(id)),
    schedules: planId =>
      schedules
        .all(planId)
        .flatMap(({ data }) => decode(ScheduleShape, data, `A schedule of plan ${planId}`) ?? []),
    saveSchedule: state =>
      writeDurably(() => {
        if (one.get(state.planId) === undefined) throw missing()
        saveSchedule.run(state.planId, state.scheduleId, encode(ScheduleShape, state))
      }),
    removeSchedule: (planId, scheduleId) => writeDurably(() => void removeSchedule.run(planId, scheduleId)),
  }
}
