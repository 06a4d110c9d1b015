import { PlanDraft, type Hook, type Plan, type Source } from '../../../shared/entities/plan.ts'
import { plural } from '../../../shared/wording.ts'
import { baseName } from '../../parts/local-path.ts'
import { gigabytes, keepWords } from '../../parts/keep-words.ts'
import { typeWords, whenWords } from '../../parts/when-words.ts'
import { parted } from './tree-selection.ts'

/** What a person decides about a plan, while it is being changed; it need not be fit to be saved yet. Pure. */

export const sections = ['what', 'when', 'where', 'keep', 'advanced'] as const
export type Section = (typeof sections)[number]

export const sectionWords: Record<Section, string> = {
  what: 'What',
  when: 'When & conditions',
  where: 'Where',
  keep: 'Keep',
  advanced: 'Advanced',
}

const parsedSource = (source: { component: string; paths: string[] }): Source => ({
  kind: 'files',
  paths: source.paths,
  component: source.component,
  isConfig: false,
  rules: {
    excludes: [],
    iexcludes: [],
    excludeCaches: true,
    excludeIfPresent: [],
    excludeLargerThanBytes: null,
    oneFileSystem: false,
  },
})

/** One more source, named so that it can be restored alone. */
export function newSource(taken: readonly string[], paths: string[] = []): Source {
  for (let n = 1; ; n++) {
    const component = n === 1 ? 'files' : `files-${n}`
    if (!taken.includes(component)) return parsedSource({ component, paths })
  }
}

/** A plan to begin with: every day at two, and nothing chosen yet. */
export function newDraft(destinationIds: string[]): PlanDraft {
  const whole = PlanDraft.parse({
    name: 'New plan',
    sources: [{ kind: 'files', paths: ['/'] }],
    destinationIds: ['00000000-0000-4000-8000-000000000000'],
    schedules: [{ id: 'daily', when: { kind: 'daily' } }],
  })
  return { ...whole, name: '', sources: [newSource([])], destinationIds }
}

/** The draft in a plan, without what the application adds. */
export function draftOf(plan: Plan): PlanDraft {
  const {
    id: _id,
    revision: _revision,
    createdAtMs: _at,
    pausedUntilMs: _paused,
    schedule: _schedule,
    ...draft
  } = plan
  return draft
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )

export const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

export interface Problem {
  readonly section: Section
  readonly message: string
}

const sectionOfField: Record<string, Section> = {
  name: 'what',
  sources: 'what',
  schedules: 'when',
  zone: 'when',
  conditions: 'when',
  destinationIds: 'where',
  retention: 'keep',
}

/** What keeps it from being saved. */
export function problemsOf(draft: PlanDraft): Problem[] {
  const found: Problem[] = []
  if (draft.name.trim() === '') found.push({ section: 'what', message: 'The plan needs a name.' })
  draft.sources.forEach(({ paths, component }) => {
    if (paths.length === 0)
      found.push({
        section: 'what',
        message:
          draft.sources.length === 1
            ? 'Choose at least one folder.'
            : `Choose at least one folder for “${component}”, or remove it.`,
      })
  })
  const components = draft.sources.map(({ component }) => component)
  const twice = components.find((each, at) => components.indexOf(each) !== at)
  if (twice !== undefined)
    found.push({ section: 'what', message: `Two sources are called “${twice}”: a name tells them apart.` })
  if (draft.destinationIds.length === 0)
    found.push({ section: 'where', message: 'Choose where it is backed up to.' })
  if (Object.values(draft.hooks).some(hooks => hooks.some(({ command }) => command.trim() === '')))
    found.push({ section: 'advanced', message: 'A command is empty: write it, or remove it.' })
  if (found.length > 0) return found
  const parsed = PlanDraft.safeParse(draft)
  return (parsed.error?.issues ?? []).map(({ path, message }) => ({
    section: sectionOfField[String(path[0])] ?? 'advanced',
    message: `${path.map(String).join('.')}: ${message}`,
  }))
}

/** `Documents, Pictures and 2 more`. */
export function namesOf(paths: readonly string[], most = 2): string {
  const names = paths.map(baseName)
  if (names.length <= most + 1) return names.join(', ').replace(/, ([^,]*)$/, ' and $1')
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`
}

export const whatWords = ({ sources }: Pick<PlanDraft, 'sources'>): string => {
  const paths = sources.flatMap(source => source.paths)
  return paths.length === 0 ? 'nothing yet' : namesOf(paths)
}

export function scheduleWords({ schedules }: Pick<PlanDraft, 'schedules'>): string {
  const on = schedules.filter(({ enabled }) => enabled)
  const [first] = on
  if (!first) return 'when you start it'
  return `${whenWords(first.when)}${on.length > 1 ? ` and ${plural(on.length - 1, 'other schedule')}` : ''}`
}

/** What is different, a phrase each, in the order of the page. `nameOf` knows destinations. */
export function changesBetween(
  before: PlanDraft,
  after: PlanDraft,
  nameOf: (destinationId: string) => string,
): string[] {
  const found: string[] = []
  const say = (is: boolean, words: string) => void (is && found.push(words))
  say(before.name !== after.name, `called “${after.name}”`)
  for (const source of after.sources) {
    const old = before.sources.find(({ component }) => component === source.component)
    if (old) found.push(...changesOfSource(old, source))
    else found.push(`source “${source.component}” added`)
  }
  for (const { component } of before.sources) {
    say(!after.sources.some(source => source.component === component), `source “${component}” removed`)
  }
  for (const schedule of after.schedules) {
    const old = before.schedules.find(({ id }) => id === schedule.id)
    if (!old) found.push(`${whenWords(schedule.when)} added`)
    else {
      say(!same(old.when, schedule.when), `${whenWords(schedule.when)}, was ${whenWords(old.when)}`)
      say(old.type !== schedule.type, `${whenWords(schedule.when)} is ${typeWords[schedule.type]}`)
      say(
        old.enabled !== schedule.enabled,
        `${whenWords(schedule.when)} turned ${schedule.enabled ? 'on' : 'off'}`,
      )
    }
  }
  for (const { id, when } of before.schedules) {
    say(!after.schedules.some(schedule => schedule.id === id), `${whenWords(when)} removed`)
  }
  say(before.zone !== after.zone, `times of ${after.zone ?? 'this computer’s zone'}`)
  const { conditions: was } = before
  const { conditions: is } = after
  say(was.acPower !== is.acPower, is.acPower ? 'on AC power only' : 'on battery too')
  say(
    was.unmeteredNetwork !== is.unmeteredNetwork,
    is.unmeteredNetwork ? 'not on metered networks' : 'on any network',
  )
  say(was.lowPriority !== is.lowPriority, is.lowPriority ? 'at low priority' : 'at normal priority')
  say(
    was.catchUpMinutes !== is.catchUpMinutes,
    is.catchUpMinutes === 0 ? 'no catching up' : `catches up within ${spanWords(is.catchUpMinutes)}`,
  )
  say(
    !same(before.destinationIds, after.destinationIds),
    `to ${after.destinationIds.map(nameOf).join(', ') || 'nowhere yet'}`,
  )
  found.push(...changesOfRetention(before, after))
  for (const [kind, words] of [
    ['before', 'before'],
    ['after', 'after'],
    ['onFailure', 'on failure'],
  ] as const) {
    say(!same(before.hooks[kind], after.hooks[kind]), `commands ${words}: ${hookCount(after.hooks[kind])}`)
  }
  say(before.compression !== after.compression, `compression ${after.compression}`)
  say(!same(before.tags, after.tags), `tags ${after.tags.join(', ') || 'none'}`)
  say(before.maxRunMinutes !== after.maxRunMinutes, `${spanWords(after.maxRunMinutes)} at most`)
  say(
    before.retries !== after.retries,
    after.retries === 0 ? 'no retries' : plural(after.retries, 'retry', 'retries'),
  )
  return found
}

const hookCount = (hooks: readonly Hook[]): string => (hooks.length === 0 ? 'none' : String(hooks.length))

function changesOfSource(before: Source, after: Source): string[] {
  const found: string[] = []
  const added = (now: readonly string[], then: readonly string[]) => now.filter(each => !then.includes(each))
  const was = parted(before.paths, before.rules.excludes)
  const is = parted(after.paths, after.rules.excludes)
  for (const path of added(after.paths, before.paths)) found.push(`${baseName(path)} added`)
  for (const path of added(before.paths, after.paths)) found.push(`${baseName(path)} no more`)
  for (const path of added(is.selection.leftOut, was.selection.leftOut))
    found.push(`${baseName(path)} left out`)
  for (const path of added(was.selection.leftOut, is.selection.leftOut)) {
    if (!added(before.paths, after.paths).some(gone => path.startsWith(gone)))
      found.push(`${baseName(path)} back in`)
  }
  for (const pattern of added(is.patterns, was.patterns)) found.push(`${pattern} excluded`)
  for (const pattern of added(was.patterns, is.patterns)) found.push(`${pattern} no longer excluded`)
  const { excludes: _a, ...restBefore } = before.rules
  const { excludes: _b, ...restAfter } = after.rules
  if (!same(restBefore, restAfter)) found.push('other rules changed')
  if (before.isConfig !== after.isConfig)
    found.push(`“${after.component}” ${after.isConfig ? 'counts' : 'no longer counts'} as configuration`)
  return found
}

function changesOfRetention(before: PlanDraft, after: PlanDraft): string[] {
  if (same(before.retention, after.retention)) return []
  const { standard } = after.retention
  return same(before.retention.standard, standard)
    ? ['keep by type changed']
    : [
        `keep ${keepWords(standard)}${standard.maxSizeBytes === null ? '' : `, ${gigabytes(standard.maxSizeBytes)} at most`}`,
      ]
}

/** `7 days`, `90 minutes`, `2 hours`. */
export function spanWords(minutes: number): string {
  if (minutes % 1440 === 0 && minutes > 0) return plural(minutes / 1440, 'day')
  if (minutes % 60 === 0 && minutes > 0) return plural(minutes / 60, 'hour')
  return plural(minutes, 'minute')
}
