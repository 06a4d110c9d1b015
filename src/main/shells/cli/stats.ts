import { Command, Option } from 'commander'
import { bytes, count } from '../../../shared/wording.ts'
import { type Stats, stats, type StatsMode } from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import type { Shell } from './shell.ts'
import { addFilterOptions, chooseSnapshots, filterOf, type FilterOptions } from './snapshot-filter.ts'

interface Options extends FilterOptions {
  mode: StatsMode
}

export function build(shell: Shell): Command {
  const command = new Command('stats')
    .description('Count files and bytes of snapshots, or of the repository.')
    .argument('[snapshots...]', 'only these: IDs, the beginnings of IDs, or latest (default: all)')
    .addOption(
      new Option('--mode <mode>', 'what to count')
        .choices(['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'])
        .default('restore-size'),
    )
  addFilterOptions(command, 'only those').action((names: string[], options: Options) =>
    run(shell, command, names, options),
  )
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo stats latest', 'how large is a restore?'],
      ['holdfast stats --mode raw-data', 'how much do all snapshots take in the repository?'],
    ],
    exits: [[26, 'a snapshot that was named is not there']],
  })
  command.addHelpText(
    'after',
    `
Modes:
  restore-size       files as they would be restored, each time they occur
  files-by-contents  files, those of equal content counted once
  blobs-per-file     pieces of files, each counted once per file
  raw-data           pieces as they are stored, each counted once`,
  )
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, names: string[], options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withRepository(shell, settings, async repo => {
    const snapshots = await chooseSnapshots(repo, names, filterOf(options), shell.signal)
    const terminal = startRun(shell, settings, { during: 'check' })
    let result: Stats
    try {
      result = await stats(repo, snapshots, options.mode, terminal)
    } finally {
      terminal.end()
    }
    if (settings.json) out.json(statsJson(result))
    else for (const line of statsLines(result, options.mode)) out.print(line)
  })
}

function statsLines(result: Stats, mode: StatsMode): string[] {
  const { totalUncompressedBytes: plain, compressionRatio: ratio } = result
  const figures: [name: string, value: string][] = [['Snapshots processed', count(result.snapshots)]]
  if (result.totalBlobs > 0) figures.push(['Total Blob Count', count(result.totalBlobs)])
  if (mode !== 'raw-data') figures.push(['Total File Count', count(result.totalFiles)])
  if (plain !== null) figures.push(['Uncompressed Size', bytes(plain)])
  figures.push(['Total Size', bytes(result.totalSizeBytes)])
  if (ratio !== null) figures.push(['Compression Ratio', `${ratio.toFixed(2)}x`])
  return [`Stats in ${mode} mode:`, ...figures.map(([name, value]) => `${name.padStart(19)}:   ${value}`)]
}

const statsJson = (result: Stats): object => ({
  total_size: result.totalSizeBytes,
  total_file_count: result.totalFiles,
  ...(result.totalBlobs > 0 && { total_blob_count: result.totalBlobs }),
  ...(result.totalUncompressedBytes !== null && { total_uncompressed_size: result.totalUncompressedBytes }),
  ...(result.compressionRatio !== null && {
    compression_ratio: result.compressionRatio,
    compression_space_saving: result.compressionRatio > 0 ? (1 - 1 / result.compressionRatio) * 100 : 0,
  }),
  snapshots_count: result.snapshots,
})
