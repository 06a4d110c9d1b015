import { AppError } from '../../shared/errors.ts'
import type { Repository } from '../engine/index.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import { openDestination, passwordOf } from './runs/open-destination.ts'
import type { Timers } from './scheduling/timers.ts'
import type { Vault } from './vault/vault.ts'

/** Repositories that people look into: opening one costs half a second and its index, so it stays open for a while. */
export interface OpenRepositories {
  /**
   * Lets `work` use a repository with its index loaded. New snapshots are found: the index is looked at again.
   * @throws secret_missing, vault_locked, repository_missing, wrong_password, conflict
   */
  use<T>(destinationId: string, work: (repo: Repository, signal: AbortSignal) => Promise<T>): Promise<T>
  stop(): Promise<void>
}

/** Nobody has looked into it for so long: it is closed, and its memory given back. */
const idleMs = 3 * 60_000

export function createOpenRepositories({
  catalogue,
  vault,
  now,
  timers,
  require,
}: {
  catalogue: Catalogue
  vault: Vault
  now: () => number
  timers: Pick<Timers, 'every'>
  require: (id: string) => ReturnType<Catalogue['destinations']['get']> & object
}): OpenRepositories {
  const open = new Map<string, { opening: Promise<Repository>; users: number; usedAtMs: number }>()
  const lifetime = new AbortController()

  async function close(id: string): Promise<void> {
    const entry = open.get(id)
    open.delete(id)
    await entry?.opening.then(repo => repo.close()).catch(() => undefined)
  }

  const endWatch = timers.every(60_000, () => {
    for (const [id, { users, usedAtMs }] of open) {
      if (users === 0 && (now() - usedAtMs > idleMs || catalogue.destinations.get(id) === null))
        void close(id)
    }
  })

  return {
    async use(destinationId, work) {
      const destination = require(destinationId)
      const entry = open.get(destinationId) ?? {
        opening: passwordOf(destination, vault).then(password =>
          openDestination(destination, password, lifetime.signal),
        ),
        users: 0,
        usedAtMs: now(),
      }
      open.set(destinationId, entry)
      entry.users++
      try {
        const repo = await entry.opening
        await repo.loadIndex({ signal: lifetime.signal })
        return await work(repo, lifetime.signal)
      } catch (error) {
        // What failed to open, or broke meanwhile, is opened anew by whoever asks next. What is not there is no failure.
        const isSound =
          error instanceof AppError && (error.code === 'not_found' || error.code === 'snapshot_missing')
        if (!isSound && open.get(destinationId) === entry) open.delete(destinationId)
        throw error
      } finally {
        entry.users--
        entry.usedAtMs = now()
        if (entry.users === 0 && open.get(destinationId) !== entry)
          void entry.opening.then(repo => repo.close()).catch(() => undefined)
      }
    },
    async stop() {
      endWatch()
      lifetime.abort()
      await Promise.all([...open.keys()].map(close))
    },
  }
}
