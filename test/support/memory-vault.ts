import type { VaultInfo } from '../../src/shared/entities/application.ts'
import type { Vault } from '../../src/main/services/vault/vault.ts'
import { AppError } from '../../src/shared/errors.ts'

/** A vault that forgets everything when the process ends, and can be locked. */
export function memoryVault(secrets: Record<string, string> = {}): Vault & { lock(): void } {
  const kept = new Map(Object.entries(secrets))
  let locked = false
  const info = (): VaultInfo => ({
    kind: 'sealed-file',
    state: locked ? 'locked' : 'open',
    explanation: 'Passwords are kept in memory, for tests.',
  })
  const requireOpen = () => {
    if (locked) throw new AppError('vault_locked', 'The place where passwords are kept is locked.')
  }
  return {
    info,
    lock: () => void (locked = true),
    async get(name) {
      requireOpen()
      return kept.get(name) ?? null
    },
    async set(name, secret) {
      requireOpen()
      kept.set(name, secret)
    },
    async remove(name) {
      requireOpen()
      kept.delete(name)
    },
    async unlock() {
      locked = false
      return info()
    },
  }
}
