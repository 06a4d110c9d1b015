import { AppError } from '../../../shared/errors.ts'
import { readSmallFile, removeUnfinished, replaceFile } from './replace-file.ts'
import {
  decode,
  defaultCost,
  encode,
  maxFileBytes,
  openSecrets,
  openWithPassphrase,
  sealSecrets,
  sealWithPassphrase,
  type ScryptCost,
  type SealedSecrets,
} from './sealed-format.ts'
import type { SecretName, Vault } from './vault.ts'

export interface SealedFile extends Vault {
  /**
   * Seals everything afresh under another passphrase. Killed in the middle, the old one holds.
   * @throws wrong_password `old` does not open it; invalid_input `fresh` is empty; data_corrupt
   */
  changePassphrase(old: string, fresh: string): Promise<void>
}

export interface SealedFileOptions {
  readonly path: string
  /** A sentence: why passwords are in a file. */
  readonly why: string
  /** It was made before: if it is not there now, it is lost, and no empty one takes its place. */
  readonly wasMade: boolean
  /** Called after the file has been made or opened. */
  readonly opened?: () => Promise<void>
  /** For a file that is made, or whose passphrase is changed. */
  readonly cost?: ScryptCost
}

/**
 * Passwords in a file, sealed with a passphrase. In memory is the key of the file while it is open; a secret is
 * read afresh for each `get`.
 *
 * No other process may write the file meanwhile: the lock of the data directory sees to that. If the file is
 * exchanged by hand, it is locked again.
 */
export async function openSealedFile(options: SealedFileOptions): Promise<SealedFile> {
  const { path, why, wasMade, cost = defaultCost } = options
  let opened: { key: Buffer; box: string } | null = null
  let exists = wasMade
  let problem: AppError | null = null
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, so that no change is lost, and `problem` is that of the last one. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(async () => {
      try {
        const result = await act()
        problem = null
        return result
      } catch (error) {
        if (error instanceof AppError && error.code === 'data_corrupt') problem = error
        else if (error instanceof AppError && isAboutSoundFile.has(error.code)) problem = null
        throw error
      }
    })
    last = turn.catch(() => undefined)
    return turn
  }

  async function read(): Promise<SealedSecrets | null> {
    const found = await readSmallFile(path, maxFileBytes)
    if (found === null) {
      if (wasMade || exists) throw gone(path)
      return null
    }
    exists = true
    if (!found.isWhole)
      throw new AppError('data_corrupt', `${path} is too large to be the file of sealed passwords.`, {
        hint: 'Put vault.json back from a backup of the data directory.',
      })
    return decode(found.bytes)
  }

  function keep(key: Buffer, { key: box }: SealedSecrets): void {
    opened?.key.fill(0)
    opened = { key, box }
  }

  async function current(): Promise<{ file: SealedSecrets; key: Buffer; secrets: Map<string, string> }> {
    const file = await read()
    if (file === null || opened?.box !== file.key) {
      opened?.key.fill(0)
      opened = null
      throw locked(exists)
    }
    return { file, key: opened.key, secrets: openSecrets(file, opened.key) }
  }

  async function write(file: SealedSecrets): Promise<void> {
    const bytes = encode(file)
    if (bytes.length > maxFileBytes)
      throw new AppError('invalid_input', 'That is more than the file of sealed passwords can hold.')
    await replaceFile(path, bytes)
    exists = true
  }

  /** @param edit says whether it changed anything */
  async function change(edit: (secrets: Map<string, string>) => boolean): Promise<void> {
    const { file, key, secrets } = await current()
    if (edit(secrets)) await write(sealSecrets(file, secrets, key))
  }

  /** @throws wrong_password */
  async function openBy(passphrase: string, file: SealedSecrets): Promise<Map<string, string>> {
    const found = await openWithPassphrase(file, passphrase)
    if (found === null)
      throw new AppError('wrong_password', 'The passphrase does not open the file of sealed passwords.', {
        hint: `Try again; nothing was changed. The file is ${path}.`,
      })
    keep(found.key, file)
    return new Map(found.secrets)
  }

  async function make(passphrase: string, secrets: ReadonlyMap<string, string>): Promise<void> {
    const { file, key } = await sealWithPassphrase(passphrase, secrets, cost)
    await write(file)
    keep(key, file)
  }

  function info(): ReturnType<Vault['info']> {
    const state = problem ? 'unavailable' : opened ? 'open' : exists ? 'locked' : 'new'
    const more = {
      open: [],
      locked: [
        'The file is locked, and backups wait: give its passphrase (`holdfast vault unlock`) to open it.',
      ],
      new: ['No passphrase has been chosen yet: choose one (`holdfast vault unlock`).'],
      unavailable: problem ? [problem.message, problem.hint ?? ''] : [],
    }[state]
    return { kind: 'sealed-file', state, explanation: [why, ...more].join(' ').trim() }
  }

  await removeUnfinished(path)
  await inTurn(read).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
  })

  return {
    info,

    get: (name: SecretName) => inTurn(async () => (await current()).secrets.get(name) ?? null),

    set: (name, secret) =>
      inTurn(() =>
        change(secrets => {
          if (secrets.get(name) === secret) return false
          secrets.set(name, secret)
          return true
        }),
      ),

    remove: name => inTurn(() => change(secrets => secrets.delete(name))),

    unlock: passphrase =>
      inTurn(async () => {
        if (passphrase === '') throw emptyPassphrase()
        const file = await read()
        if (file === null) await make(passphrase, new Map())
        else await openBy(passphrase, file)
        await options.opened?.()
      }).then(info),

    changePassphrase: (old, fresh) =>
      inTurn(async () => {
        if (fresh === '') throw emptyPassphrase()
        const file = await read()
        if (file === null) throw locked(false)
        await make(fresh, await openBy(old, file))
        await options.opened?.()
      }),
  }
}

/** What is only said after the file was found to be in order. */
const isAboutSoundFile: ReadonlySet<string> = new Set(['vault_locked', 'wrong_password'])

const locked = (exists: boolean): AppError =>
  exists
    ? new AppError('vault_locked', 'The file of sealed passwords is locked.', {
        hint: 'Give its passphrase: `holdfast vault unlock`.',
      })
    : new AppError('vault_locked', 'No passphrase has been chosen yet for the file of sealed passwords.', {
        hint: 'Choose one: `holdfast vault unlock`.',
      })

const gone = (path: string): AppError =>
  new AppError('data_corrupt', `The file of sealed passwords is gone: there is no ${path}.`, {
    hint: 'Put it back from a backup of the data directory; or remove vault-choice.json there, start again, and give the passwords again (the recovery kit has them).',
  })

const emptyPassphrase = (): AppError =>
  new AppError('invalid_input', 'An empty passphrase protects nothing.', { hint: 'Choose another one.' })
