import { z } from 'zod'

/** Where a repository is. Object stores and SFTP follow. */
export const Location = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('local'), path: z.string().trim().min(1).max(4096) }),
])
export type Location = z.output<typeof Location>

export const DestinationDraft = z.strictObject({
  name: z.string().trim().min(1).max(80),
  location: Location,
})
export type DestinationDraft = z.output<typeof DestinationDraft>

export const Destination = DestinationDraft.extend({
  id: z.uuid(),
  revision: z.int(),
  createdAtMs: z.number(),
  /** The repository's own ID, known once it was opened: another one found there later is refused, never written to. */
  repositoryId: z.string().nullable(),
  /** Whether the vault has its password; false for a vault that is locked, too. */
  hasPassword: z.boolean(),
  /** As last seen. */
  presence: z.enum(['present', 'absent', 'unknown']),
  /** What the index of snapshots was last made from. */
  refreshedAtMs: z.number().nullable(),
})
export type Destination = z.output<typeof Destination>

/** A snapshot as the catalogue knows it. */
export const SnapshotInfo = z.object({
  id: z.string(),
  destinationId: z.uuid(),
  /** null: no plan of ours made it. */
  planId: z.uuid().nullable(),
  /** Epoch milliseconds. */
  timeMs: z.number(),
  hostname: z.string(),
  username: z.string(),
  paths: z.array(z.string()),
  tags: z.array(z.string()),
  treeId: z.string(),
  parentId: z.string().nullable(),
  /** null where whoever made it kept no count. */
  files: z.number().nullable(),
  bytes: z.number().nullable(),
  /** Whether search finds what is in it. */
  indexed: z.boolean(),
})
export type SnapshotInfo = z.output<typeof SnapshotInfo>

/** A path found by search, over all the snapshots that have it. */
export const FoundPath = z.object({
  destinationId: z.uuid(),
  path: z.string(),
  type: z.string(),
  /** Of the newest version. */
  sizeBytes: z.number(),
  modifiedAtMs: z.number(),
  /** Different contents it has had. */
  versions: z.int(),
  /** Snapshots that have it. */
  snapshots: z.int(),
  firstSeenMs: z.number(),
  lastSeenMs: z.number(),
  newestSnapshotId: z.string(),
  /** The newest snapshot that covers the place has it no more. */
  deleted: z.boolean(),
})
export type FoundPath = z.output<typeof FoundPath>
