import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { KeychainCall, KeychainReply } from './keychain-process.ts'
import type { Environment } from './passphrase.ts'

/** `wait`: no answer within the time limit, or the process that asks broke down; whether it took effect is not known. */
export type KeychainAnswer = KeychainReply | { ok: false; during: 'wait'; reason: string }

/** Calls are made one after the other, in the order given. Never rejects. */
export type AskKeychain = (call: KeychainCall) => Promise<KeychainAnswer>

const idleMs = 5_000

const running = new Set<ChildProcess>()
const endAll = (): void => running.forEach(child => child.kill('SIGKILL'))

/**
 * Asks the keychain through a process of its own, started when it is needed and ended soon after. A call that takes
 * longer than `limitMs` (a hung service, a prompt that nobody answers) is given up, and the process ended. What it
 * had asked for by then may still be done when the service wakes up.
 */
export function keychainClient(environment: Environment, limitMs: number): AskKeychain {
  let child: ChildProcess | null = null
  let idle: NodeJS.Timeout | undefined
  let last: Promise<unknown> = Promise.resolve()

  function start(): ChildProcess {
    const started = fork(fileURLToPath(new URL('keychain-process.ts', import.meta.url)), {
      env: Object.fromEntries(Object.entries(environment).filter(([name]) => isForKeychain(name))),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    if (running.size === 0) process.once('exit', endAll) // else one that hangs would stay behind
    running.add(started)
    started.once('exit', () => {
      running.delete(started)
      if (running.size === 0) process.off('exit', endAll)
      if (child === started) child = null
    })
    started.on('error', () => undefined) // told by the call that is under way
    return started
  }

  /** The next call starts another one. */
  function end(one: ChildProcess): void {
    if (child === one) child = null
    one.kill('SIGKILL')
  }

  function call(message: KeychainCall): Promise<KeychainAnswer> {
    clearTimeout(idle)
    const asked = (child ??= start())
    asked.ref()
    asked.channel?.ref()
    return new Promise(resolve => {
      const reason = `no answer within ${limitMs / 1000} s`
      const limit = setTimeout(() => finish({ ok: false, during: 'wait', reason }), limitMs)
      const onExit = () => finish(broken('it ended without an answer'))
      const onError = (error: Error) => finish(broken(error.message))
      function finish(answer: KeychainAnswer): void {
        clearTimeout(limit)
        asked.off('message', finish).off('exit', onExit).off('error', onError)
        if (answer.ok) rest(asked)
        else end(asked) // it may hang, or hold a connection to a service that was started anew
        resolve(answer)
      }
      asked.once('message', finish).once('exit', onExit).once('error', onError)
      asked.send(message, error => error && onError(error))
    })
  }

  /** While nothing is asked it must not keep this process alive. */
  function rest(one: ChildProcess): void {
    one.unref()
    one.channel?.unref()
    idle = setTimeout(() => end(one), idleMs).unref()
  }

  return message => {
    const turn = last.then(() => call(message))
    last = turn
    return turn
  }
}

const broken = (reason: string): KeychainAnswer => ({
  ok: false,
  during: 'wait', // says nothing about the keychain
  reason: `the process that asks the keychain failed: ${reason}`,
})

/** Neither our own settings nor what would change how the process runs. */
const isForKeychain = (name: string): boolean => !name.startsWith('HOLDFAST_') && name !== 'NODE_OPTIONS'
