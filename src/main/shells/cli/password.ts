import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { splitWords } from '../../../shared/command-words.ts'
import { AppError } from '../../../shared/errors.ts'
import { ask } from './ask.ts'

/** Where one password may come from; the first that is set wins. */
export interface PasswordSource {
  file?: string | undefined
  command?: string | undefined
  /** The password itself, verbatim. */
  text?: string | undefined
}

/** The environment's share, by what the password is for. */
export interface Secrets {
  readonly repository: PasswordSource
  readonly fresh: PasswordSource
  readonly from: PasswordSource
}

/** Takes the secrets out of `env`, so that neither worker threads nor child processes get them. */
export function takeSecrets(env: NodeJS.ProcessEnv): Secrets {
  const take = (name: string) => {
    const value = env[name]
    delete env[name]
    return value === '' ? undefined : value
  }
  const source = (prefix: string): PasswordSource => ({
    file: take(`${prefix}_FILE`),
    command: take(`${prefix}_COMMAND`),
    text: take(prefix),
  })
  return {
    repository: source('HOLDFAST_PASSWORD'),
    fresh: source('HOLDFAST_NEW_PASSWORD'),
    from: source('HOLDFAST_FROM_PASSWORD'),
  }
}

/**
 * The password from the options, else from the environment, else typed at the terminal.
 * @param question.twice for a new password: asked again, and refused when empty
 * @throws invalid_input there is none, or its source does not work
 */
export async function readPassword(
  options: PasswordSource,
  environment: PasswordSource,
  question: { prompt: string; twice: boolean; setBy: string },
  signal: AbortSignal,
): Promise<{ password: string; typed: boolean }> {
  if (options.file !== undefined && options.command !== undefined) {
    throw new AppError('invalid_input', 'A password file and a password command were both given.', {
      hint: 'Give one of them.',
    })
  }
  const source = options.file === undefined && options.command === undefined ? environment : options
  const given = await fromSource(source, signal)
  if (given !== null) {
    if (question.twice && given === '') throw emptyPassword()
    return { password: given, typed: false }
  }
  if (process.stdin.isTTY !== true) {
    throw new AppError('invalid_input', 'No password was given, and there is no terminal to ask for one.', {
      hint: question.setBy,
    })
  }
  const password = await ask(`${question.prompt}: `, signal)
  if (question.twice) {
    if (password === '') throw emptyPassword()
    if ((await ask(`${question.prompt}, again: `, signal)) !== password) {
      throw new AppError('invalid_input', 'The two passwords are not the same.', { hint: 'Try again.' })
    }
  }
  return { password, typed: true }
}

async function fromSource(source: PasswordSource, signal: AbortSignal): Promise<string | null> {
  if (source.file !== undefined) {
    const { file } = source
    const bytes = await readFile(file, { signal }).catch((error: Error) => {
      signal.throwIfAborted()
      throw new AppError('invalid_input', `The password file can't be read: ${error.message}`, {
        cause: error,
      })
    })
    return passwordFromBytes(bytes, `The password file ${file}`)
  }
  if (source.command !== undefined) {
    return passwordFromBytes(await outputOf(source.command, signal), "The password command's output")
  }
  return source.text ?? null
}

const emptyPassword = () =>
  new AppError('invalid_input', 'An empty password protects nothing.', { hint: 'Choose another password.' })

/**
 * The text of a password file: a byte order mark decoded, white space around it removed, as restic does.
 * @throws invalid_input not text
 */
export function passwordFromBytes(bytes: Uint8Array, what: string): string {
  const buffer = Buffer.from(bytes)
  let text: string
  if (buffer[0] === 0xff && buffer[1] === 0xfe) text = buffer.toString('utf16le', 2)
  else if (buffer[0] === 0xfe && buffer[1] === 0xff) {
    text = buffer
      .subarray(0, buffer.length & ~1)
      .swap16()
      .toString('utf16le', 2)
  } else {
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(buffer) // takes the mark away
    } catch (error) {
      throw new AppError('invalid_input', `${what} is not UTF-8 text.`, {
        hint: 'Save the password as UTF-8.',
        cause: error,
      })
    }
  }
  // Go's idea of white space, so that restic reads the same password out of the same file
  const space = '[\\t\\n\\v\\f\\r \\u0085\\p{Z}]+'
  return text.replace(new RegExp(`^${space}|${space}$`, 'gu'), '')
}

/** Runs without a shell, as restic does; only quotes and backslashes have a meaning. */
async function outputOf(commandLine: string, signal: AbortSignal): Promise<Buffer> {
  const [program, ...args] = splitWords(commandLine)
  if (program === undefined) throw new AppError('invalid_input', 'The password command is empty.')
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'inherit'], signal })
    const pieces: Buffer[] = []
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
    child.on('error', error => {
      if (signal.aborted) return reject(signal.reason)
      reject(
        new AppError('invalid_input', `The password command can't be run: ${error.message}`, {
          cause: error,
        }),
      )
    })
    child.on('close', (code, killedBy) => {
      if (code === 0) return resolve(Buffer.concat(pieces))
      const how = killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`
      reject(
        new AppError('invalid_input', `The password command ${how}.`, {
          hint: `Run it by hand: ${program}`,
        }),
      )
    })
  })
}
