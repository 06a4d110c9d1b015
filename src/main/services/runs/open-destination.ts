import { AppError } from '../../../shared/errors.ts'
import { openBackend, openRepository, type Repository } from '../../engine/index.ts'
import type { StoredDestination } from '../catalogue/catalogue.ts'
import { passwordName, refuseOther } from '../destinations.ts'
import type { Vault } from '../vault/vault.ts'

/** The password of a destination's repository. @throws secret_missing; vault_locked */
export async function passwordOf(
  { id, name }: StoredDestination,
  vault: Pick<Vault, 'get'>,
): Promise<string> {
  const password = await vault.get(passwordName(id))
  if (password !== null) return password
  throw new AppError('secret_missing', `The password of "${name}" is not where passwords are kept.`, {
    hint: 'Give it again for this destination; the recovery kit has it.',
  })
}

/**
 * Opens what a destination had when it was made, and nothing else: an empty folder in its place is no new repository.
 * @throws repository_missing, wrong_password; conflict another repository is there
 */
export async function openDestination(
  destination: StoredDestination,
  password: string,
  signal: AbortSignal,
  limits: { memoryBytes?: number } = {},
): Promise<Repository> {
  const { name, location } = destination
  const backend = openBackend(`local:${location.path}`)
  try {
    const repo = await openRepository(backend, password, { signal }, limits)
    refuseOther(destination, repo)
    return repo
  } catch (error) {
    await backend.close()
    if (!(error instanceof AppError) || error.code !== 'repository_missing') throw error
    throw new AppError('repository_missing', `The repository of "${name}" is not at ${location.path}.`, {
      hint: 'Connect and mount its drive; if it was moved, add the new place as a destination.',
      cause: error,
    })
  }
}
