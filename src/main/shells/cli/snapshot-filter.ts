import { resolve } from 'node:path'
import type { Command } from 'commander'
import {
  findSnapshot,
  listSnapshots,
  type Repository,
  type SavedSnapshot,
  type SnapshotFilter,
} from '../../engine/index.ts'
import { collect, splitTags } from './arguments.ts'

export interface FilterOptions {
  host?: string[]
  tag?: string[]
  path?: string[]
}

/** `--host`, `--tag` and `--path`, which choose among snapshots. */
export function addFilterOptions(command: Command, when: string): Command {
  return command
    .option('-H, --host <name>', `${when} made on this host (may be repeated)`, collect)
    .option('--tag <tags>', `${when} that have all of these tags, a,b (repeated: any of the sets)`, collect)
    .option('--path <path>', `${when} of this path (repeated: of all of them)`, collect)
}

export function filterOf(options: FilterOptions): SnapshotFilter {
  return {
    hosts: options.host ?? [],
    tags: (options.tag ?? []).map(splitTags),
    paths: (options.path ?? []).map(path => resolve(path)),
  }
}

/** The snapshots that were named, or, when none was, all that match the filter; oldest first. */
export async function chooseSnapshots(
  repo: Repository,
  names: string[],
  filter: SnapshotFilter,
  signal: AbortSignal,
): Promise<SavedSnapshot[]> {
  if (names.length === 0) return listSnapshots(repo, filter, signal)
  const chosen = new Map<string, SavedSnapshot>()
  for (const name of names) {
    const { snapshot } = await findSnapshot(repo, name, filter, signal)
    chosen.set(snapshot.id, snapshot)
  }
  return [...chosen.values()]
}
