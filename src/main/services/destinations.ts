import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { AnyEvent } from '../../shared/contract.ts'
import type { Destination, DestinationDraft } from '../../shared/entities/destination.ts'
import { AppError } from '../../shared/errors.ts'
import {
  initRepository,
  openBackend,
  openRepository,
  type KeyCost,
  type Repository,
} from '../engine/index.ts'
import type { Catalogue, StoredDestination } from './catalogue/catalogue.ts'
import type { SecretName, Vault } from './vault/vault.ts'

export interface Destinations {
  list(): Promise<Destination[]>
  /** @throws repository_exists, repository_missing, wrong_password; conflict the name or place is taken */
  create(input: { draft: DestinationDraft; password: string; create: boolean }): Promise<Destination>
  rename(input: { id: string; name: string; revision: number }): Promise<Destination>
  /** Tries the password first. @throws wrong_password */
  setPassword(input: { id: string; password: string }): Promise<Destination>
  /** Opens the repository afresh, from the storage, with nothing but the password. @throws repository_missing */
  opens(id: string, password: string): Promise<boolean>
  /** @throws conflict a plan uses it */
  remove(id: string): Promise<void>
  present(stored: StoredDestination): Promise<Destination>
  /** Tells everybody how it is now. */
  announce(stored: StoredDestination): Promise<Destination>
  /** Why it can't be used just now, as a sentence; null when it is there. */
  absence(id: string): Promise<string | null>
  require(id: string): StoredDestination
}

export const passwordName = (destinationId: string): SecretName => `repository/${destinationId}`

/** Whether the place is there; for a local one, whether its folder is. */
export function presenceOf({ location }: Pick<StoredDestination, 'location'>): Destination['presence'] {
  return statSync(location.path, { throwIfNoEntry: false })?.isDirectory() === true ? 'present' : 'absent'
}

export function createDestinations({
  catalogue,
  vault,
  now,
  who,
  publish,
  keyCost,
}: {
  catalogue: Catalogue
  vault: Vault
  now: () => number
  who: { hostname: string; username: string }
  publish: (event: AnyEvent) => void
  keyCost: KeyCost | undefined
}): Destinations {
  const run = { signal: new AbortController().signal, report: () => {}, warn: () => {}, now }

  function require(id: string): StoredDestination {
    const found = catalogue.destinations.get(id)
    if (found) return found
    throw new AppError('not_found', 'That destination is not there (any more).', {
      hint: 'List the destinations again.',
    })
  }

  async function present(stored: StoredDestination): Promise<Destination> {
    // A vault that can't be asked has no password to give: the run will say why.
    const hasPassword = await vault.get(passwordName(stored.id)).then(
      secret => secret !== null,
      () => false,
    )
    return { ...stored, presence: presenceOf(stored), hasPassword }
  }

  async function announce(stored: StoredDestination): Promise<Destination> {
    const value = await present(stored)
    publish({ name: 'destination.changed', value })
    return value
  }

  async function tryOpen(stored: StoredDestination, password: string): Promise<void> {
    const backend = openBackend(`local:${stored.location.path}`)
    try {
      refuseOther(stored, await openRepository(backend, password, run))
    } finally {
      await backend.close()
    }
  }

  function refuseTaken(draft: DestinationDraft, exceptId?: string): void {
    for (const { id, name, location } of catalogue.destinations.list()) {
      if (id === exceptId) continue
      if (name === draft.name) throw taken(`There is already a destination named "${name}".`)
      if (location.path === draft.location.path)
        throw taken(`The destination "${name}" is at that place already.`)
    }
  }

  return {
    list: () => Promise.all(catalogue.destinations.list().map(present)),
    present,
    announce,
    require,

    async absence(id) {
      const stored = catalogue.destinations.get(id)
      if (!stored || presenceOf(stored) === 'present') return null
      return `The drive with “${stored.name}” is not connected: ${stored.location.path} is not there.`
    },

    async create({ draft: given, password, create }) {
      const draft: DestinationDraft = {
        name: given.name,
        location: { kind: 'local', path: place(given.location.path) },
      }
      refuseTaken(draft)
      const backend = openBackend(`local:${draft.location.path}`)
      let repo: Repository
      try {
        repo = create
          ? await initRepository(backend, { password, who, ...(keyCost && { cost: keyCost }) }, run)
          : await openRepository(backend, password, run)
      } catch (error) {
        await backend.close()
        throw error
      }
      await repo.close()
      const stored: StoredDestination = {
        ...draft,
        id: randomUUID(),
        revision: catalogue.nextRevision(),
        createdAtMs: now(),
        repositoryId: repo.id,
        presence: 'present',
        refreshedAtMs: null,
      }
      // The password first: a destination whose password nobody has would be worse than a password nobody needs.
      await vault.set(passwordName(stored.id), password)
      try {
        catalogue.destinations.insert(stored)
      } catch (error) {
        await vault.remove(passwordName(stored.id))
        throw error
      }
      return announce(stored)
    },

    async rename({ id, name, revision }) {
      const stored = require(id)
      refuseTaken({ ...stored, name }, id)
      const renamed = { ...stored, name, revision: catalogue.nextRevision() }
      catalogue.destinations.update(renamed, revision)
      return announce(renamed)
    },

    async opens(id, password) {
      try {
        await tryOpen(require(id), password)
        return true
      } catch (error) {
        if (error instanceof AppError && error.code === 'wrong_password') return false
        throw error
      }
    },

    async setPassword({ id, password }) {
      const stored = require(id)
      await tryOpen(stored, password)
      await vault.set(passwordName(id), password)
      const changed = { ...stored, revision: catalogue.nextRevision() }
      catalogue.destinations.update(changed, null)
      return announce(changed)
    },

    async remove(id) {
      const { name } = require(id)
      const users = catalogue.plans.list().filter(({ destinationIds }) => destinationIds.includes(id))
      if (users.length > 0) {
        throw new AppError(
          'conflict',
          `"${name}" is used by ${users.map(plan => `"${plan.name}"`).join(', ')}; it was not removed.`,
          {
            hint: 'Remove those plans first, or give them another destination.',
          },
        )
      }
      catalogue.destinations.remove(id)
      await vault.remove(passwordName(id))
      publish({ name: 'destination.removed', value: { id, revision: catalogue.nextRevision() } })
    },
  }
}

/** @throws conflict there is another repository than the one the destination was made with */
export function refuseOther({ name, repositoryId }: StoredDestination, repo: Repository): void {
  if (repositoryId === null || repo.id === repositoryId) return
  throw new AppError(
    'conflict',
    `At the place of "${name}" is another repository than before; nothing was written to it.`,
    {
      hint: 'Is another drive mounted there? If the repository was replaced on purpose, add it as a new destination.',
    },
  )
}

function place(path: string): string {
  if (!isAbsolute(path)) {
    throw new AppError('invalid_input', `"${path}" is not an absolute path.`, {
      hint: 'Write the path from the root on, such as /mnt/backup/holdfast.',
    })
  }
  return resolve(path)
}

const taken = (message: string) =>
  new AppError('conflict', message, { hint: 'Choose another name or place, or change that one.' })
