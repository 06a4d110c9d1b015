/** The engine's only door: a restic repository and a file tree, and what can be done with them. */
export type { Backend, FileKind } from './backend/backend.ts'
export { openBackend } from './backend/location.ts'
export { backup, type BackupOptions, type BackupResult } from './backup.ts'
export { cat, type CatKind } from './cat.ts'
export { check, type CheckOptions, type CheckProblem, type CheckResult, type ReadData } from './check.ts'
export { diff, type DiffEntry, type DiffStats } from './diff.ts'
export { checkRules, noRules, type ExcludeRules } from './files/exclude.ts'
export { find, type FindOptions } from './find.ts'
export type { ScryptCost as KeyCost } from './format/key.ts'
export { shortId, type Id } from './format/id.ts'
export { textFromRaw, type Raw } from './format/raw.ts'
export type { SavedSnapshot, Snapshot } from './format/snapshot.ts'
export { parseTime } from './format/time.ts'
export type { TreeNode } from './format/tree.ts'
export type { Compression } from './format/zstd.ts'
export { addKey, changePassword, listKeys, removeKey, type KeyInfo } from './keys.ts'
export { unlock } from './locks.ts'
export { ls, type ListedNode } from './ls.ts'
export {
  initRepository,
  openRepository,
  type NewRepository,
  type Opening,
  type OpenOptions,
  type Repository,
} from './repository.ts'
export {
  restore,
  type Overwrite,
  type RestoreItem,
  type RestoreOptions,
  type RestoreResult,
} from './restore.ts'
export type { ChosenItems } from './restoring/arrange.ts'
export { measure, type Measured } from './measure.ts'
export type { Progress, Run, Warning } from './run.ts'
export { anySnapshot, findSnapshot, listSnapshots, type SnapshotFilter } from './snapshots.ts'
export { stats, type Stats, type StatsMode } from './stats.ts'
export { threadsFor } from './threads.ts'
export { programVersion } from './version.ts'
