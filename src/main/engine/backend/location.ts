import { resolve } from 'node:path'
import { AppError } from '../../../shared/errors.ts'
import type { Backend } from './backend.ts'
import { localBackend } from './local.ts'

/**
 * The backend that a `--repo` text names. This version knows local paths, bare or behind `local:`.
 * @throws invalid_input empty, or a scheme that is not supported
 */
export function openBackend(location: string): Backend {
  if (location === '') throw new AppError('invalid_input', 'The repository location is empty.')
  if (location.startsWith('local:')) return localBackend(resolve(location.slice('local:'.length)))
  // A drive letter is one character, so it is not taken for a scheme.
  const scheme = /^([a-z][a-z0-9]+):/.exec(location)?.[1]
  if (scheme !== undefined) {
    throw new AppError(
      'invalid_input',
      `Repositories behind "${scheme}:" are not supported by this version.`,
      {
        hint: 'Name a local folder; if its name really begins like that, write local:PATH.',
      },
    )
  }
  return localBackend(resolve(location))
}
