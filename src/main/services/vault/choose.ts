import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../../shared/errors.ts'
import { absenceOf, openKeychain } from './keychain.ts'
import { keychainClient } from './keychain-client.ts'
import { readPassphrase, type Environment } from './passphrase.ts'
import { readSmallFile, replaceFile } from './replace-file.ts'
import type { ScryptCost } from './sealed-format.ts'
import { openSealedFile, type SealedFile } from './sealed-file.ts'
import type { Vault } from './vault.ts'

export interface VaultOptions {
  /** Exists, and its lock is held by this process. */
  readonly dataDirectory: string
  readonly environment: Environment
  readonly platform: NodeJS.Platform
  readonly now: () => number
  /** How long a keychain may take for one call: a person may have to answer its prompt. */
  readonly limitMs?: number
  /** What opening the sealed file costs, when it is made. */
  readonly cost?: ScryptCost
}

const Choice = z.strictObject({
  format: z.literal('holdfast-vault-choice'),
  version: z.literal(1),
  kind: z.enum(['keychain', 'sealed-file']),
  /** Before the name of each entry in the keychain. It stays when the data directory moves. */
  prefix: z.string().regex(/^[0-9a-f]{16}$/),
})
type Choice = z.output<typeof Choice>

/**
 * The vault of a data directory. What was once chosen is written down (`vault-choice.json`) when it first works, and
 * from then on a keychain that can't be reached is `unavailable` or `locked`, never an empty file in its place.
 *
 * `HOLDFAST_VAULT` (`keychain` or `file`) decides otherwise. Secrets are not moved: they have to be given again.
 * A sealed file is opened, or made, with the passphrase that the environment names, if it names one.
 *
 * May take as long as `limitMs` when a keychain puts up a prompt.
 *
 * @throws invalid_input HOLDFAST_VAULT or the source of the passphrase makes no sense; data_corrupt the choice can't be
 * read
 */
export async function openVault(options: VaultOptions): Promise<Vault | SealedFile> {
  const { dataDirectory, environment, platform, now, limitMs = 30_000, cost } = options
  const choicePath = join(dataDirectory, 'vault-choice.json')
  const filePath = join(dataDirectory, 'vault.json')
  const wish = readWish(environment['HOLDFAST_VAULT'] ?? '')
  const choice = await readChoice(choicePath, wish !== null)
  const prefix = choice?.prefix ?? (await prefixFor(dataDirectory))

  const remember = async (kind: Choice['kind']): Promise<void> => {
    if (choice?.kind === kind) return
    const made: Choice = { format: 'holdfast-vault-choice', version: 1, kind, prefix }
    await replaceFile(choicePath, Buffer.from(`${JSON.stringify(made, null, 2)}\n`))
  }

  const sealedFile = async (why: string): Promise<SealedFile> => {
    const vault = await openSealedFile({
      path: filePath,
      why: `${why}, so passwords are kept in vault.json, sealed with your passphrase.`,
      wasMade: choice?.kind === 'sealed-file',
      opened: () => remember('sealed-file'),
      ...(cost && { cost }),
    })
    return openedByEnvironment(vault, environment, platform)
  }

  if (wish === 'sealed-file') return sealedFile('HOLDFAST_VAULT=file says so')
  if (wish === null) {
    if (choice?.kind === 'sealed-file') return sealedFile('There was no keychain when this was set up')
    // The choice is written after the file, so a file without one was made by somebody who was interrupted.
    const hasFile = choice === null && (await readSmallFile(filePath, 0)) !== null
    if (hasFile) return sealedFile('There was no keychain when this was set up')
  }

  const isDecided = wish === 'keychain' || choice !== null
  const { vault, trouble } = await openKeychain({
    ask: keychainClient(environment, limitMs),
    prefix,
    platform,
    now,
    isDecided,
    opened: () => remember('keychain'),
  })
  if (isDecided || trouble === null || trouble.kind === 'locked' || trouble.kind === 'silent') return vault
  return sealedFile(absenceOf(trouble, platform))
}

/** A wrong passphrase leaves it locked, and the explanation says so; anything else can be repaired in the same way. */
async function openedByEnvironment(
  vault: SealedFile,
  environment: Environment,
  platform: NodeJS.Platform,
): Promise<SealedFile> {
  if (vault.info().state === 'unavailable') return vault
  const given = await readPassphrase(environment, platform)
  if (given === null) return vault
  try {
    await vault.unlock(given.passphrase)
    return vault
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'data_corrupt') return vault // which its state says
    if (error.code !== 'wrong_password') throw error
    const info = (): ReturnType<Vault['info']> => {
      const found = vault.info()
      if (found.state !== 'locked') return found
      return {
        ...found,
        explanation: `${found.explanation} The passphrase from ${given.source} does not open it.`,
      }
    }
    return { ...vault, info }
  }
}

function readWish(wish: string): Choice['kind'] | null {
  if (wish === '') return null
  if (wish === 'keychain') return 'keychain'
  if (wish === 'file') return 'sealed-file'
  throw new AppError('invalid_input', `HOLDFAST_VAULT is ${JSON.stringify(wish)}, which means nothing.`, {
    hint: 'Set it to keychain or file, or not at all.',
  })
}

async function readChoice(path: string, mayReplace: boolean): Promise<Choice | null> {
  const found = await readSmallFile(path, 4096)
  if (found === null) return null
  try {
    return Choice.parse(JSON.parse(found.bytes.toString('utf8')))
  } catch (error) {
    if (mayReplace) return null
    throw new AppError('data_corrupt', `${path} does not tell where passwords are kept: it is damaged.`, {
      hint: 'Set HOLDFAST_VAULT to keychain or file, whichever it was; that writes it anew.',
      cause: error,
    })
  }
}

/** By the path, so that the same directory finds its entries again should the choice be lost. */
async function prefixFor(dataDirectory: string): Promise<string> {
  const path = await realpath(dataDirectory)
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
