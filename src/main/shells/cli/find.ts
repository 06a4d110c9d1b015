import { Command } from 'commander'
import { localTime } from '../../../shared/wording.ts'
import { find, shortId } from '../../engine/index.ts'
import { collect, parseMoment } from './arguments.ts'
import { addHelp } from './help.ts'
import { findJson, nodeLine } from './node-text.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { addFilterOptions, chooseSnapshots, filterOf, type FilterOptions } from './snapshot-filter.ts'
import { snapshotMs } from './snapshot-text.ts'

interface Options extends FilterOptions {
  ignoreCase?: boolean
  oldest?: bigint
  newest?: bigint
  snapshot?: string[]
  long?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('find')
    .description('Find files and folders by name in all snapshots, or in some.')
    .argument('<patterns...>', 'a name, *.jpg, or with a slash a path: /home/*/notes')
    .option('-i, --ignore-case', 'upper and lower case alike')
    .option(
      '-O, --oldest <time>',
      'modified at this time or later: 2026-11-21, "2026-11-21 03:53:54"',
      parseMoment,
    )
    .option('-N, --newest <time>', 'modified at this time or earlier', parseMoment)
    .option('-l, --long', 'with permissions, owner, size and time')
    .optionsGroup('Choose snapshots:')
    .option('-s, --snapshot <id>', 'only in this one (may be repeated)', collect)
  addFilterOptions(command, 'only in those')
    .optionsGroup('Options:')
    .action((patterns: string[], options: Options) => run(shell, command, patterns, options))
  addHelp(command, {
    examples: [
      ["holdfast -r /mnt/backup/repo find 'letter*.odt'"],
      ["holdfast find -l -i '*.jpg' --oldest 2026-01-01", 'pictures of this year'],
      ["holdfast find --snapshot latest '/etc/*.conf'"],
    ],
    exits: [[26, 'a snapshot that was named is not there']],
  })
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, patterns: string[], options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out, signal } = shell
  await withRepository(shell, settings, async repo => {
    const snapshots = await chooseSnapshots(repo, options.snapshot ?? [], filterOf(options), signal)
    const wanted = {
      patterns,
      ignoreCase: options.ignoreCase === true,
      oldestNs: options.oldest ?? null,
      newestNs: options.newest ?? null,
    }
    await repo.loadIndex({ signal })
    const documents: object[] = []
    let first = true
    for await (const { snapshot, matches } of find(repo, snapshots, wanted, signal)) {
      if (matches.length === 0) continue
      if (settings.json) {
        documents.push({ matches: matches.map(findJson), hits: matches.length, snapshot: snapshot.id })
        continue
      }
      if (!first) out.print('')
      first = false
      out.print(
        `Found matching entries in snapshot ${shortId(snapshot.id)} from ${localTime(snapshotMs(snapshot))}`,
      )
      for (const match of matches) {
        out.printRaw(nodeLine(match, options.long === true))
        if (!(await out.ready())) return
      }
    }
    if (settings.json) out.json(documents)
    else if (first && !settings.quiet) out.say('nothing found')
  })
}
