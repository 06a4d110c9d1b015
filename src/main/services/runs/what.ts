import type { BackupType, Source } from '../../../shared/entities/plan.ts'
import { noRules, type ExcludeRules } from '../../engine/index.ts'
import type { StoredPlan } from '../catalogue/catalogue.ts'

/** The sources that a backup of this type covers. */
export const sourcesOf = ({ sources }: Pick<StoredPlan, 'sources'>, type: BackupType): Source[] =>
  sources.filter(source => type !== 'config' || source.isConfig)

/** Each path once. */
export const pathsOf = (sources: readonly Source[]): string[] => [
  ...new Set(sources.flatMap(({ paths }) => paths)),
]

const planTag = 'plan:'

/** By these a snapshot is known again, also where there is no catalogue. */
export const tagsOf = (plan: Pick<StoredPlan, 'id' | 'sources' | 'tags'>, type: BackupType): string[] => [
  ...new Set([
    `${planTag}${plan.id}`,
    `type:${type}`,
    ...sourcesOf(plan, type).map(({ component }) => `component:${component}`),
    ...plan.tags,
  ]),
]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The plan that made a snapshot, if one did. */
export const planOfTags = (tags: readonly string[]): string | null =>
  tags
    .filter(tag => tag.startsWith(planTag))
    .map(tag => tag.slice(planTag.length))
    .find(id => uuid.test(id)) ?? null

/**
 * The rules of each source, each for its own paths.
 * @param leaveOut absolute paths that are never read, whatever the plan says
 */
export function rulesOf(sources: readonly Source[], leaveOut: readonly string[]): ExcludeRules {
  const never = leaveOut.map(literal)
  const keepingOut = (rules: ExcludeRules) => ({ ...rules, excludes: [...rules.excludes, ...never] })
  return {
    ...keepingOut(noRules),
    below: sources.flatMap(({ paths, rules }) =>
      paths.map(folder => ({ folder, rules: keepingOut({ ...rules, excludeFiles: [] }) })),
    ),
  }
}

/** A pattern that matches this path alone. Windows has no way to write one; there such names are rare. */
const literal = (path: string): string =>
  process.platform === 'win32' ? path : path.replace(/[\\*?[]/g, String.raw`\$&`)
