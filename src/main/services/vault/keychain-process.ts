import type { AsyncEntry } from 'keytar'

/**
 * The process that talks to the system's keychain, one call at a time. Connecting to a bus that does not answer stops
 * the whole thread that tries, without any time limit, and no thread of a process can be ended from outside: so it is
 * a process, which can.
 */
export type KeychainCall =
  | { ask: 'get' | 'remove'; service: string; account: string }
  | { ask: 'set'; service: string; account: string; secret: string }

/** `connect`: there is nobody to ask. `ask`: the keychain answered with a refusal. */
export type KeychainReply =
  { ok: true; secret: string | null } | { ok: false; during: 'connect' | 'ask'; reason: string }

async function perform(call: KeychainCall): Promise<KeychainReply> {
  let entry: AsyncEntry
  try {
    const { AsyncEntry } = await import('keytar') // fails where there is no binary for the system: no keychain, either
    // The default would fall back to the kernel's keyring without a word, which forgets everything at a restart.
    entry = new AsyncEntry(call.service, call.account, { linux: { store: 'secret-service' } })
  } catch (error) {
    return { ok: false, during: 'connect', reason: textOf(error) }
  }
  try {
    if (call.ask === 'get') return { ok: true, secret: (await entry.getPassword()) ?? null }
    if (call.ask === 'set') await entry.setPassword(call.secret)
    else await entry.deleteCredential()
    return { ok: true, secret: null }
  } catch (error) {
    const reason = textOf(error)
    const isTelling = call.ask === 'set' && reason.includes(call.secret)
    return { ok: false, during: 'ask', reason: isTelling ? 'it gave no reason that may be shown' : reason }
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

process.on('message', (call: KeychainCall) => {
  void perform(call).then(reply => process.send?.(reply))
})
process.on('disconnect', () => process.exit()) // nobody is left to ask
