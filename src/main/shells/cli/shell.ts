import { hostname, userInfo } from 'node:os'
import type { Output } from './output.ts'
import type { Secrets } from './password.ts'

/** What every command gets. */
export interface Shell {
  readonly out: Output
  /** Fires on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  readonly secrets: Secrets
  /** `HOLDFAST_REPOSITORY` and `HOLDFAST_FROM_REPOSITORY`. */
  readonly repository: string | undefined
  readonly fromRepository: string | undefined
  /** `HOLDFAST_MEMORY` and `HOLDFAST_THREADS`. */
  readonly effort: { readonly memory: string | undefined; readonly threads: string | undefined }
  /** Options given before the command's name. */
  readonly early: Record<string, unknown>
  /** How the command ends when it does not throw; 0 unless called. */
  exit(code: number): void
}

/** Who makes snapshots, keys and locks here. */
export function whoAmI(): { hostname: string; username: string } {
  let username = ''
  try {
    username = userInfo().username
  } catch {
    // a user without an entry in the password file has no name
  }
  return { hostname: hostname(), username }
}
