import type { AnyEvent } from '../../../shared/contract.ts'
import type { Run } from '../../../shared/entities/run.ts'
import type { Catalogue, StoredDestination, StoredPlan } from '../catalogue/catalogue.ts'
import type { Vault } from '../vault/vault.ts'

/** Settles after so many milliseconds, or at once when `signal` fires; it never rejects. */
export type Wait = (ms: number, signal: AbortSignal) => Promise<void>

/** What runs need of the world. */
export interface RunsPorts {
  readonly catalogue: Catalogue
  readonly vault: Pick<Vault, 'get'>
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly wait: Wait
  /** In [0, 1): spreads what would else happen at the same moment on many machines. */
  readonly random: () => number
  readonly publish: (event: AnyEvent) => void
  /** For hooks; what is secret in it is left out. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly hostname: string
  readonly username: string
  /** Absolute paths that no run may open: the files whose locks this process would lose by it (`catalogueFiles`). */
  readonly leaveOut: readonly string[]
  /** Asked at the start of each run. Absent: as the engine sees fit. */
  readonly resources: (plan: StoredPlan) => { threads?: number; memoryBytes?: number }
  /** Why a run of this plan must wait, in words; null when nothing is in its way. */
  readonly unmet: (plan: StoredPlan, trigger: Run['trigger']) => string | null
  /** Tells when `unmet` or the vault may answer differently. Returns how to stop hearing. */
  readonly onConditionsChange: (listener: () => void) => () => void
  /** A destination was opened for the first time, or its snapshots were read; it is stored already. */
  readonly destinationChanged: (destination: StoredDestination) => void
  /** Something failed that is no failure of a run: the history can't be written, the search index not be made. */
  readonly trouble: (error: unknown) => void
}
