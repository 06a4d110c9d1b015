import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import type { Repository } from '../../src/main/engine/repository.ts'
import {
  restore,
  type RestoreItem,
  type RestoreOptions,
  type RestoreResult,
} from '../../src/main/engine/restore.ts'
import { testRun, type TestRun } from './run.ts'

/** What a plain `holdfast restore SNAPSHOT --target DIR` asks for. */
export const plainRestore = (
  snapshot: SavedSnapshot,
  target: string,
  more: Partial<RestoreOptions> = {},
): RestoreOptions => ({
  snapshot,
  subpath: '',
  target,
  includes: [],
  iincludes: [],
  excludes: [],
  iexcludes: [],
  overwrite: 'always',
  delete: false,
  dryRun: false,
  verify: false,
  lock: false,
  threads: 0,
  ...more,
})

export interface Restored {
  result: RestoreResult
  /** `action path`, sorted: folders' attributes come late, so the order is no promise. */
  items: string[]
  run: TestRun
}

/** Restores and remembers all that was said. */
export async function restoreInto(
  repo: Repository,
  snapshot: SavedSnapshot,
  target: string,
  more: Partial<RestoreOptions> = {},
  run: TestRun = testRun(),
  tools?: Parameters<typeof restore>[3],
): Promise<Restored> {
  const items: string[] = []
  const onItem = ({ action, path }: RestoreItem) => void items.push(`${action} ${path}`)
  const result = await restore(repo, plainRestore(snapshot, target, { onItem, ...more }), run, tools)
  return { result, items: items.sort(), run }
}

/** Makes files with their content, and folders (names that end with a slash), below `root`. */
export function makeFiles(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(path, content)
  }
}
