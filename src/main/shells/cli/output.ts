import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'

/**
 * The two streams of a command. Results go to stdout, everything else to stderr, and one status line may stand below
 * what stderr shows; it gives way to every other line and is drawn again by whoever owns it.
 */
export interface Output {
  /** A line of the result. */
  print(line: string): void
  /** A line that holds a name from disk, given as bytes (one character each): exact in a pipe, harmless on a terminal. */
  printRaw(line: string): void
  /** Bytes as they are; waits until they are taken. */
  printBytes(bytes: Uint8Array): Promise<void>
  /** One JSON document on a line of its own. */
  json(value: unknown): void
  /** A line for people, beside the result. */
  say(line: string): void
  /** Shows `line`, or takes the status line away. Does nothing where stderr is no terminal. */
  status(line: string | null): void
  /** Waits while the reader is slower than us. False when nobody reads any more: stop producing. */
  ready(): Promise<boolean>
  /** Everything printed has left. @throws disk_full, internal stdout took not all of it */
  finish(): Promise<void>
  readonly stdoutIsTerminal: boolean
  /** What the status line may use; null where there is none (a pipe, a dumb terminal). */
  readonly statusColumns: () => number | null
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
}

/** More than this waiting, and `ready` waits. */
const highWaterChars = 64 * 1024

export function openOutput(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: { NO_COLOR?: string | undefined; TERM?: string | undefined },
): Output {
  let waiting: (string | Uint8Array)[] = []
  let waitingChars = 0
  let scheduled = false
  let closed = false
  let failure: Error | null = null
  let statusShown = ''

  const dumb = env.TERM === 'dumb'
  const stdoutIsTerminal = stdout.isTTY === true
  const stderrIsTerminal = stderr.isTTY === true
  const style = (open: number, close: number) => (text: string) =>
    stderrIsTerminal && stdoutIsTerminal && !dumb && !env.NO_COLOR
      ? `\x1b[${open}m${text}\x1b[${close}m`
      : text

  // A reader that went away (`| head`) is no failure of ours; a full disk behind `>` is one.
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') closed = true
    else failure ??= error
  }
  stdout.on('error', onError)
  stderr.on('error', () => {})

  const clearStatus = () => {
    if (statusShown === '') return
    stderr.write('\r\x1b[K')
    statusShown = ''
  }

  const flush = () => {
    scheduled = false
    const pieces = waiting
    waiting = []
    waitingChars = 0
    if (closed || pieces.length === 0) return
    if (stdoutIsTerminal) clearStatus()
    if (pieces.every(piece => typeof piece === 'string')) stdout.write(pieces.join(''))
    else stdout.write(Buffer.concat(pieces.map(piece => Buffer.from(piece as string))))
  }

  const push = (piece: string | Uint8Array) => {
    waiting.push(piece)
    waitingChars += piece.length
    if (waitingChars >= highWaterChars) flush()
    else if (!scheduled) {
      scheduled = true
      setImmediate(flush)
    }
  }

  const drained = async () => {
    if (closed || failure || !stdout.writableNeedDrain) return
    await new Promise<void>(resolve => {
      const done = () => {
        stdout.off('drain', done).off('error', done).off('close', done)
        resolve()
      }
      stdout.on('drain', done).on('error', done).on('close', done)
    })
  }

  const output: Output = {
    print: line => push(`${line}\n`),
    printRaw: line => {
      if (stdoutIsTerminal) return push(`${visible(Buffer.from(line, 'latin1').toString('utf8'))}\n`)
      push(Buffer.from(`${spellControls(line)}\n`, 'latin1'))
    },
    printBytes: async bytes => {
      flush()
      if (closed) return
      stdout.write(bytes)
      await drained()
    },
    json: value => push(`${JSON.stringify(value).replace(beyondAscii, escapeChar)}\n`),
    say: line => {
      flush()
      clearStatus()
      stderr.write(`${line}\n`)
    },
    status: line => {
      if (line === null) return clearStatus()
      if (!stderrIsTerminal || dumb || line === statusShown) return
      stderr.write(`\r${line}\x1b[K`)
      statusShown = line
    },
    ready: async () => {
      await drained()
      return !closed
    },
    finish: async () => {
      flush()
      clearStatus()
      await new Promise<void>(resolve => {
        if (closed || failure || stdout.destroyed) resolve()
        else stdout.write('', () => resolve())
      })
      if (!failure) return
      const full = (failure as NodeJS.ErrnoException).code === 'ENOSPC'
      throw new AppError(
        full ? 'disk_full' : 'internal',
        `The result could not be written to the standard output: ${failure.message}`,
        { cause: failure },
      )
    },
    stdoutIsTerminal,
    statusColumns: () => (stderrIsTerminal && !dumb ? stderr.columns || 80 : null),
    bold: style(1, 22),
    dim: style(2, 22),
    red: style(31, 39),
    green: style(32, 39),
  }
  return output
}

// JSON escapes the control characters of ASCII by itself; these steer terminals too
// oxlint-disable-next-line no-control-regex
const beyondAscii = /[\x7f-\x9f]/g
const escapeChar = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Control characters in bytes, C1 ones in their UTF-8 form included; other bytes stay exact. */
function spellControls(raw: string): string {
  // oxlint-disable-next-line no-control-regex
  return raw.replace(/[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/g, bytes => visible(bytes.at(-1) ?? ''))
}
