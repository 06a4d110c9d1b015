import { AppError } from '../../../shared/errors.ts'
import { type Backend, openBackend, openRepository, type Repository } from '../../engine/index.ts'
import { type PasswordSource, readPassword } from './password.ts'
import { passwordHint, repositoryPlace, type Settings } from './repo-options.ts'
import type { Shell } from './shell.ts'

/** Opens the repository the settings name, lets `work` use it, and closes it whatever happens. */
export async function withRepository<T>(
  shell: Shell,
  settings: Settings,
  work: (repo: Repository) => Promise<T>,
): Promise<T> {
  const repo = await openWithPassword(
    openBackend(repositoryPlace(settings)),
    settings.password,
    shell.secrets.repository,
    'Password of the repository',
    shell.signal,
  )
  try {
    return await work(repo)
  } finally {
    await repo.close()
  }
}

/** A password typed wrong may be typed again, twice. */
export async function openWithPassword(
  backend: Backend,
  options: PasswordSource,
  environment: PasswordSource,
  prompt: string,
  signal: AbortSignal,
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
        return await openRepository(backend, password, run)
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
