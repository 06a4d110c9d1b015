import type { RestoreRequest } from '../../../shared/entities/browse.ts'
import type { Source } from '../../../shared/entities/plan.ts'
import type { Run } from '../../../shared/entities/run.ts'
import type { StoredDestination, StoredPlan } from '../catalogue/catalogue.ts'
import type { Placement } from './restore-where.ts'
import { pathsOf, sourcesOf, tagsOf } from './what.ts'

/**
 * What does the same on the command line, quoted for a POSIX shell. It holds no secret: the password comes from a
 * prompt or the environment there.
 *
 * Where sources have rules of their own, patterns are written for their paths alone; a switch that not all of them have
 * can't be, and is left out: then the command stores more, never less.
 */
export function commandLine(
  plan: Pick<StoredPlan, 'id' | 'sources' | 'tags' | 'compression'>,
  destination: Pick<StoredDestination, 'location'> | null,
  { type, dryRun }: Pick<Run, 'type' | 'dryRun'>,
): string {
  const sources = sourcesOf(plan, type)
  const all = <T>(value: (rules: Source['rules']) => T): T | null => {
    const values = new Set(sources.map(({ rules }) => value(rules)))
    return values.size === 1 ? [...values][0]! : null
  }
  const alike = all(({ excludes, iexcludes }) => JSON.stringify([excludes, iexcludes])) !== null
  const scoped = alike ? sources.slice(0, 1) : sources
  const patterns = (option: string, of: (rules: Source['rules']) => readonly string[]) =>
    scoped.flatMap(source => of(source.rules).flatMap(pattern => written(option, pattern, source, alike)))

  return words([
    'holdfast',
    'backup',
    '--repo',
    destination?.location.path ?? '',
    ...(type === 'full' ? ['--full'] : []),
    ...(dryRun ? ['--dry-run'] : []),
    ...(plan.compression === 'default' ? [] : ['--compression', plan.compression]),
    ...tagsOf(plan, type).flatMap(tag => ['--tag', tag]),
    ...patterns('--exclude', rules => rules.excludes),
    ...patterns('--iexclude', rules => rules.iexcludes),
    ...(all(rules => rules.excludeCaches) === true ? ['--exclude-caches'] : []),
    ...common(sources.map(({ rules }) => rules.excludeIfPresent)).flatMap(tag => [
      '--exclude-if-present',
      tag,
    ]),
    ...(all(rules => rules.excludeLargerThanBytes) === null
      ? []
      : ['--exclude-larger-than', String(all(rules => rules.excludeLargerThanBytes))]),
    ...(all(rules => rules.oneFileSystem) === true ? ['--one-file-system'] : []),
    ...pathsOf(sources),
  ])
}

/** A pattern for one source alone begins with each of its paths; an absolute one says itself where it holds. */
function written(option: string, pattern: string, { paths }: Source, alike: boolean): string[] {
  const [sign, bare] = pattern.startsWith('!') ? ['!', pattern.slice(1)] : ['', pattern]
  if (alike || bare.startsWith('/')) return [option, pattern]
  return paths.flatMap(path => [option, `${sign}${path.replace(/\/+$/, '')}/**/${bare}`])
}

const common = (lists: readonly (readonly string[])[]): string[] =>
  (lists[0] ?? []).filter(entry => lists.every(list => list.includes(entry)))

const words = (list: readonly string[]): string => list.map(quoted).join(' ')

/** As a POSIX shell reads it back. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** The same of a restore. What puts things beside others has no command: then it is empty. */
export function restoreCommandLine(
  { conflicts, snapshotId }: Pick<RestoreRequest, 'conflicts' | 'snapshotId'>,
  placements: readonly Placement[],
  { location }: Pick<StoredDestination, 'location'>,
  dryRun: boolean,
): string {
  if (conflicts === 'keep-both') return ''
  const overwrite = { overwrite: 'if-changed', mirror: 'if-changed', 'if-newer': 'if-newer', skip: 'never' }
  const command = (part: string, target: string, includes: readonly string[]) =>
    words([
      'holdfast',
      'restore',
      '--repo',
      location.path,
      `${snapshotId}${part === '' ? '' : `:${part}`}`,
      '--target',
      target,
      '--overwrite',
      overwrite[conflicts],
      ...(conflicts === 'mirror' ? ['--delete'] : []),
      ...(dryRun ? ['--dry-run'] : []),
      '--verify',
      ...includes.flatMap(path => ['--include', path.replace(/[\\*?[]/g, String.raw`\$&`)]),
    ])
  return placements
    .flatMap(({ target, subpath, items }) => {
      if (items === null || items.paths.includes('/')) return [command(subpath, target, [])]
      if (items.placedBy === 'path')
        return [
          command(
            subpath,
            target,
            items.paths.map(path => path.slice(subpath.length)),
          ),
        ]
      const byFolder = Map.groupBy(items.paths, path => path.slice(0, path.lastIndexOf('/')))
      return [...byFolder].map(([folder, paths]) =>
        command(
          folder,
          target,
          paths.map(path => path.slice(folder.length)),
        ),
      )
    })
    .join(' && ')
}
