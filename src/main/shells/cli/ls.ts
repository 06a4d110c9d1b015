import { Command } from 'commander'
import { findSnapshot, ls } from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { lsJson, nodeLine } from './node-text.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { addFilterOptions, filterOf, type FilterOptions } from './snapshot-filter.ts'
import { describeSnapshot, snapshotJson } from './snapshot-text.ts'

interface Options extends FilterOptions {
  long?: boolean
  recursive?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('ls')
    .description('List what is in a snapshot.')
    .argument(
      '<snapshot>',
      'its ID or the beginning of it, or latest; :/sub/folder behind it lists only that',
    )
    .argument('[folders...]', 'only these folders of the snapshot, each with its own entries')
    .option('-l, --long', 'with permissions, owner, size and time')
    .option('--recursive', 'with everything below the folders')
    .optionsGroup('Choose the latest snapshot among those:')
  addFilterOptions(command, '')
    .optionsGroup('Options:')
    .action((name: string, folders: string[], options: Options) =>
      run(shell, command, name, folders, options),
    )
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo ls latest'],
      ['holdfast ls -l latest /etc', 'one folder'],
      ['holdfast ls 1df6e8f2 --recursive /home/anna'],
    ],
    exits: [
      [26, 'no such snapshot'],
      [29, 'no such folder in it'],
    ],
  })
  return addSharedOptions(command)
}

async function run(
  shell: Shell,
  command: Command,
  name: string,
  folders: string[],
  options: Options,
): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out, signal } = shell
  await withRepository(shell, settings, async repo => {
    const { snapshot, subpath } = await findSnapshot(repo, name, filterOf(options), signal)
    if (settings.json) {
      out.json({ ...snapshotJson(snapshot), message_type: 'snapshot', struct_type: 'snapshot' })
    } else if (!settings.quiet) out.print(`${describeSnapshot(snapshot)}:`)
    const base = subpath.replace(/\/+$/, '')
    const below = folders.map(folder => `${base}/${folder.replace(/^\/+/, '')}`)
    if (below.length === 0 && base !== '') below.push(base)
    const recursive = options.recursive === true || folders.length === 0
    await repo.loadIndex({ signal })
    for await (const listed of ls(repo, snapshot, { folders: below, recursive }, signal)) {
      if (settings.json) out.json(lsJson(listed))
      else out.printRaw(nodeLine(listed, options.long === true))
      if (!(await out.ready())) return
    }
  })
}
