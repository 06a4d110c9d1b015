import type { ExcludeRules } from '../files/exclude.ts'
import type { Id } from '../format/id.ts'
import type { Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Warning } from '../run.ts'
import type { Look } from './look.ts'
import type { SealedPack } from './pack-builder.ts'
import type { WorkbenchSetup } from './workbench.ts'

/** What a thread is told once, at its start. */
export interface Setup extends WorkbenchSetup {
  readonly rules: ExcludeRules
  readonly workingFolder: string
  /** The targets and their devices, for `oneFileSystem`. */
  readonly devices: readonly { path: Raw; dev: bigint }[]
  readonly leaveOut: { dev: bigint; ino: bigint } | null
  readonly lowPriority?: boolean
}

/** A file of a folder to store, whose metadata is yet to be read. `known`: the parent snapshot has one of this name. */
export interface FileItem {
  readonly name: Raw
  readonly known: boolean
}

/** A unit of work: small enough that a thread is soon free again. */
export type Job =
  /** Lists a folder, unless somebody has, and stores what is small in it. */
  | { kind: 'folder'; path: Raw; before: Uint8Array | null; look: Look | null }
  /** Stores some files of a folder that held too much for one job. */
  | { kind: 'files'; folder: Raw; items: readonly FileItem[] }
  /** Stores one file that was named itself; `before` is its node in the parent snapshot. */
  | { kind: 'file'; path: Raw; name: Raw; before: TreeNode | null }
  /** Finds the chunks of a part of a large file, without reading them all. */
  | { kind: 'scan'; path: Raw; name: Raw; offset: number }
  /** Stores chunks that `scan` found. */
  | { kind: 'chunks'; path: Raw; offset: number; lengths: readonly number[] }
  /** Stores the chunk that a hole is made of, `count` times over. */
  | { kind: 'zeros'; count: number }
  /** Stores a folder whose parts are known by now. */
  | { kind: 'tree'; json: string }
  /** Closes the open packs. */
  | { kind: 'flush' }

export type Segment =
  /** Finished nodes, as JSON joined by commas. */
  | { kind: 'nodes'; json: string }
  | { kind: 'files'; items: readonly FileItem[] }
  | { kind: 'large'; item: FileItem }
  | {
      kind: 'folder'
      name: Raw
      /** The folder's node as JSON up to its subtree. */
      head: string
      /** The parent snapshot's tree for it. */
      before: Id | null
      /** Its metadata is as in the parent snapshot. */
      sameMetadata: boolean
    }

/** What came of work, to be added up. */
export interface Counts {
  filesNew: number
  filesChanged: number
  filesUnmodified: number
  dataBlobs: number
  treeBlobs: number
  /** Plaintext bytes of new blobs, and what they take stored. */
  dataAdded: number
  dataAddedPacked: number
  totalFilesProcessed: number
  totalBytesProcessed: number
}

export const noCounts = (): Counts => ({
  filesNew: 0,
  filesChanged: 0,
  filesUnmodified: 0,
  dataBlobs: 0,
  treeBlobs: 0,
  dataAdded: 0,
  dataAddedPacked: 0,
  totalFilesProcessed: 0,
  totalBytesProcessed: 0,
})

export interface ScanResult {
  /** Metadata, taken when the file was opened. */
  readonly node: TreeNode
  readonly mtimeNs: bigint
  /** Runs of chunks from `offset` on, each small enough for one job; `zeros` counts the chunks of a hole. */
  readonly runs: readonly ({ offset: number; lengths: readonly number[] } | { zeros: number })[]
  /** Where to go on; null at the end of the file. */
  readonly next: number | null
}

export interface Results {
  /** `tree` when the folder is complete and stored; else its parts in order. */
  folder: { tree: Id | null; segments: readonly Segment[] }
  files: { segments: readonly Segment[] }
  file: { segments: readonly Segment[] }
  scan: ScanResult
  chunks: { content: readonly Id[]; sizeBytes: number }
  zeros: { content: readonly Id[]; sizeBytes: number }
  tree: { tree: Id; isNew: boolean }
  flush: null
}

export type ResultOf<J extends Job> = Results[J['kind']]

export interface Reply {
  readonly result: Results[Job['kind']]
  readonly counts: Counts
  readonly warnings: readonly Warning[]
  readonly packs: readonly SealedPack[]
}
