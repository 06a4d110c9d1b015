import { AppError } from '../../../shared/errors.ts'

/**
 * A line typed at the terminal, unseen. The prompt goes to stderr.
 * @throws cancelled on Ctrl-C, invalid_input on Ctrl-D: an input that ends is no password
 */
export async function ask(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process
  signal.throwIfAborted()
  // unseen before asked: who types at once must not be echoed
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stderr.write(prompt)
  stdin.resume()
  let typed: string[] = []
  let stop: () => void = () => {}
  try {
    return await new Promise<string>((resolve, reject) => {
      const onData = (text: string) => {
        const rest = [...text]
        for (let char = rest.shift(); char !== undefined; char = rest.shift()) {
          if (char === '\r' || char === '\n') {
            stdin.pause()
            if (rest.length > 0) stdin.unshift(rest.join('')) // pasted: the answer to the next question
            return resolve(typed.join(''))
          }
          if (char === '\x03') return reject(new AppError('cancelled', 'Interrupted.'))
          if (char === '\x04' && typed.length === 0) {
            return reject(new AppError('invalid_input', 'No password was typed.'))
          }
          if (char === '\x7f' || char === '\b') typed.pop()
          else if (char === '\x15') typed = []
          else if (char >= ' ') typed.push(char)
        }
      }
      const onEnd = () => reject(new AppError('invalid_input', 'No password was typed.'))
      const onAbort = () => reject(signal.reason)
      stdin.on('data', onData).on('end', onEnd)
      signal.addEventListener('abort', onAbort)
      stop = () => {
        stdin.off('data', onData).off('end', onEnd)
        signal.removeEventListener('abort', onAbort)
      }
    })
  } finally {
    stop()
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}
