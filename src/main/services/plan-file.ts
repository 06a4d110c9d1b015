import { isDeepStrictEqual } from 'node:util'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import type { Output } from '../../shared/contract.ts'
import { DestinationDraft, type Destination } from '../../shared/entities/destination.ts'
import { PlanDraft, type Plan } from '../../shared/entities/plan.ts'
import { AppError } from '../../shared/errors.ts'
import type { Destinations } from './destinations.ts'
import type { Plans } from './plans.ts'

/** Plans as code: one YAML file with all plans and destinations. Names stand for IDs; secrets are never in what is exported. */

const DestinationEntry = DestinationDraft.extend({
  /** For a destination that is not known yet; write `${NAME}` rather than the password itself. */
  password: z.string().min(1).optional(),
  /** Make a repository there when there is none. */
  create: z.boolean().default(false),
})
const PlanEntry = z.looseObject({ name: z.string(), destinations: z.array(z.string()).min(1) })
const File = z.strictObject({
  version: z.literal(1),
  destinations: z.array(DestinationEntry).default([]),
  plans: z.array(PlanEntry).default([]),
})
type File = z.output<typeof File>

export function exportPlans(plans: readonly Plan[], destinations: readonly Destination[]): string {
  const nameOf = (id: string) => destinations.find(destination => destination.id === id)?.name ?? id
  const file = {
    version: 1,
    destinations: destinations.map(({ name, location }) => ({ name, location })),
    plans: plans.map(plan => {
      const { name, destinationIds, ...rest } = PlanDraft.strip().parse(plan)
      return {
        name,
        destinations: destinationIds.map(nameOf),
        ...(withoutDefaults({ ...rest }, defaultsFor(plan)) as object),
      }
    }),
  }
  // A dollar sign of the plan's own must not be taken for a variable when the file is read again.
  return `# Plans and destinations of Holdfast: \`holdfast apply -f FILE\`. \${NAME} is the environment's, $$ is a dollar sign.\n${stringify(
    mapText(file, text => text.replaceAll('$', '$$$$')),
    { lineWidth: 0 },
  )}`
}

const bareSource = (paths: readonly string[]) => ({ kind: 'files' as const, paths: [...paths] })

/** A plan that says nothing but what it has to. */
function defaultsFor({ name, destinationIds, sources, schedules }: Plan): unknown {
  const bare = PlanDraft.parse({
    name,
    destinationIds,
    sources: sources.map(({ paths }) => bareSource(paths)),
    schedules: schedules.map(({ id, when }) => ({ id, when })),
  })
  const { name: _name, destinationIds: _ids, ...rest } = bare
  return rest
}

/** Leaves out of objects what is as it would be without being said. */
function withoutDefaults(value: unknown, defaults: unknown, key = ''): unknown {
  if (Array.isArray(value) && Array.isArray(defaults) && value.length === defaults.length) {
    return value.map((item, at) => (isObject(item) ? withoutDefaults(item, defaults[at]) : item) as unknown)
  }
  if (!isObject(value) || !isObject(defaults) || key === 'when') return value
  const kept = Object.entries(value).filter(
    ([name, item]) => alwaysSaid.has(name) || !isDeepStrictEqual(item, defaults[name]),
  )
  return Object.fromEntries(kept.map(([name, item]) => [name, withoutDefaults(item, defaults[name], name)]))
}
const alwaysSaid = new Set(['kind', 'paths', 'id', 'when', 'sources', 'schedules'])
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function mapText(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map(item => mapText(item, change))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapText(item, change)]))
}

/** Puts the environment's values in; in values only, after parsing, so that no value can change what the file says. */
function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\})/g, (_, name: string | undefined) => {
    if (name === undefined) return '$'
    const value = variables[name]
    if (value !== undefined) return value
    throw new AppError('invalid_input', `The file uses \${${name}}, which is not set.`, {
      hint: `Set ${name}, or write $$ for a plain dollar sign. Nothing was changed.`,
    })
  })
}

/** @throws invalid_input */
function read(yaml: string, variables: Readonly<Record<string, string>>): File {
  let value: unknown
  try {
    value = parse(yaml, { maxAliasCount: 100 })
  } catch (error) {
    throw new AppError('invalid_input', `The file is not YAML: ${(error as Error).message.split('\n')[0]}`, {
      hint: 'Nothing was changed.',
    })
  }
  const file = File.safeParse(mapText(value, text => expand(text, variables)))
  if (file.success) return file.data
  const { path, message } = file.error.issues[0]!
  throw new AppError('invalid_input', `In the file, ${path.join('.') || 'the whole'}: ${message}.`, {
    hint: 'Nothing was changed.',
  })
}

/** The one plan of a file, as from an editor; the destinations are those that are there. @throws invalid_input */
export function planFrom(yaml: string, destinations: readonly Destination[]): PlanDraft {
  const { plans } = read(yaml, {})
  if (plans.length !== 1) {
    throw new AppError('invalid_input', `The file has ${plans.length} plans, and one is wanted.`, {
      hint: 'Leave the one plan that is to be changed. Nothing was changed.',
    })
  }
  return draftOf(plans[0]!, name => {
    const found = destinations.find(destination => destination.name === name)
    if (found) return found.id
    throw new AppError('invalid_input', `There is no destination "${name}"; nothing was changed.`, {
      hint: 'Correct the name, or add the destination first.',
    })
  })
}

type Change = Output<'plan.apply'>[number]

/**
 * Makes plans and destinations what the file says. Everything is checked before anything is changed; a destination
 * whose repository can't be opened stops it before the plans.
 * @param prune also removes plans that the file does not name; destinations stay
 */
export async function applyPlans(
  {
    yaml,
    variables,
    dryRun,
    prune,
  }: { yaml: string; variables: Record<string, string>; dryRun: boolean; prune: boolean },
  { plans, destinations }: { plans: Plans; destinations: Destinations },
): Promise<Change[]> {
  const file = read(yaml, variables)
  refuseTwice('destination', file.destinations)
  refuseTwice('plan', file.plans)
  const changes: Change[] = []

  const known = await destinations.list()
  const ids = new Map(known.map(({ name, id }) => [name, id]))
  const toCreate = file.destinations.filter(({ name }) => !ids.has(name))
  for (const { name, location } of file.destinations) {
    const before = known.find(destination => destination.name === name)
    if (before && !isDeepStrictEqual(before.location, location)) {
      throw new AppError(
        'conflict',
        `The destination "${name}" is elsewhere (${before.location.path}); nothing was changed.`,
        {
          hint: 'A destination does not move: give the new place another name.',
        },
      )
    }
    changes.push({ kind: 'destination', name, action: before ? 'unchanged' : 'create', changes: [] })
  }
  for (const { name, password } of toCreate) {
    if (password !== undefined) continue
    throw new AppError(
      'invalid_input',
      `The destination "${name}" is new and has no password in the file; nothing was changed.`,
      {
        hint: 'Write `password: ${NAME}` and set NAME, or add the destination first.',
      },
    )
  }

  // Stands in for destinations that are still to be made, so that all plans can be checked before.
  const standIn = (name: string): string => {
    const id =
      ids.get(name) ??
      (toCreate.some(entry => entry.name === name) ? '00000000-0000-4000-8000-000000000000' : undefined)
    if (id !== undefined) return id
    throw new AppError('invalid_input', `There is no destination "${name}"; nothing was changed.`, {
      hint: 'Name it under `destinations`, or correct the name.',
    })
  }
  const drafts = file.plans.map(entry => ({ entry, draft: draftOf(entry, standIn) }))
  const before = plans.list()
  for (const { draft } of drafts) {
    const old = before.find(({ name }) => name === draft.name)
    const differing = old
      ? Object.keys(draft).filter(
          key => !isDeepStrictEqual(draft[key as keyof PlanDraft], old[key as keyof PlanDraft]),
        )
      : []
    changes.push({
      kind: 'plan',
      name: draft.name,
      action: !old ? 'create' : differing.length > 0 ? 'update' : 'unchanged',
      changes: differing,
    })
  }
  const unnamed = prune ? before.filter(({ name }) => !drafts.some(({ draft }) => draft.name === name)) : []
  for (const { name } of unnamed) changes.push({ kind: 'plan', name, action: 'remove', changes: [] })
  for (const { draft } of drafts) plans.validate(draft, toCreate.length > 0)
  if (dryRun) return changes

  for (const { name, location, password, create } of toCreate) {
    const made = await destinations.create({ draft: { name, location }, password: password!, create })
    ids.set(name, made.id)
  }
  for (const { entry } of drafts) {
    const draft = draftOf(entry, standIn)
    const { action } = changes.find(change => change.kind === 'plan' && change.name === draft.name)!
    if (action === 'create') plans.create(draft)
    if (action === 'update') plans.update(before.find(({ name }) => name === draft.name)!.id, draft, null)
  }
  for (const { id } of unnamed) plans.remove(id)
  return changes
}

function draftOf(
  { destinations: names, ...rest }: z.output<typeof PlanEntry>,
  idOf: (name: string) => string,
): PlanDraft {
  const draft = PlanDraft.safeParse({ ...rest, destinationIds: names.map(idOf) })
  if (draft.success) return draft.data
  const { path, message } = draft.error.issues[0]!
  throw new AppError('invalid_input', `In the file, plan "${rest.name}": ${path.join('.')}: ${message}.`, {
    hint: 'Nothing was changed.',
  })
}

function refuseTwice(kind: string, entries: readonly { name: string }[]): void {
  const twice = entries.find(({ name }, at) => entries.findIndex(other => other.name === name) !== at)
  if (!twice) return
  throw new AppError(
    'invalid_input',
    `The file names the ${kind} "${twice.name}" twice; nothing was changed.`,
    { hint: 'Names are unique.' },
  )
}
