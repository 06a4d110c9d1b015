import { glob, readFile, stat } from 'node:fs/promises'
import { Command, Option } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { bytes, clock, count, plural } from '../../../shared/wording.ts'
import { backup, type BackupResult, type Compression, shortId } from '../../engine/index.ts'
import { collect, parseSize, splitTags } from './arguments.ts'
import { addEffortOptions, startEffort, type EffortOptions } from './effort.ts'
import { addHelp } from './help.ts'
import { fraction } from './progress.ts'
import { withOpening } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import { type Shell, whoAmI } from './shell.ts'

interface Options extends EffortOptions {
  tag?: string[]
  host?: string
  parent?: string
  full?: boolean
  force?: boolean
  dryRun?: boolean
  skipIfUnchanged?: boolean
  filesFrom?: string[]
  exclude?: string[]
  iexclude?: string[]
  excludeFile?: string[]
  excludeCaches?: boolean
  excludeIfPresent?: string[]
  excludeLargerThan?: number
  oneFileSystem?: boolean
  compression: Compression | 'auto'
}

export function build(shell: Shell): Command {
  const command = new Command('backup')
    .description(
      'Store a snapshot of files and folders. What is already in the repository is not stored again.',
    )
    .argument('[paths...]', 'files and folders')
    .option('--tag <tags>', 'tags for the snapshot, a,b (may be repeated)', collect)
    .option('-H, --host <name>', "host name for the snapshot (default: this machine's)")
    .option(
      '--parent <snapshot>',
      'compare with this snapshot (default: the newest of the same host and paths)',
    )
    .option('--full', 'read every file again, whatever the parent says')
    .addOption(new Option('-f, --force', 'the same as --full'))
    .option('-n, --dry-run', 'say what would be stored, with sizes, and write nothing')
    .option('--skip-if-unchanged', 'make no snapshot when nothing differs from the parent')
    .option(
      '--files-from <file>',
      'read paths or patterns from a file, one a line (may be repeated)',
      collect,
    )
    .addOption(
      new Option('--compression <mode>', 'how hard to compress')
        .choices(['off', 'fast', 'default', 'max', 'auto'])
        .default('default'),
    )
    .optionsGroup('Leave out:')
    .option('-e, --exclude <pattern>', 'what matches (may be repeated)', collect)
    .option('--iexclude <pattern>', 'the same, upper and lower case alike (may be repeated)', collect)
    .option(
      '--exclude-file <file>',
      'what matches a pattern in this file, one a line (may be repeated)',
      collect,
    )
    .option('--exclude-caches', 'the contents of folders marked with a CACHEDIR.TAG')
    .option(
      '--exclude-if-present <name[:header]>',
      'the contents of folders that hold such a file (may be repeated)',
      collect,
    )
    .option('--exclude-larger-than <size>', 'larger files: 500k, 10m, 2g', parseSize)
    .option('-x, --one-file-system', 'other file systems mounted below')
    .optionsGroup('Options:')
    .action((paths: string[], options: Options) => run(shell, command, paths, options))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo backup ~/Documents ~/Pictures'],
      ["holdfast backup / --one-file-system --exclude '/var/cache/*' --tag nightly", 'a whole machine'],
      ['holdfast backup --dry-run ~/Documents', 'what would be stored?'],
    ],
    exits: [
      [3, 'done, but some files could not be read; the snapshot holds all the others'],
      [27, 'a path does not exist; no snapshot was made'],
    ],
  })
  return addSharedOptions(addEffortOptions(command))
}

async function run(shell: Shell, command: Command, named: string[], options: Options): Promise<void> {
  const effort = await startEffort(shell, options)
  const settings = { ...settingsOf(shell, command), ...effort }
  const { out } = shell
  const paths = [...named]
  for (const file of options.filesFrom ?? []) paths.push(...(await pathsFrom(file)))
  if (paths.length === 0) {
    throw new AppError('invalid_input', 'There is nothing to back up.', {
      hint: 'Name the files and folders to back up: holdfast backup PATH…',
    })
  }
  const excludeFiles = await Promise.all(
    (options.excludeFile ?? []).map(async name => ({ name, text: await readText(name, 'exclude file') })),
  )
  const dryRun = options.dryRun === true

  await withOpening(shell, settings, async opening => {
    const terminal = startRun(shell, settings, {
      during: 'archival',
      status: (at, seconds) => ({
        seconds_elapsed: seconds.elapsed,
        ...(seconds.remaining !== null && { seconds_remaining: seconds.remaining }),
        percent_done: fraction(at) ?? 0,
        ...(at.totalFiles !== null && { total_files: at.totalFiles }),
        files_done: at.doneFiles,
        ...(at.totalBytes !== null && { total_bytes: at.totalBytes }),
        bytes_done: at.doneBytes,
        error_count: at.errors,
        ...(at.path !== '' && { current_files: [at.path] }),
      }),
    })
    const startedAt = new Date(terminal.now())
    const me = whoAmI()
    let result: BackupResult
    try {
      result = await backup(
        opening,
        {
          ...effort,
          paths,
          rules: {
            excludes: options.exclude ?? [],
            iexcludes: options.iexclude ?? [],
            excludeFiles,
            excludeCaches: options.excludeCaches === true,
            excludeIfPresent: options.excludeIfPresent ?? [],
            excludeLargerThanBytes: options.excludeLargerThan ?? null,
            oneFileSystem: options.oneFileSystem === true,
          },
          tags: (options.tag ?? []).flatMap(splitTags).filter(tag => tag !== ''),
          hostname: options.host ?? me.hostname,
          username: me.username,
          full: options.full === true || options.force === true,
          parent: options.parent ?? null,
          compression: options.compression === 'auto' ? 'default' : options.compression,
          dryRun,
          skipIfUnchanged: options.skipIfUnchanged === true,
          lock: settings.lock,
          // only for percentages; nobody sees them in a pipe
          scan: !settings.quiet && (settings.json || out.statusColumns() !== null),
        },
        terminal,
      )
    } finally {
      terminal.end()
    }
    if (settings.json) out.json(summaryJson(result, dryRun, startedAt, new Date(terminal.now())))
    else if (!settings.quiet || dryRun) for (const line of summaryLines(result, dryRun)) out.print(line)
    if (result.unreadable > 0) {
      const items = plural(result.unreadable, 'item')
      out.say(`${items} could not be read and ${result.unreadable === 1 ? 'is' : 'are'} not in the snapshot.`)
      shell.exit(3)
    }
  })
}

function summaryLines(result: BackupResult, dryRun: boolean): string[] {
  const { parent, snapshot, dataAdded, dataAddedPacked } = result
  const figures = (fresh: number, changed: number, same: number) =>
    `${count(fresh).padStart(7)} new, ${count(changed).padStart(7)} changed, ${count(same).padStart(7)} unmodified`
  return [
    parent === null
      ? 'no parent snapshot found, all files were read'
      : `using parent snapshot ${shortId(parent)}`,
    '',
    `Files:  ${figures(result.filesNew, result.filesChanged, result.filesUnmodified)}`,
    `Dirs:   ${figures(result.dirsNew, result.dirsChanged, result.dirsUnmodified)}`,
    `${dryRun ? 'Would add' : 'Added'} to the repository: ${bytes(dataAdded)} (${bytes(dataAddedPacked)} stored)`,
    '',
    `processed ${plural(result.totalFilesProcessed, 'file')}, ${bytes(result.totalBytesProcessed)} in ${clock(result.durationMs)}`,
    snapshot !== null
      ? `snapshot ${shortId(snapshot.id)} saved`
      : dryRun
        ? 'dry run: nothing was written'
        : 'nothing changed: no snapshot was made',
  ]
}

function summaryJson(result: BackupResult, dryRun: boolean, startedAt: Date, endedAt: Date): object {
  return {
    message_type: 'summary',
    ...(dryRun && { dry_run: true }),
    files_new: result.filesNew,
    files_changed: result.filesChanged,
    files_unmodified: result.filesUnmodified,
    dirs_new: result.dirsNew,
    dirs_changed: result.dirsChanged,
    dirs_unmodified: result.dirsUnmodified,
    data_blobs: result.dataBlobs,
    tree_blobs: result.treeBlobs,
    data_added: result.dataAdded,
    data_added_packed: result.dataAddedPacked,
    total_files_processed: result.totalFilesProcessed,
    total_bytes_processed: result.totalBytesProcessed,
    backup_start: startedAt.toISOString(),
    backup_end: endedAt.toISOString(),
    total_duration: result.durationMs / 1000,
    ...(result.snapshot !== null && { snapshot_id: result.snapshot.id }),
  }
}

/** Lines of a file; empty ones and `#` comments are skipped. What holds `*`, `?` or `[` stands for what matches. */
async function pathsFrom(file: string): Promise<string[]> {
  const found: string[] = []
  for (const line of (await readText(file, 'list of files')).split(/\r?\n/)) {
    const path = line.trim()
    if (path === '' || path.startsWith('#')) continue
    const literal = !/[*?[]/.test(path) || (await stat(path).catch(() => null)) !== null
    const matches = literal ? [path] : await globbed(path)
    // what matches nothing stays as it is, and is then reported as missing: never left out in silence
    found.push(...(matches.length > 0 ? matches.sort() : [path]))
  }
  return found
}

async function readText(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('invalid_input', `The ${what} can't be read: ${(error as Error).message}`, {
      hint: 'Check the path.',
      cause: error,
    })
  }
}

async function globbed(pattern: string): Promise<string[]> {
  const matches: string[] = []
  for await (const match of glob(pattern)) matches.push(match)
  return matches
}
