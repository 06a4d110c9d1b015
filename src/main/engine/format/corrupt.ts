import { AppError } from '../../../shared/errors.ts'

/** The failure for a repository's bytes that aren't what they should be. */
export const corrupt = (message: string, cause?: unknown): AppError =>
  new AppError('data_corrupt', message, {
    hint: 'Check the repository to learn what is damaged and what can still be restored.',
    cause,
  })
