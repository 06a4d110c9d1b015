/** The six kinds of file a repository is made of (restic's layout). */
export type FileKind = 'config' | 'key' | 'snapshot' | 'index' | 'lock' | 'pack'

/** `name` is 64 lower-case hex digits, except for the one config file, whose name is ''. */
export type FileRef = { readonly kind: FileKind; readonly name: string }
export type FileInfo = { readonly name: string; readonly sizeBytes: number }
export type ByteRange = { readonly start: number; readonly end: number } // half-open

/**
 * Where repository files live. Files are write-once: never modified, only removed.
 *
 * Every implementation keeps these promises, proved by test/engine/backend-contract.ts:
 * - a file is visible whole or not at all, even after a crash during `write`;
 * - what `write` has acknowledged, `read` and `list` see at once, and it survives a power cut;
 * - failures are BackendError; an abort rejects with `signal.reason`.
 * Retry, throttling and caching are wrappers around a Backend, never part of one.
 */
export interface Backend {
  /** For messages and logs; holds no credentials. */
  readonly location: string
  /** Makes the place ready for a first repository: folders, bucket. Repeating it does no harm. */
  create(signal: AbortSignal): Promise<void>
  /** Names that are not 64 hex digits (left-over temporary files) are not listed. */
  list(kind: FileKind, signal: AbortSignal): AsyncIterable<FileInfo>
  stat(file: FileRef, signal: AbortSignal): Promise<FileInfo | null>
  /** Fails with `not_found` when there is no such file, with `data_corrupt` when it ends before `range.end`. */
  read(file: FileRef, range: ByteRange | 'all', signal: AbortSignal): Promise<Uint8Array>
  /** Repeating a write with the same bytes succeeds: a retry after a lost reply does just that. */
  write(file: FileRef, data: Uint8Array, signal: AbortSignal): Promise<void>
  /** Removing what is already gone succeeds. */
  remove(file: FileRef, signal: AbortSignal): Promise<void>
  close(): Promise<void>
  /**
   * Where the file lies on this machine, if it does, so that other threads can read it for themselves. Only the storage
   * itself knows; a wrapper leaves this out, or reads would pass it by. What fails there is to be asked of `read`, which
   * knows what to say.
   */
  localPath?(file: FileRef): string
}

/** The folder of each kind below the repository's root; `config` is a file at the root itself. */
export const folders: Record<Exclude<FileKind, 'config'>, string> = {
  key: 'keys',
  snapshot: 'snapshots',
  index: 'index',
  lock: 'locks',
  pack: 'data',
}

/** The path of a file below the repository's root, with forward slashes: `data/ab/abcd…`. */
export function layoutPath({ kind, name }: FileRef): string {
  if (kind === 'config') return 'config'
  return kind === 'pack' ? `data/${name.slice(0, 2)}/${name}` : `${folders[kind]}/${name}`
}

export const isFileName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name)
