import { Command } from 'commander'
import { bytes } from '../../../shared/wording.ts'
import {
  anySnapshot,
  diff,
  type DiffEntry,
  type DiffStats,
  findSnapshot,
  shortId,
  textFromRaw,
} from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function build(shell: Shell): Command {
  const command = new Command('diff')
    .description(
      'Show what differs from one snapshot to another: + added, - removed, M content changed, T type changed, U metadata changed.',
    )
    .argument('<from>', 'a snapshot, perhaps with :/sub/folder')
    .argument('<to>', 'another')
    .option('--metadata', 'also what differs only in times, permissions or owner (U)')
    .action((from: string, to: string, options: { metadata?: boolean }) =>
      run(shell, command, from, to, options.metadata === true),
    )
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo diff 0b9b90ac latest'],
      ['holdfast diff --metadata 0b9b90ac:/etc latest:/etc', 'one folder, with permissions and times'],
    ],
    exits: [[26, 'no such snapshot']],
  })
  return addSharedOptions(command)
}

async function run(
  shell: Shell,
  command: Command,
  fromName: string,
  toName: string,
  metadata: boolean,
): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out, signal } = shell
  await withRepository(shell, settings, async repo => {
    const from = await findSnapshot(repo, fromName, anySnapshot, signal)
    const to = await findSnapshot(repo, toName, anySnapshot, signal)
    if (!settings.json && !settings.quiet) {
      out.print(`comparing snapshot ${shortId(from.snapshot.id)} to ${shortId(to.snapshot.id)}:`)
      out.print('')
    }
    const onEntry = ({ change, path }: DiffEntry) => {
      if (settings.json) out.json({ message_type: 'change', path: textFromRaw(path), modifier: change })
      else out.printRaw(`${change.padEnd(5)}${path}`)
    }
    const stats = await diff(repo, from, to, { metadata, onEntry }, signal)
    if (settings.json) out.json(statsJson(stats, from.snapshot.id, to.snapshot.id))
    else if (!settings.quiet) for (const line of statsLines(stats)) out.print(line)
  })
}

/** Exactly as restic prints it. */
function statsLines({ changedFiles, added, removed }: DiffStats): string[] {
  const figures = (a: number, b: number) => `${String(a).padStart(5)} new, ${String(b).padStart(5)} removed`
  return [
    '',
    `Files:       ${figures(added.files, removed.files)}, ${String(changedFiles).padStart(5)} changed`,
    `Dirs:        ${figures(added.dirs, removed.dirs)}`,
    `Others:      ${figures(added.others, removed.others)}`,
    `Data Blobs:  ${figures(added.dataBlobs, removed.dataBlobs)}`,
    `Tree Blobs:  ${figures(added.treeBlobs, removed.treeBlobs)}`,
    `  Added:   ${bytes(added.bytes)}`,
    `  Removed: ${bytes(removed.bytes)}`,
  ]
}

function statsJson({ changedFiles, added, removed }: DiffStats, source: string, target: string): object {
  const side = (of: DiffStats['added']) => ({
    files: of.files,
    dirs: of.dirs,
    others: of.others,
    data_blobs: of.dataBlobs,
    tree_blobs: of.treeBlobs,
    bytes: of.bytes,
  })
  return {
    message_type: 'statistics',
    source_snapshot: source,
    target_snapshot: target,
    changed_files: changedFiles,
    added: side(added),
    removed: side(removed),
  }
}
