import { AppError, type FailureCode } from '../../../shared/errors.ts'

/** Nothing more can be done after these, whichever item was in hand. */
const fatal: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'internal',
  'cancelled',
  'lock_lost',
  'disk_full',
  'backend_unreachable',
])

/** Whether an error means one item only: the restore goes on with the others. Anything else is to be thrown on. */
export function isItemFailure(error: unknown): boolean {
  if (error instanceof AppError) return !fatal.has(error.code)
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  // Errors of Node's own argument checks have a code too, but no system call: those are bugs.
  return code !== undefined && syscall !== undefined && !isFull(error)
}

/** No room on the disk or in the quota: every further file would fail alike. */
export const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | null)?.code ?? '')

/** Another program's work, or a second name that this file system does not tell from the first, is not replaced. */
export const appearedMeanwhile = (): AppError =>
  new AppError(
    'target_refused',
    'something of this name appeared meanwhile: another program made it, or this file system ignores case and the snapshot holds both names',
  )

/** Why something failed, as the end of a sentence. */
export function wordsOf(error: unknown): string {
  if (error instanceof AppError) return error.message.replace(/\.$/, '')
  const { code, message } = error as NodeJS.ErrnoException
  return words[code ?? ''] ?? message ?? String(error)
}

const words: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'its name is too long for this file system',
  EILSEQ: 'this file system does not take its name',
  EINVAL: 'this file system does not take its name',
  EFBIG: 'the file system does not take files this large',
  EIO: 'the disk reports a read or write error',
  ENOENT: 'its folder is gone',
  ENOTDIR: 'a part of its path is not a folder any more',
  ENOTEMPTY: 'a folder that is not empty is in the way',
  EEXIST: 'something is there already',
  EISDIR: 'a folder is in the way',
  EBUSY: 'it is in use',
  ELOOP: 'a symlink is in the way',
}
