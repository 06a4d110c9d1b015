import { z } from 'zod'

/** What is in snapshots, merged over time; and what is on this machine, to choose from. */

const NodeType = z.enum(['file', 'dir', 'symlink', 'other'])

/** A name in a folder, over all the snapshots that are looked at. */
export const FolderRow = z.object({
  name: z.string(),
  type: NodeType,
  /** Of the version shown: the chosen snapshot's, or the newest; null for a folder. */
  sizeBytes: z.number().nullable(),
  modifiedAtMs: z.number(),
  /** Different contents it has had; 0 for a folder. */
  versions: z.int(),
  /** It is not in the chosen snapshot (or, over all time, not in the newest one). */
  deleted: z.boolean(),
  /** Of the newest snapshot that has it. */
  lastSeenMs: z.number(),
  /** From which it is restored: the chosen one if that has it, else the newest that does. */
  snapshotId: z.string(),
})
export type FolderRow = z.output<typeof FolderRow>

/** One content that a file has had. */
export const FileVersion = z.object({
  sizeBytes: z.number(),
  modifiedAtMs: z.number(),
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  snapshots: z.int(),
  newestSnapshotId: z.string(),
})
export type FileVersion = z.output<typeof FileVersion>

export const Preview = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string(), truncated: z.boolean() }),
  z.object({ kind: z.literal('image'), mime: z.string(), base64: z.string() }),
  /** `why` in words: too large, no kind that can be shown. */
  z.object({ kind: z.literal('none'), why: z.string() }),
])
export type Preview = z.output<typeof Preview>

export const Comparison = z.object({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed', 'metadata', 'type']),
  type: NodeType,
  beforeBytes: z.number().nullable(),
  afterBytes: z.number().nullable(),
})
export type Comparison = z.output<typeof Comparison>

/** A folder or file of this machine, as something to protect. */
export const LocalEntry = z.object({
  path: z.string(),
  name: z.string(),
  type: NodeType,
  sizeBytes: z.number().nullable(),
  readable: z.boolean(),
})
export type LocalEntry = z.output<typeof LocalEntry>

/** What a place on this machine is like, as a destination. */
export const PlaceReport = z.object({
  path: z.string(),
  state: z.enum(['missing', 'empty', 'in-use', 'repository', 'no-folder', 'refused']),
  /** In words: what it means, and what to do where something is wrong. */
  message: z.string(),
  writable: z.boolean(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
  /** It is on the same drive as the system: it would be lost with it. */
  sameDriveAsSystem: z.boolean(),
  /** Keys and snapshots that the repository there has. */
  repository: z.object({ keys: z.int(), snapshots: z.int() }).nullable(),
})
export type PlaceReport = z.output<typeof PlaceReport>

export const conflictModes = ['keep-both', 'overwrite', 'if-newer', 'skip', 'mirror'] as const

export const RestoreRequest = z.strictObject({
  destinationId: z.uuid(),
  snapshotId: z.string().min(4).max(64),
  /** Absolute inside the snapshot; `/` for all. */
  paths: z.array(z.string().min(1).max(8192)).min(1).max(10_000),
  target: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('original') }),
    z.strictObject({
      kind: z.literal('folder'),
      path: z.string().min(1).max(4096),
      /** Keep the folders above each item; else each item lands in the folder itself. */
      keepFolders: z.boolean().default(false),
    }),
  ]),
  /** What becomes of what is there already; `mirror` also removes what the snapshot does not have. */
  conflicts: z.enum(conflictModes).default('keep-both'),
})
export type RestoreRequest = z.output<typeof RestoreRequest>

export const RestoreAction = z.enum([
  'create',
  'overwrite',
  'unchanged',
  'skip',
  'delete',
  'metadata',
  'keep-both',
  'failed',
])
export type RestoreAction = z.output<typeof RestoreAction>

/** What happens, or would happen, to one item. */
export const RestoreItem = z.object({
  seq: z.int(),
  action: RestoreAction,
  type: NodeType,
  /** Where it goes. */
  path: z.string(),
  sizeBytes: z.number(),
  modifiedAtMs: z.number().nullable(),
  /** What is there now. */
  onDiskBytes: z.number().nullable(),
  onDiskModifiedAtMs: z.number().nullable(),
  note: z.string(),
})
export type RestoreItem = z.output<typeof RestoreItem>

export const RestoreCounts = z.object({
  create: z.number(),
  overwrite: z.number(),
  keepBoth: z.number(),
  unchanged: z.number(),
  skip: z.number(),
  delete: z.number(),
  failed: z.number(),
  bytesToWrite: z.number(),
  bytesWritten: z.number(),
  filesVerified: z.number(),
  newerOnDisk: z.number(),
  freeBytes: z.number().nullable(),
})
export type RestoreCounts = z.output<typeof RestoreCounts>
