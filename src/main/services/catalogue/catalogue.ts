import type { Input, Output } from '../../../shared/contract.ts'
import type { AuditEntry, Settings } from '../../../shared/entities/application.ts'
import type { Destination, FoundPath, SnapshotInfo } from '../../../shared/entities/destination.ts'
import type { FileVersion, RestoreAction, RestoreItem } from '../../../shared/entities/browse.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import type { LogLine, Run, RunState, RunWarning } from '../../../shared/entities/run.ts'

/** What is stored of a plan: `Plan` without what is computed. */
export type StoredPlan = Omit<Plan, 'schedule'>
/** What is stored of a destination; whether the vault has its password is asked there. */
export type StoredDestination = Omit<Destination, 'hasPassword'>

/** Where one schedule of a plan stands; kept apart from the plan, for it changes without anybody editing the plan. */
export interface StoredSchedule {
  planId: string
  scheduleId: string
  /** Of `when` and `zone`: when it differs from the plan's the due time is worked out anew. */
  fingerprint: string
  nextDueAtMs: number | null
  /** The latest slot that was answered: by a run, or by a record that it was missed. */
  handledUntilMs: number
  consecutiveFailures: number
  disabledBecause: string | null
}

export interface RunQuery {
  planId?: string
  states?: readonly RunState[]
  after?: string
  limit: number
}

/** A folder's listing as the path index takes it: a tree blob, by its ID, indexed once however many snapshots share it. */
export interface IndexedTree {
  treeId: string
  entries: readonly {
    name: string
    type: string
    sizeBytes: number
    modifiedAtMs: number
    /** What tells one version of a file from another: a hash of its list of blobs; '' for what is no file. */
    contentKey: string
    subtreeId: string | null
  }[]
}

/**
 * What the application knows: plans, destinations, runs, snapshots, settings, audit. One SQLite file; nothing outside
 * this folder speaks SQL. Everything but plans, history and audit can be made again from the repositories.
 *
 * Calls are synchronous and short (a few milliseconds); each changes all it says or nothing.
 * @throws disk_full from any that writes
 */
export interface Catalogue {
  /** Larger than any that was given before, also by an earlier process. */
  nextRevision(): number

  plans: {
    list(): StoredPlan[]
    get(id: string): StoredPlan | null
    /** @throws conflict the name is taken */
    insert(plan: StoredPlan): void
    /** @throws not_found; conflict: the stored revision is not `expected` (null: whatever it is), or the name is taken */
    update(plan: StoredPlan, expected: number | null): void
    /** Its runs stay, with its name. */
    remove(id: string): void
    schedules(planId: string): StoredSchedule[]
    saveSchedule(state: StoredSchedule): void
    removeSchedule(planId: string, scheduleId: string): void
  }

  destinations: {
    list(): StoredDestination[]
    get(id: string): StoredDestination | null
    /** @throws conflict the name or the location is taken */
    insert(destination: StoredDestination): void
    /** @throws not_found, conflict */
    update(destination: StoredDestination, expected: number | null): void
    /** Its snapshots and their index go too. @throws conflict a plan uses it */
    remove(id: string): void
  }

  runs: {
    /** Inserts or replaces. */
    save(run: Run): void
    get(id: string): Run | null
    /** The newest first. */
    page(query: RunQuery): { runs: Run[]; total: number }
    /** Those that have not ended, the oldest first. */
    open(): Run[]
    /** The newest backup of a plan that has ended, dry runs apart; `states`: only those that ended so. */
    newest(planId: string, states?: readonly RunState[]): Run | null
    appendLog(runId: string, lines: readonly Omit<LogLine, 'seq'>[]): void
    log(runId: string, afterSeq: number, limit: number): LogLine[]
    appendWarnings(runId: string, warnings: readonly Omit<RunWarning, 'seq'>[]): void
    warnings(runId: string, afterSeq: number, limit: number): RunWarning[]
    /** What a restore did to each item. */
    appendItems(runId: string, items: readonly Omit<RestoreItem, 'seq'>[]): void
    items(
      runId: string,
      page: { actions?: readonly RestoreAction[] | undefined; afterSeq: number; limit: number },
    ): RestoreItem[]
    /** Removes logs, warnings and items (not the records of runs) from before then. */
    forgetLogsBefore(ms: number): void
  }

  snapshots: {
    list(filter: { destinationId?: string; planId?: string }): SnapshotInfo[]
    /** Makes the list of a destination exactly this; what is gone leaves the index too. `indexed` is kept as it was. */
    replaceAll(destinationId: string, snapshots: readonly Omit<SnapshotInfo, 'indexed'>[]): void
    /** One that was just made. */
    add(snapshot: Omit<SnapshotInfo, 'indexed'>): void
    /** Of these trees, those that the index does not have yet. */
    unknownTrees(destinationId: string, treeIds: readonly string[]): string[]
    /** Takes in some folders; call it in slices, each is one transaction. */
    addTrees(destinationId: string, trees: readonly IndexedTree[]): void
    /** All trees below its root are in: search may find what is in it. */
    markIndexed(destinationId: string, snapshotId: string): void
    search(query: { query: string; destinationId?: string; limit: number }): {
      found: FoundPath[]
      more: boolean
      snapshotsSearched: number
    }
    /**
     * A folder of one snapshot, or merged over all (of a plan); folders first, then in natural order. A large one is
     * gone through in slices, hence the promise. null: that snapshot is unknown or not indexed.
     *
     * Over all time everything ever there is listed. As of a snapshot, `showDeleted` adds what those of its kind had
     * there before it. A folder that is not in the chosen snapshot but in others is empty, not missing.
     * @throws not_found no indexed snapshot has such a folder
     */
    folder(query: Input<'browse.folder'>): Promise<Output<'browse.folder'> | null>
    /** Distinct contents of what is no folder, the newest first; empty when no indexed snapshot has it. */
    versions(query: Input<'browse.versions'>): Promise<FileVersion[]>
    /** Of places that lie in each other only the outer one counts. null: not indexed. @throws not_found */
    measure(query: Input<'browse.measure'>): Promise<Output<'browse.measure'> | null>
    /**
     * Removes trees that no snapshot reaches any more, a slice at a time; true when there is more to do. Leaves
     * destinations alone that have a snapshot which is not indexed yet: its trees may be on their way in.
     */
    sweep(): boolean
  }

  settings: { get(): Settings; save(settings: Settings): void }

  audit: {
    append(entry: Omit<AuditEntry, 'seq' | 'hash'>): AuditEntry
    /** The newest first. */
    page(beforeSeq: number | null, limit: number): AuditEntry[]
    verify(): { entries: number; brokenAtSeq: number | null }
  }

  /**
   * What a person must be told about the catalogue itself, since this process opened it: that it was damaged and what
   * was rescued, that the index of snapshots starts anew (then every destination's `refreshedAtMs` is null), rows that
   * could not be read. Grows; nothing in it is said twice.
   */
  notices(): readonly string[]

  close(): void
}
