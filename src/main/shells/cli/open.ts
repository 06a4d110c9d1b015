import { AppError } from '../../../shared/errors.ts'
import {
  type Backend,
  openBackend,
  type Opening,
  type OpenOptions,
  openRepository,
  type Repository,
} from '../../engine/index.ts'
import { type PasswordSource, readPassword } from './password.ts'
import { passwordHint, repositoryPlace, type Settings } from './repo-options.ts'
import type { Shell } from './shell.ts'

/** Opens the repository the settings name, lets `work` use it, and closes it whatever happens. */
export const withRepository = <T>(
  shell: Shell,
  settings: Settings & OpenOptions,
  work: (repo: Repository) => Promise<T>,
): Promise<T> => withOpening(shell, settings, async ({ opened }) => work(await opened))

/** As `withRepository`, for work that can begin while the key is made out of the password. */
export async function withOpening<T>(
  shell: Shell,
  settings: Settings & OpenOptions,
  work: (opening: Opening) => Promise<T>,
): Promise<T> {
  const backend = openBackend(repositoryPlace(settings))
  const secret = shell.secrets.repository
  const prompt = 'Password of the repository'
  const failed = new AbortController() // nobody need type a password for work that can't be done
  const signal = AbortSignal.any([shell.signal, failed.signal])
  const opened = openWithPassword(backend, settings.password, secret, prompt, signal, settings)
  opened.catch(() => undefined) // `work` hears of it
  try {
    return await work({ backend, opened })
  } catch (error) {
    failed.abort(error)
    throw error
  } finally {
    await opened.then(
      repo => repo.close(),
      () => undefined, // the backend is closed
    )
  }
}

/** A password typed wrong may be typed again, twice. */
export async function openWithPassword(
  backend: Backend,
  options: PasswordSource,
  environment: PasswordSource,
  prompt: string,
  signal: AbortSignal,
  how: OpenOptions = {},
): Promise<Repository> {
  const run = { signal }
  try {
    // nobody should have to type a password to hear that there is nothing to open: this fails with the reason
    const config = await backend.stat({ kind: 'config', name: '' }, signal)
    if (config === null) return await openRepository(backend, '', run)
    for (let attempt = 1; ; attempt++) {
      const { password, typed } = await readPassword(
        options,
        environment,
        { prompt, twice: false, setBy: passwordHint },
        signal,
      )
      try {
        return await openRepository(backend, password, run, how)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'wrong_password') throw error
        if (!typed || attempt === 3) throw error
        process.stderr.write(`${error.message}\n`)
      }
    }
  } catch (error) {
    await backend.close()
    throw error
  }
}
