import { Command } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { bytes, localTime, plural, visible } from '../../../shared/wording.ts'
import { type SavedSnapshot, shortId } from '../../engine/index.ts'
import { collect, parseCount } from './arguments.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { addFilterOptions, chooseSnapshots, filterOf, type FilterOptions } from './snapshot-filter.ts'
import { snapshotJson, snapshotMs } from './snapshot-text.ts'
import { type Column, table } from './table.ts'

interface Options extends FilterOptions {
  latest?: number
  groupBy?: string[]
  compact?: boolean
}

const aspects = ['host', 'paths', 'tags'] as const
type Aspect = (typeof aspects)[number]

export function build(shell: Shell): Command {
  const command = new Command('snapshots')
    .description('List the snapshots, oldest first.')
    .argument('[snapshots...]', 'only these: IDs, the beginnings of IDs, or latest')
  addFilterOptions(command, 'only those')
    .option('--latest <n>', 'only the last n of each host and paths', parseCount)
    .option('-g, --group-by <what>', 'in groups of the same host, paths, tags (several with commas)', collect)
    .option('-c, --compact', 'without paths, tags below each other')
    .action((names: string[], options: Options) => run(shell, command, names, options))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo snapshots'],
      ['holdfast snapshots --host vm --tag nightly --latest 3'],
      ["holdfast snapshots --json | jq -r '.[].id'"],
    ],
    exits: [[26, 'a snapshot that was named is not there']],
  })
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, names: string[], options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  const groupBy = parseAspects(options.groupBy ?? [])
  await withRepository(shell, settings, async repo => {
    let snapshots = await chooseSnapshots(repo, names, filterOf(options), shell.signal)
    if (options.latest !== undefined) snapshots = lastOfEach(snapshots, options.latest)
    if (groupBy.length === 0) {
      if (settings.json) out.json(snapshots.map(snapshotJson))
      else for (const line of listing(snapshots, options.compact === true)) out.print(line)
      return
    }
    const groups = [...Map.groupBy(snapshots, snapshot => JSON.stringify(groupKey(snapshot, groupBy)))]
    if (settings.json) {
      out.json(
        groups.map(([key, members]) => ({
          group_key: JSON.parse(key),
          snapshots: members.map(snapshotJson),
        })),
      )
      return
    }
    for (const [key, members] of groups) {
      out.print(`snapshots for (${groupTitle(JSON.parse(key))}):`)
      for (const line of listing(members, options.compact === true)) out.print(line)
    }
  })
}

function parseAspects(given: string[]): Aspect[] {
  const words = given.flatMap(text => text.split(',')).filter(word => word !== '')
  return words.map(word => {
    const aspect = aspects.find(name => name === word || `${name}s` === word || name === `${word}s`)
    if (aspect) return aspect
    throw new AppError('invalid_input', `Snapshots can't be grouped by ${word}.`, {
      hint: 'Group by host, paths, tags or several of them.',
    })
  })
}

interface GroupKey {
  hostname: string
  paths: string[] | null
  tags: string[] | null
}

const groupKey = (snapshot: SavedSnapshot, by: Aspect[]): GroupKey => ({
  hostname: by.includes('host') ? snapshot.hostname : '',
  paths: by.includes('paths') ? snapshot.paths.toSorted() : null,
  tags: by.includes('tags') && snapshot.tags.length > 0 ? snapshot.tags.toSorted() : null,
})

const groupTitle = ({ hostname, paths, tags }: GroupKey): string =>
  [
    hostname !== '' && `host [${visible(hostname)}]`,
    paths && `paths [${visible(paths.join(', '))}]`,
    tags && `tags [${visible(tags.join(', '))}]`,
  ]
    .filter(text => typeof text === 'string')
    .join(', ')

/** restic's rule: by host and paths, whatever the grouping shown. */
function lastOfEach(snapshots: SavedSnapshot[], n: number): SavedSnapshot[] {
  const groups = Map.groupBy(snapshots, snapshot => JSON.stringify(groupKey(snapshot, ['host', 'paths'])))
  const kept = new Set([...groups.values()].flatMap(members => members.slice(-n)))
  return snapshots.filter(snapshot => kept.has(snapshot))
}

function listing(snapshots: SavedSnapshot[], compact: boolean): string[] {
  if (snapshots.length === 0) return ['0 snapshots']
  const sized = snapshots.some(snapshot => snapshot.summary !== null)
  const columns: Column<SavedSnapshot>[] = [
    { title: 'ID', cell: snapshot => shortId(snapshot.id) },
    { title: 'Time', cell: snapshot => localTime(snapshotMs(snapshot)) },
    { title: 'Host', cell: snapshot => visible(snapshot.hostname) },
    {
      title: 'Tags',
      cell: ({ tags }) => (compact ? tags.map(visible) : tags.map(visible).join(',')),
    },
  ]
  if (!compact) columns.push({ title: 'Paths', cell: snapshot => snapshot.paths.map(visible) })
  if (sized) {
    columns.push({
      title: 'Size',
      cell: ({ summary }) => (summary ? bytes(summary.total_bytes_processed) : ''),
      right: true,
    })
  }
  return table(columns, snapshots, plural(snapshots.length, 'snapshot'))
}
