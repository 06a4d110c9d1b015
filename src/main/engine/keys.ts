import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import {
  createKeyFile,
  decodeKeyFile,
  defaultCost,
  encodeKeyFile,
  openKeyFile,
  type KeyFile,
  type ScryptCost,
} from './format/key.ts'
import { idOf, shortId, type Id } from './format/id.ts'
import { formatTime } from './format/time.ts'
import { withLock } from './locks.ts'
import { findByPrefix } from './prefix.ts'
import { openRepository, type Repository } from './repository.ts'
import type { Run } from './run.ts'

export interface KeyInfo {
  id: Id
  current: boolean
  username: string
  hostname: string
  created: string
}

interface Who {
  hostname: string
  username: string
}

const howToList = 'Run `holdfast key list` to see the keys.'

/** By ID. @throws data_corrupt a key file that can't be read: it is named, so that it can be removed */
export async function listKeys(repo: Repository, signal: AbortSignal): Promise<KeyInfo[]> {
  const keys: KeyInfo[] = []
  for (const id of await repo.listIds('key', signal)) {
    const file = await loadKeyFile(repo, id, signal)
    if (file) keys.push(describe(repo, id, file))
  }
  return keys
}

/**
 * Adds a key and proves it by opening the repository afresh with it; a key that does not open is taken back.
 * @throws invalid_input an empty password
 */
export async function addKey(
  repo: Repository,
  password: string,
  who: Who,
  run: Run,
  cost: ScryptCost = defaultCost,
): Promise<KeyInfo> {
  refuseEmpty(password)
  return withLock(repo, 'shared', run, run => addProven(repo, password, who, run, cost))
}

/** @throws target_refused the key in use; not_found no such key, or an ambiguous prefix */
export function removeKey(repo: Repository, id: string, run: Run): Promise<Id> {
  return withLock(repo, 'exclusive', run, async ({ signal }) => {
    const ids = await repo.listIds('key', signal)
    const found = findByPrefix(ids, id, 'key', 'not_found', howToList)
    if (found === repo.keyId) {
      throw new AppError('target_refused', `Key ${shortId(found)} is the one in use; it was not removed.`, {
        hint: 'Open the repository with the password of another key to remove this one.',
      })
    }
    if (!ids.includes(repo.keyId)) {
      throw new AppError(
        'target_refused',
        `The key in use, ${shortId(repo.keyId)}, is no longer in the repository; none was removed, for the others may not be yours.`,
        { hint: 'Open the repository again with a password that still works, then try once more.' },
      )
    }
    await repo.removeFile('key', found, signal)
    return found
  })
}

/**
 * Adds a key for `password`, opens the repository with it, and only then removes the key in use.
 * At every instant at least one of the two opens the repository. `repo` goes on working, but its own key is gone:
 * open it again for further changes of keys.
 * @throws invalid_input an empty password
 */
export async function changePassword(
  repo: Repository,
  password: string,
  who: Who,
  run: Run,
  cost: ScryptCost = defaultCost,
): Promise<KeyInfo> {
  refuseEmpty(password)
  return withLock(repo, 'exclusive', run, async run => {
    const added = await addProven(repo, password, who, run, cost)
    try {
      await repo.removeFile('key', repo.keyId, run.signal)
    } catch (error) {
      run.signal.throwIfAborted()
      throw new AppError(
        error instanceof AppError ? error.code : 'internal',
        `The new password works, but the old key ${shortId(repo.keyId)} could not be removed, so the old password may still work.`,
        {
          hint: `Open the repository with the new password and run \`holdfast key remove ${shortId(repo.keyId)}\`.`,
          cause: error,
        },
      )
    }
    return { ...added, current: true }
  })
}

function refuseEmpty(password: string): void {
  if (password !== '') return
  throw new AppError('invalid_input', 'The new password is empty; no key was added.', {
    hint: 'Choose a password: a few random words make a good one.',
  })
}

async function addProven(
  repo: Repository,
  password: string,
  who: Who,
  run: Run,
  cost: ScryptCost,
): Promise<KeyInfo> {
  const created = formatTime(BigInt(run.now()) * 1_000_000n)
  const file = await createKeyFile(password, repo.master, { created, ...who }, cost)
  run.signal.throwIfAborted()
  const bytes = encodeKeyFile(file)
  const id = idOf(bytes)
  try {
    await repo.backend.write({ kind: 'key', name: id }, bytes, run.signal)
    await prove(repo, id, password, run)
  } catch (error) {
    // The write may have worked although its reply was lost. A fresh signal: clean-up is not cancelled.
    await repo.removeFile('key', id, new AbortController().signal).catch((failure: unknown) => {
      throw new AppError(
        error instanceof AppError ? error.code : 'internal',
        `The new key ${shortId(id)} could not be proven, nor taken back: the new password may work or not; all others still do.`,
        {
          hint: `Run \`holdfast key remove ${shortId(id)}\`, then try again.`,
          cause: new AggregateError([error, failure]),
        },
      )
    })
    throw error
  }
  return describe(repo, id, file)
}

/** Opens the repository as the user will: from the storage, with nothing but the password. */
async function prove(repo: Repository, id: Id, password: string, run: Run): Promise<void> {
  try {
    // Closing the second repository must not close the storage under the first.
    const opened = await openRepository({ ...repo.backend, close: async () => undefined }, password, run)
    await opened.close()
    // Another key may have the same password; what is to be proven is this one.
    const file = opened.keyId === id ? null : await loadKeyFile(repo, id, run.signal)
    const master = opened.keyId === id ? opened.master : file && (await openKeyFile(file, password))
    const parts = ['encrypt', 'macK', 'macR'] as const
    const same = master && parts.every(part => timingSafeEqual(master[part], repo.master[part]))
    if (same && opened.id === repo.id) return
    throw new AppError('data_corrupt', 'It holds another repository’s secrets, or is gone.')
  } catch (error) {
    if (!(error instanceof AppError) || !['data_corrupt', 'wrong_password'].includes(error.code)) throw error
    throw new AppError(
      'data_corrupt',
      `The new key ${shortId(id)} does not open the repository: what the storage gives back is not what was written.`,
      { hint: 'All other keys are as they were. Run `holdfast check`, then try again.', cause: error },
    )
  }
}

/** null when another process has removed it meanwhile. */
async function loadKeyFile(repo: Repository, id: Id, signal: AbortSignal): Promise<KeyFile | null> {
  try {
    const bytes = await repo.backend.read({ kind: 'key', name: id }, 'all', signal)
    if (idOf(bytes) !== id) throw new AppError('data_corrupt', 'its content does not fit its name')
    return decodeKeyFile(bytes)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'not_found') return null
    if (error.code !== 'data_corrupt') throw error
    throw new AppError('data_corrupt', `Key file ${shortId(id)} is damaged: it opens nothing.`, {
      hint: `Once another key is known to work, remove it with \`holdfast key remove ${shortId(id)}\`.`,
      cause: error,
    })
  }
}

const describe = (repo: Repository, id: Id, file: KeyFile): KeyInfo => ({
  id,
  current: id === repo.keyId,
  username: file.username,
  hostname: file.hostname,
  created: file.created,
})
