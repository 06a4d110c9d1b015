import { Command } from 'commander'
import type { FoundPath } from '../../../shared/entities/destination.ts'
import { count, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { moment } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { parseCount } from './arguments.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

interface Options {
  destination?: string
  limit: number
}

export function build(shell: Shell): Command {
  const command = new Command('search')
    .description('Search names in all snapshots that were read, at once. * and ? stand for anything.')
    .argument('<query>', 'a part of a name, or a pattern')
    .option('--destination <name>', 'only there')
    .option('-n, --limit <n>', 'so many at most', parseCount, 50)
    .action((query: string, options: Options) => run(shell, command, query, options))
  addHelp(command, {
    examples: [['holdfast search invoice'], ["holdfast search '*.pdf' --destination NAS"]],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, query: string, options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const destinations = await client.call('destination.list', undefined)
    const only =
      options.destination === undefined ? null : findNamed('destination', destinations, options.destination)
    const result = await client.call('snapshot.search', {
      query,
      limit: Math.min(options.limit, 1000),
      ...(only !== null && { destinationId: only.id }),
    })
    if (settings.json) return out.json(result)
    const searched = plural(result.snapshotsSearched, 'snapshot')
    if (result.found.length === 0) {
      out.print(`No name like "${visible(query)}" in ${searched}.`)
      if (result.snapshotsSearched === 0)
        out.print('Has a plan run yet? `holdfast destination refresh` reads what is there.')
      else if (!/[*?]/.test(query)) out.print(`Try a shorter part of it, or a pattern such as '*.pdf'.`)
      return
    }
    const { nowMs } = await client.call('app.info', undefined)
    const lines = table<FoundPath>(
      [
        { title: 'Path', cell: ({ path }) => visible(path) },
        {
          title: 'Size',
          cell: ({ type, sizeBytes }) => (type === 'file' ? shortBytes(sizeBytes) : type),
          right: true,
        },
        { title: 'Modified', cell: ({ modifiedAtMs }) => moment(modifiedAtMs, nowMs, settings.verbose) },
        { title: 'Versions', cell: ({ versions }) => count(versions), right: true },
        {
          title: 'Last seen',
          cell: ({ lastSeenMs, deleted }) =>
            `${moment(lastSeenMs, nowMs, settings.verbose)}${deleted ? ', deleted since' : ''}`,
        },
        { title: 'In snapshot', cell: ({ newestSnapshotId }) => newestSnapshotId.slice(0, 8) },
        ...(destinations.length > 1
          ? [
              {
                title: 'Destination',
                cell: (found: FoundPath) =>
                  visible(destinations.find(({ id }) => id === found.destinationId)?.name ?? '?'),
              },
            ]
          : []),
      ],
      result.found,
      `${plural(result.found.length, 'path')} in ${searched}${result.more ? ', and more: --limit shows them' : ''}`,
    )
    for (const line of lines) out.print(line)
  })
}
