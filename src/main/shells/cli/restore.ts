import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { bytes, clock, count, plural, visible } from '../../../shared/wording.ts'
import {
  findSnapshot,
  type Overwrite,
  restore,
  type RestoreItem,
  type RestoreResult,
} from '../../engine/index.ts'
import { collect } from './arguments.ts'
import { addEffortOptions, startEffort, type EffortOptions } from './effort.ts'
import { addHelp } from './help.ts'
import { fraction } from './progress.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import type { Shell } from './shell.ts'
import { addFilterOptions, filterOf, type FilterOptions } from './snapshot-filter.ts'
import { describeSnapshot } from './snapshot-text.ts'
import { padEnd, padStart } from './table.ts'

interface Options extends FilterOptions, EffortOptions {
  target?: string
  include?: string[]
  iinclude?: string[]
  exclude?: string[]
  iexclude?: string[]
  overwrite: Overwrite
  delete?: boolean
  dryRun?: boolean
  verify?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('restore')
    .description(
      'Restore a snapshot, or a part of it. Every byte is checked against its hash before it reaches its place.',
    )
    .argument(
      '<snapshot>',
      'its ID or the beginning of it, or latest; :/sub/folder behind it restores only that',
    )
    .option('-t, --target <folder>', 'where to restore to; made when absent')
    .addOption(
      new Option('--overwrite <when>', 'replace files that are already there')
        .choices(['always', 'if-changed', 'if-newer', 'never'])
        .default('always'),
    )
    .option('--delete', 'remove what is in restored folders but not in the snapshot')
    .option('-n, --dry-run', 'list what would happen to each item, and write nothing')
    .option('--verify', 'afterwards read every restored file from the disk and compare it')
    .optionsGroup('Choose files:')
    .option('-i, --include <pattern>', 'only what matches (may be repeated)', collect)
    .option('--iinclude <pattern>', 'the same, upper and lower case alike (may be repeated)', collect)
    .option('-e, --exclude <pattern>', 'not what matches (may be repeated)', collect)
    .option('--iexclude <pattern>', 'the same, upper and lower case alike (may be repeated)', collect)
    .optionsGroup('Choose the latest snapshot among those:')
  addFilterOptions(command, '')
    .optionsGroup('Options:')
    .action((name: string, options: Options) => run(shell, command, name, options))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo restore latest --target /tmp/restored'],
      ['holdfast restore latest:/home/anna/Documents --target ~/Documents.old', 'one folder'],
      ["holdfast restore 1df6e8f2 -t / --include '/etc/**' --dry-run", 'what would be written?'],
    ],
    exits: [
      [1, 'some items could not be restored; each was named'],
      [26, 'no such snapshot'],
      [28, 'the target would do harm, such as the repository itself'],
    ],
  })
  return addSharedOptions(addEffortOptions(command))
}

async function run(shell: Shell, command: Command, name: string, options: Options): Promise<void> {
  const effort = await startEffort(shell, options)
  const settings = { ...settingsOf(shell, command), ...effort }
  const { out } = shell
  if (options.target === undefined || options.target === '') {
    throw new AppError('invalid_input', 'It was not said where to restore to.', {
      hint: 'Name a folder with --target.',
    })
  }
  const target = resolve(options.target)
  const dryRun = options.dryRun === true
  const tally = { restored: 0, skipped: 0, deleted: 0, skippedBytes: 0 }

  await withRepository(shell, settings, async repo => {
    const { snapshot, subpath } = await findSnapshot(repo, name, filterOf(options), shell.signal)
    if (!settings.json && !settings.quiet) {
      const part = subpath === '' ? '' : `${visible(subpath)} of `
      out.say(
        `${dryRun ? 'would restore' : 'restoring'} ${part}${describeSnapshot(snapshot)} to ${visible(target)}`,
      )
    }
    const terminal = startRun(shell, settings, {
      during: 'restore',
      status: (at, seconds) => ({
        seconds_elapsed: seconds.elapsed,
        ...(seconds.remaining !== null && { seconds_remaining: seconds.remaining }),
        percent_done: fraction(at) ?? 0,
        ...(at.totalFiles !== null && { total_files: at.totalFiles }),
        files_restored: at.doneFiles,
        files_skipped: tally.skipped,
        files_deleted: tally.deleted,
        ...(at.totalBytes !== null && { total_bytes: at.totalBytes }),
        bytes_restored: at.doneBytes,
        bytes_skipped: tally.skippedBytes,
      }),
    })
    const listed = dryRun || settings.verbose >= 2
    const onItem = (item: RestoreItem) => {
      if (item.action === 'skip' || item.action === 'unchanged') {
        tally.skipped += 1
        tally.skippedBytes += item.sizeBytes
      }
      if (item.action === 'delete') tally.deleted += 1
      if (!listed) return
      if (settings.json) out.json(itemJson(item))
      else out.print(itemLine(item))
    }
    let result: RestoreResult
    try {
      result = await restore(
        repo,
        {
          ...effort,
          snapshot,
          subpath,
          target,
          includes: options.include ?? [],
          iincludes: options.iinclude ?? [],
          excludes: options.exclude ?? [],
          iexcludes: options.iexclude ?? [],
          overwrite: options.overwrite,
          delete: options.delete === true,
          dryRun,
          verify: options.verify === true,
          lock: settings.lock,
          onItem,
        },
        terminal,
      )
    } finally {
      terminal.end()
    }
    if (settings.json) out.json(summaryJson(result, dryRun, tally.skippedBytes))
    else if (!settings.quiet) for (const line of summaryLines(result, dryRun)) out.print(line)
    if (result.failed > 0) {
      out.say(`${plural(result.failed, 'item')} could not be restored.`)
      shell.exit(1)
    }
  })
}

function summaryLines(result: RestoreResult, dryRun: boolean): string[] {
  const also = [
    result.filesUnchanged > 0 && `${count(result.filesUnchanged)} unchanged`,
    result.filesSkipped > 0 && `${count(result.filesSkipped)} skipped`,
    result.filesDeleted > 0 && `${count(result.filesDeleted)} deleted`,
  ].filter(text => text !== false)
  const restored = `${plural(result.filesRestored, 'file')} (${bytes(result.bytesRestored)})`
  const rest = also.length > 0 ? `; ${also.join(', ')}` : ''
  if (dryRun) return [`would restore ${restored}${rest}; nothing was written`]
  return [
    `restored ${restored} in ${clock(result.durationMs)}${rest}`,
    ...(result.filesVerified > 0
      ? [`verified ${plural(result.filesVerified, 'file')}: read from the disk again and equal`]
      : []),
  ]
}

const itemLine = ({ action, type, path, sizeBytes }: RestoreItem): string =>
  `${padEnd(action, 9)}  ${padEnd(type, 7)}  ${padStart(type === 'file' ? bytes(sizeBytes) : '', 11)}  ${visible(path)}`

/** restic's words for the actions it has. */
const resticActions = {
  create: 'restored',
  overwrite: 'updated',
  unchanged: 'unchanged',
  delete: 'deleted',
  skip: 'skipped',
  metadata: 'metadata',
  'keep-both': 'restored',
} as const

const itemJson = ({ action, path, sizeBytes }: RestoreItem): object => ({
  message_type: 'verbose_status',
  action: resticActions[action],
  item: path,
  size: sizeBytes,
})

const summaryJson = (result: RestoreResult, dryRun: boolean, skippedBytes: number): object => ({
  message_type: 'summary',
  ...(dryRun && { dry_run: true }),
  seconds_elapsed: Math.floor(result.durationMs / 1000),
  total_files: result.totalFiles,
  files_restored: result.filesRestored,
  files_skipped: result.filesSkipped + result.filesUnchanged,
  files_deleted: result.filesDeleted,
  files_verified: result.filesVerified,
  total_bytes: result.totalBytes,
  bytes_restored: result.bytesRestored,
  bytes_skipped: skippedBytes,
  error_count: result.failed,
})
