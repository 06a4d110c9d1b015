import { randomBytes } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import type { AskKeychain, KeychainAnswer } from './keychain-client.ts'
import type { SecretName, Vault } from './vault.ts'

export const service = 'Holdfast'

type Refusal = Extract<KeychainAnswer, { ok: false }>

/** What a keychain that does not do as asked seems to be. */
export type Trouble = {
  /**
   * `absent`: there is none. `unset`: there is one without any keyring in it. `locked`: it refused, or nobody answered
   * its prompt. `silent`: no answer in time.
   */
  readonly kind: 'absent' | 'unset' | 'locked' | 'silent'
  readonly reason: string
}

export interface KeychainOptions {
  readonly ask: AskKeychain
  /** Tells the entries of one data directory from those of another. */
  readonly prefix: string
  readonly platform: NodeJS.Platform
  readonly now: () => number
  /** Passwords are kept there already, as far as is known. */
  readonly isDecided: boolean
  /** Called, once, when the keychain is first found to work and before anything is kept there. */
  readonly opened?: () => Promise<void>
}

/** For so long a keychain that was locked is not asked again, lest ten waiting runs put up ten prompts. */
const restMs = 60_000

/**
 * Passwords in the system's keychain.
 *
 * A locked keychain can look like an empty one: for some of them `get` then finds nothing. So nothing counts as absent
 * before a random value has been stored, read and removed at that moment. Every call has the client's time limit.
 */
export async function openKeychain(
  options: KeychainOptions,
): Promise<{ vault: Vault; trouble: Trouble | null }> {
  const { ask, prefix, now } = options
  const account = (name: string) => `${prefix}/${name}`
  let trouble: Trouble | null = null
  let askedAtMs = 0
  let isKnownToWork = false
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other: two probes at once would read each other's value. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }

  /** Whether it keeps, gives back and removes a value, now. */
  async function probe(): Promise<void> {
    const secret = randomBytes(16).toString('hex')
    const entry = { service, account: account('probe') }
    const stored = await ask({ ask: 'set', ...entry, secret })
    if (!stored.ok) return note(stored)
    const read = await ask({ ask: 'get', ...entry })
    if (!read.ok) return note(read)
    const removed = await ask({ ask: 'remove', ...entry })
    if (!removed.ok) return note(removed)
    if (read.secret !== secret)
      return note({ ok: false, during: 'ask', reason: 'it does not give back what it was given' })
    if (!isKnownToWork) await options.opened?.()
    isKnownToWork = true
    trouble = null
  }

  function note(answer: Refusal): void {
    trouble = { kind: meaningOf(answer), reason: answer.reason }
    askedAtMs = now()
  }

  /** @throws vault_locked, backend_unreachable */
  async function mustWork(mayRest: boolean): Promise<void> {
    if (!mayRest || trouble === null || Math.abs(now() - askedAtMs) >= restMs) await probe()
    if (trouble !== null) throw failure(trouble)
  }

  /** After a refusal: the keychain's trouble, or this call's own when the keychain works. */
  async function refused(answer: Refusal): Promise<never> {
    note(answer)
    if (answer.during === 'ask' && !isDismissed.test(answer.reason)) await mustWork(false)
    if (trouble !== null) throw failure(trouble)
    throw new AppError('backend_refused', `The keychain refuses this: ${answer.reason}.`, {
      hint: 'Try a shorter password, or keep passwords in a sealed file: start Holdfast with HOLDFAST_VAULT=file.',
    })
  }

  async function get(name: SecretName): Promise<string | null> {
    const answer = await ask({ ask: 'get', service, account: account(name) })
    if (!answer.ok) return refused(answer)
    return answer.secret
  }

  function info(): ReturnType<Vault['info']> {
    return {
      kind: 'keychain',
      state: trouble === null ? 'open' : stateOf(trouble),
      explanation: explain(trouble, options),
    }
  }

  await probe()
  const vault: Vault = {
    info,

    get: name =>
      inTurn(async () => {
        if (trouble !== null) await mustWork(true)
        const first = await get(name)
        if (first !== null) return first
        await mustWork(false)
        return get(name) // it may have been locked at the first, and unlocked since
      }),

    set: (name, secret) =>
      inTurn(async () => {
        if (trouble !== null) await mustWork(true)
        const answer = await ask({ ask: 'set', service, account: account(name), secret })
        if (!answer.ok) return refused(answer)
        if ((await get(name)) === secret) return
        throw new AppError('backend_refused', 'The keychain did not keep the password as it was given.', {
          hint: 'Keep passwords in a sealed file: start Holdfast with HOLDFAST_VAULT=file.',
        })
      }),

    remove: name =>
      inTurn(async () => {
        if (trouble !== null) await mustWork(true)
        const call = { ask: 'remove', service, account: account(name) } as const
        const first = await ask(call)
        if (!first.ok) return refused(first)
        await mustWork(false)
        const second = await ask(call) // what seemed not to be there may have been locked away
        if (!second.ok) return refused(second)
      }),

    unlock: () => inTurn(probe).then(info),
  }
  return { vault, trouble }
}

// The binding gives one code for all failures, so its words have to do (test/services/vault/keychain.test.ts meets each
// of them for real). Words that are not known count as locked: nothing is ever concluded from them.
const isWithoutKeyring = /no result found/i
const isWithoutReply = /did not receive a reply|timed? ?out/i
const isDismissed = /prompt was dismissed|locked/i

function meaningOf({ during, reason }: Refusal): Trouble['kind'] {
  if (during === 'wait' || isWithoutReply.test(reason)) return 'silent'
  if (during === 'connect') return 'absent'
  return isWithoutKeyring.test(reason) ? 'unset' : 'locked'
}

const stateOf = ({ kind }: Trouble): 'locked' | 'unavailable' =>
  kind === 'absent' || kind === 'unset' ? 'unavailable' : 'locked'

const unlockIt =
  'Unlock it (logging in to the desktop usually does) and try again in a minute, or at once with `holdfast vault unlock`.'
const findIt =
  'Start Holdfast where the keychain can be reached, usually inside the desktop session; or keep passwords in a sealed file from now on (HOLDFAST_VAULT=file) and give them again.'

const wording: Record<Trouble['kind'], { what: string; next: string }> = {
  absent: { what: "This computer's keychain can't be reached", next: findIt },
  unset: { what: "This computer's keychain has no keyring in it to keep passwords in", next: findIt },
  locked: { what: "This computer's keychain is locked", next: unlockIt },
  silent: {
    what: "This computer's keychain does not answer",
    next: `It may be waiting for you at a prompt. ${unlockIt}`,
  },
}

function failure({ kind, reason }: Trouble): AppError {
  const { what, next } = wording[kind]
  const code = stateOf({ kind, reason }) === 'locked' ? 'vault_locked' : 'backend_unreachable'
  return new AppError(code, `${what} (${reason}).`, { hint: next })
}

/** Where passwords are on this system, for people. */
const keychainOf: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'the keychain of this Mac',
  win32: 'the Windows Credential Manager',
}

function explain(
  trouble: Trouble | null,
  { platform, isDecided }: Pick<KeychainOptions, 'platform' | 'isDecided'>,
): string {
  const where = keychainOf[platform] ?? "this computer's keychain (GNOME Keyring / Secret Service)"
  const kept = `Passwords are kept in ${where}.`
  if (trouble === null) return kept
  const { what, next } = wording[trouble.kind]
  const choose = 'To do without it, start Holdfast with HOLDFAST_VAULT=file.'
  const now = `${what} now (${trouble.reason}), so no password can be read or kept. ${next}`
  return isDecided ? `${kept} ${now}` : `${now} ${choose}`
}

/** Why there is no keychain to use, for people. */
export const absenceOf = ({ kind }: Trouble, platform: NodeJS.Platform): string =>
  kind === 'unset'
    ? "This computer's keychain has no keyring in it"
    : platform === 'linux'
      ? 'There is no keychain here (no D-Bus session with a Secret Service)'
      : 'There is no keychain here'
