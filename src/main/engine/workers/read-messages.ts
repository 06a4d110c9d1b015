import type { PackVerdict } from '../check/verify-pack.ts'
import type { SealKey } from '../format/envelope.ts'
import type { Id } from '../format/id.ts'
import type { Raw } from '../format/raw.ts'
import type { Span } from '../restoring/compare.ts'
import type { WholeFiles } from '../restoring/whole-files.ts'
import type { Warning } from '../run.ts'
import type { BlobList } from './blob-list.ts'

/** What a thread that reads packs is told once, at its start. */
export interface ReadSetup {
  readonly master: SealKey
  /** The folder that is restored into, symlinks resolved; null where nothing is restored. */
  readonly target: Raw | null
}

/** Where a job's bytes come from. */
export type PackSource =
  /** The thread reads them itself. */
  | { kind: 'file'; path: string; start: number; end: number }
  /** What was read already. */
  | { kind: 'bytes'; bytes: Uint8Array }

/** A blob's place in a file that consists of several, which lies under a temporary name in its full length. */
export interface FilePart {
  readonly blob: number
  readonly temporary: Raw
  readonly sizeBytes: number
  readonly at: number
}

export interface RestoreJob {
  readonly kind: 'restore'
  /** `plain`: the content of the only blob, verified. null: only empty files. */
  readonly source: PackSource | { kind: 'plain'; bytes: Uint8Array } | null
  readonly blobs: BlobList
  /** By ascending blob; so are the parts. */
  readonly wholes: WholeFiles
  readonly parts: readonly FilePart[]
}

export interface RestoreReply {
  /** Blobs of the job that could not be had from its source. Nothing was done with them. */
  readonly damaged: readonly number[]
  /** Files that could not be made and why, as the end of a sentence; nothing of them stays. */
  readonly failed: readonly { file: number; why: string }[]
  /** Files that wait under a temporary name, for something lies in their place. */
  readonly waiting: readonly { file: number; temporary: Raw }[]
  readonly failedParts: readonly { part: number; why: string }[]
  readonly warnings: readonly Warning[]
}

export type ReadJob =
  /** Puts the content of blobs into files. */
  | RestoreJob
  /** Holds spans of restored files against their hashes. */
  | { kind: 'compare'; spans: readonly Span[] }
  /** Verifies all that a pack holds. */
  | VerifyJob

export interface VerifyJob {
  readonly kind: 'verify'
  readonly packId: Id
  /** The whole pack. */
  readonly source: { kind: 'file'; path: string } | { kind: 'bytes'; bytes: Uint8Array }
  /** What the index says. */
  readonly entries: BlobList
}

interface Results {
  /** null: the source could not be read. */
  restore: RestoreReply | null
  /** true: the same; a text: it can't be read, and why. */
  compare: readonly (boolean | string)[]
  verify: { verdict: PackVerdict; sizeBytes: number } | null
}

export type ReadResult<J extends ReadJob> = Results[J['kind']]
export type AnyReadResult = Results[ReadJob['kind']]
