import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { splitWords } from '../../../shared/command-words.ts'
import { AppError } from '../../../shared/errors.ts'
import { readSmallFile } from './replace-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const maxBytes = 64 * 1024
const commandLimitMs = 60_000

/**
 * The passphrase of the sealed file where nobody is there to type it, or null when the environment names none:
 * `HOLDFAST_VAULT_PASSPHRASE_FILE`, else the output of `HOLDFAST_VAULT_PASSPHRASE_COMMAND` (run without a shell), else
 * the systemd credential `holdfast-vault`. Line ends after it do not count.
 *
 * @throws invalid_input the source that is named does not work, or others than the owner may read the file
 */
export async function readPassphrase(
  environment: Environment,
  platform: NodeJS.Platform,
): Promise<{ passphrase: string; source: string } | null> {
  const file = named(environment, 'HOLDFAST_VAULT_PASSPHRASE_FILE')
  const command = named(environment, 'HOLDFAST_VAULT_PASSPHRASE_COMMAND')
  const credentials = named(environment, 'CREDENTIALS_DIRECTORY')
  if (file !== null && command !== null)
    throw new AppError('invalid_input', 'A passphrase file and a passphrase command were both given.', {
      hint: 'Set one of HOLDFAST_VAULT_PASSPHRASE_FILE and HOLDFAST_VAULT_PASSPHRASE_COMMAND.',
    })
  if (file !== null) {
    const source = `the file ${file}`
    const found = await readSource(file, source)
    if (found === null)
      throw new AppError('invalid_input', `The passphrase can't be read: there is no file ${file}.`, {
        hint: 'Correct HOLDFAST_VAULT_PASSPHRASE_FILE.',
      })
    if (platform !== 'win32' && (found.mode & 0o066) !== 0)
      throw new AppError(
        'invalid_input',
        `Others than its owner may read or change the passphrase file ${file} (its mode is ${(found.mode & 0o777).toString(8)}).`,
        { hint: `Run: chmod 600 ${file}` },
      )
    return { passphrase: asText(found.bytes, source), source }
  }
  if (command !== null) {
    const source = 'the command of HOLDFAST_VAULT_PASSPHRASE_COMMAND'
    return { passphrase: asText(await outputOf(command, environment), source), source }
  }
  if (credentials === null) return null
  // No look at its mode: systemd makes the folder for this service alone, and where the service has a user of its own
  // an ACL on the file shows as permissions of the group.
  const source = 'the systemd credential holdfast-vault'
  const found = await readSource(join(credentials, 'holdfast-vault'), source)
  return found && { passphrase: asText(found.bytes, source), source }
}

function named(environment: Environment, name: string): string | null {
  const value = environment[name]
  return value === undefined || value === '' ? null : value
}

async function readSource(path: string, source: string): Promise<{ bytes: Buffer; mode: number } | null> {
  const found = await readSmallFile(path, maxBytes).catch((error: unknown) => {
    throw new AppError('invalid_input', `The passphrase can't be read from ${source}.`, {
      hint: error instanceof AppError ? error.message : String(error),
      cause: error,
    })
  })
  if (found?.isWhole === false)
    throw new AppError('invalid_input', `What is in ${source} is too long to be a passphrase.`)
  return found
}

function asText(bytes: Uint8Array, source: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new AppError('invalid_input', `The passphrase from ${source} is not UTF-8 text.`, {
      hint: 'Save it as UTF-8.',
    })
  }
  const passphrase = text.replace(/[\r\n]+$/, '')
  if (passphrase !== '') return passphrase
  throw new AppError('invalid_input', `The passphrase from ${source} is empty.`, {
    hint: 'An empty passphrase protects nothing: put one there.',
  })
}

function outputOf(line: string, environment: Environment): Promise<Buffer> {
  const [program, ...args] = splitWords(line)
  if (program === undefined)
    throw new AppError('invalid_input', 'HOLDFAST_VAULT_PASSPHRASE_COMMAND names no program.')
  return new Promise((resolve, reject) => {
    const fail = (what: string) =>
      reject(
        new AppError('invalid_input', `The passphrase command ${what}.`, {
          hint: `Run it by hand: ${program}`,
        }),
      )
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...environment },
      timeout: commandLimitMs,
      killSignal: 'SIGKILL',
    })
    const pieces: Buffer[] = []
    let sizeBytes = 0
    child.stdout.on('data', (piece: Buffer) => {
      sizeBytes += piece.length
      if (sizeBytes > maxBytes) child.kill('SIGKILL')
      else pieces.push(piece)
    })
    child.on('error', error => fail(`can't be run: ${error.message}`))
    child.on('close', (code, killedBy) => {
      if (sizeBytes > maxBytes) fail('prints more than any passphrase')
      else if (code === 0) resolve(Buffer.concat(pieces))
      else fail(killedBy ? `was ended by ${killedBy} (it has a minute)` : `ended with code ${code}`)
    })
  })
}
