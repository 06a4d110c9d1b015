import type { Backend } from '../../src/main/engine/backend/backend.ts'
import type { BackupOptions } from '../../src/main/engine/backup.ts'
import { noRules } from '../../src/main/engine/files/exclude.ts'
import type { ScryptCost } from '../../src/main/engine/format/key.ts'
import { initRepository, type Repository } from '../../src/main/engine/repository.ts'
import { memoryBackend } from './memory-backend.ts'
import { testPassword } from './restic.ts'
import { testRun } from './run.ts'

/** Keys that open in a millisecond: tests are not about guessing passwords. */
export const quickCost: ScryptCost = { N: 256, r: 8, p: 1 }

/** Always the same, so that files are cut at the same places in every run. */
const testPolynomial = 0x3da3358b4dc173n

export { testPassword }

/** A new, empty repository; in memory unless a backend is given. */
export function freshRepository(
  options: { backend?: Backend; version?: 1 | 2; polynomial?: bigint } = {},
): Promise<Repository> {
  const { backend = memoryBackend(), ...rest } = options
  const who = { hostname: 'atlas', username: 'ada' }
  return initRepository(
    backend,
    { password: testPassword, who, cost: quickCost, polynomial: testPolynomial, ...rest },
    testRun(),
  )
}

/** What a plain `holdfast backup PATH…` asks for. */
export const plainBackup = (paths: string[], more: Partial<BackupOptions> = {}): BackupOptions => ({
  paths,
  rules: noRules,
  tags: [],
  hostname: 'atlas',
  username: 'ada',
  full: false,
  parent: null,
  compression: 'default',
  dryRun: false,
  skipIfUnchanged: false,
  lock: false,
  scan: true,
  threads: 0,
  ...more,
})
