import type { VaultInfo } from '../../../shared/entities/application.ts'

/**
 * Where secrets are kept: the system's keychain, or a sealed file where there is none. Which one is decided once, by a
 * probe, and told; never silently.
 */
export interface Vault {
  info(): VaultInfo
  /**
   * null when there is none of this name, never because it is locked.
   * @throws vault_locked; backend_unreachable there is no way to the keychain now; backend_refused it will not;
   * data_corrupt the sealed file is damaged or gone
   */
  get(name: SecretName): Promise<string | null>
  /** Kept durably when it returns. @throws as `get`, and disk_full */
  set(name: SecretName, secret: string): Promise<void>
  /** Removing what is not there succeeds. @throws as `set` */
  remove(name: SecretName): Promise<void>
  /**
   * Opens the sealed file with its passphrase, or makes it on first use; a keychain is asked again whether it is open.
   * @throws wrong_password nothing was changed; invalid_input an empty passphrase; data_corrupt
   */
  unlock(passphrase: string): Promise<VaultInfo>
}

/** `repository/<destination id>`: the password of a repository. */
export type SecretName = `repository/${string}` | `token/${string}` | `credentials/${string}`
