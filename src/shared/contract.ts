import { z } from 'zod'
import { AppInfo, AuditEntry, Settings, SettingsChange, Status, VaultInfo } from './entities/application.ts'
import {
  Comparison,
  FileVersion,
  FolderRow,
  LocalEntry,
  PlaceReport,
  Preview,
  RestoreAction,
  RestoreItem,
  RestoreRequest,
} from './entities/browse.ts'
import { Destination, DestinationDraft, FoundPath, SnapshotInfo } from './entities/destination.ts'
import { BackupType, Plan, PlanDraft, Rules, When } from './entities/plan.ts'
import { LogLine, Run, RunState, RunWarning } from './entities/run.ts'
import type { WireError } from './errors.ts'

/**
 * Every method and event of the application, once. Electron IPC, the local socket, HTTP and the command line are thin
 * transports over it; schemas validate at the border, types follow from them.
 *
 * What is stored carries a `revision` that only grows, also through restarts: the newer one wins, so an old answer never
 * undoes a live event. A saved change names the revision it started from and is refused with `conflict` when there is a
 * newer one.
 */

interface MethodShape<I extends z.ZodType, O extends z.ZodType> {
  readonly input: I
  readonly output: O
  /** One line, for the API's documentation. */
  readonly summary: string
  /** It changes something, and is written to the audit log. */
  readonly changes: boolean
}

const asks = <I extends z.ZodType, O extends z.ZodType>(
  summary: string,
  input: I,
  output: O,
): MethodShape<I, O> => ({ input, output, summary, changes: false })
const changes = <I extends z.ZodType, O extends z.ZodType>(
  summary: string,
  input: I,
  output: O,
): MethodShape<I, O> => ({ input, output, summary, changes: true })

const none = z.undefined()
const byId = z.strictObject({ id: z.uuid() })
const password = z.string().min(1).max(10_000)
const localPath = z.string().min(1).max(4096)
const pageLimit = z.int().min(1).max(1000).default(100)
const pauseUntil = z.union([z.number(), z.literal('forever')])

export const methods = {
  'app.info': asks('What is running, where it keeps its data, and where secrets are kept', none, AppInfo),
  'app.status': asks('Whether everything is protected, in words and by plan', none, Status),
  'app.pause': changes('Start no schedule until then', z.strictObject({ until: pauseUntil }), Settings),
  'app.resume': changes('Let schedules start again', none, Settings),
  'app.stop': changes(
    'End the process that hosts the application, after its runs or by cancelling them',
    z.strictObject({ runs: z.enum(['finish', 'cancel']) }),
    none,
  ),

  'settings.get': asks('The settings', none, Settings),
  'settings.update': changes('Change some settings; those not named stay', SettingsChange, Settings),

  'vault.info': asks('Where secrets are kept', none, VaultInfo),
  'vault.unlock': changes(
    'Open the sealed file of secrets, or make it',
    z.strictObject({ passphrase: password }),
    VaultInfo,
  ),

  'destination.list': asks('All destinations', none, z.array(Destination)),
  'destination.create': changes(
    'Add a destination; makes a repository there, or uses the one that is there if the password opens it',
    z.strictObject({ draft: DestinationDraft, password, create: z.boolean() }),
    Destination,
  ),
  'destination.rename': changes(
    'Rename a destination',
    z.strictObject({ id: z.uuid(), name: DestinationDraft.shape.name, revision: z.int() }),
    Destination,
  ),
  'destination.setPassword': changes(
    'Store the password of a repository again, after it was lost or changed; it is tried first',
    z.strictObject({ id: z.uuid(), password }),
    Destination,
  ),
  'destination.remove': changes(
    'Forget a destination that no plan uses; the repository itself stays as it is',
    byId,
    none,
  ),
  'destination.refresh': changes('Read the snapshots again and index what is new', byId, Destination),

  'plan.list': asks('All plans', none, z.array(Plan)),
  'plan.get': asks('One plan', byId, Plan),
  'plan.create': changes('Add a plan', z.strictObject({ draft: PlanDraft }), Plan),
  'plan.update': changes(
    'Save a changed plan',
    z.strictObject({ id: z.uuid(), draft: PlanDraft, revision: z.int() }),
    Plan,
  ),
  'plan.remove': changes('Remove a plan; its snapshots and its history stay', byId, none),
  'plan.pause': changes(
    'Start none of its schedules until then',
    z.strictObject({ id: z.uuid(), until: pauseUntil }),
    Plan,
  ),
  'plan.resume': changes('Let its schedules start again', byId, Plan),
  'plan.enableSchedule': changes(
    'Turn a schedule on again that failures turned off',
    z.strictObject({ id: z.uuid(), scheduleId: z.string() }),
    Plan,
  ),
  'plan.test': asks(
    'Check everything a run needs, without writing anything',
    byId,
    z.array(
      z.object({ what: z.string(), ok: z.boolean(), message: z.string(), hint: z.string().nullable() }),
    ),
  ),
  'plan.export': asks(
    'All plans and destinations as one YAML file, without secrets',
    none,
    z.object({ yaml: z.string() }),
  ),
  'plan.apply': changes(
    'Make the plans and destinations what a YAML file says; with `dryRun`, only tell what would change',
    z.strictObject({
      yaml: z.string().max(1_000_000),
      variables: z.record(z.string(), z.string()).default({}),
      dryRun: z.boolean(),
      prune: z.boolean().default(false),
    }),
    z.array(
      z.object({
        kind: z.enum(['plan', 'destination']),
        name: z.string(),
        action: z.enum(['create', 'update', 'remove', 'unchanged']),
        changes: z.array(z.string()),
      }),
    ),
  ),
  'schedule.preview': asks(
    'A schedule in words, and its next times',
    z.strictObject({ when: When, zone: z.string().nullable(), count: z.int().min(1).max(100).default(5) }),
    z.object({ words: z.string(), nextMs: z.array(z.number()) }),
  ),

  'run.list': asks(
    'Runs, the newest first, by page',
    z.strictObject({
      planId: z.uuid().optional(),
      states: z.array(RunState).optional(),
      /** The last of the page before; runs older than it follow. */
      after: z.uuid().optional(),
      limit: pageLimit,
    }),
    z.object({ runs: z.array(Run), total: z.int() }),
  ),
  'run.get': asks('One run', byId, Run),
  'run.log': asks(
    'Lines of the log of a run',
    z.strictObject({ id: z.uuid(), afterSeq: z.int().default(0), limit: pageLimit }),
    z.array(LogLine),
  ),
  'run.warnings': asks(
    'What a run could not read or store',
    z.strictObject({ id: z.uuid(), afterSeq: z.int().default(0), limit: pageLimit }),
    z.array(RunWarning),
  ),
  'run.start': changes(
    'Start a plan now',
    z.strictObject({
      planId: z.uuid(),
      type: BackupType.default('incremental'),
      dryRun: z.boolean().default(false),
    }),
    Run,
  ),
  'run.cancel': changes('Cancel a run; what it stored is reused by the next one', byId, Run),
  'run.pause': changes('Hold a run that is going on', byId, Run),
  'run.resume': changes('Let a held run go on', byId, Run),

  'snapshot.list': asks(
    'Snapshots, the newest first',
    z.strictObject({ destinationId: z.uuid().optional(), planId: z.uuid().optional() }),
    z.array(SnapshotInfo),
  ),
  'snapshot.search': asks(
    'Search names in all indexed snapshots; `*` and `?` stand for anything',
    z.strictObject({
      query: z.string().trim().min(1).max(500),
      destinationId: z.uuid().optional(),
      limit: pageLimit,
    }),
    z.object({ found: z.array(FoundPath), more: z.boolean(), snapshotsSearched: z.int() }),
  ),

  'source.suggest': asks(
    'Folders of this machine that people would miss',
    none,
    z.object({
      home: z.string(),
      folders: z.array(
        z.object({ path: z.string(), label: z.string(), kind: z.string(), suggested: z.boolean() }),
      ),
    }),
  ),
  'source.folder': asks(
    'What is in a folder of this machine',
    z.strictObject({ path: localPath }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(LocalEntry),
      /** Entries that are not listed. */
      more: z.int(),
    }),
  ),
  'source.measure': asks(
    'Count files and bytes at some places, and what rules leave out; takes ten seconds at most',
    z.strictObject({ paths: z.array(localPath).min(1).max(1000), rules: Rules.prefault({}) }),
    z.object({
      files: z.number(),
      bytes: z.number(),
      folders: z.number(),
      excludedFiles: z.number(),
      excludedBytes: z.number(),
      excluded: z.array(z.object({ path: z.string(), folder: z.boolean() })),
      unreadable: z.number(),
      /** false: the counts are the least there is. */
      complete: z.boolean(),
    }),
  ),
  'destination.places': asks(
    'Drives of this machine where a backup could go',
    none,
    z.array(
      z.object({
        path: z.string(),
        label: z.string(),
        freeBytes: z.number(),
        totalBytes: z.number(),
        sameDriveAsSystem: z.boolean(),
      }),
    ),
  ),
  'destination.look': asks(
    'Whether a place can take a backup, or has one',
    z.strictObject({ path: localPath }),
    PlaceReport,
  ),
  'destination.tryPassword': asks(
    'Whether a password opens the repository of a destination, by opening it afresh',
    z.strictObject({ id: z.uuid(), password }),
    z.object({ opens: z.boolean() }),
  ),

  'browse.folder': asks(
    'A folder of one snapshot, or merged over all of them',
    z.strictObject({
      destinationId: z.uuid(),
      planId: z.uuid().optional(),
      /** Absolute in the snapshot; `/` is its root. */
      path: z.string().min(1).max(8192),
      /** A snapshot; null: all time, with whatever was deleted meanwhile. */
      asOf: z.string().nullable(),
      /** Adds to a snapshot what those before it had there. */
      showDeleted: z.boolean().default(false),
      offset: z.int().min(0).default(0),
      limit: z.int().min(1).max(5000).default(1000),
    }),
    z.object({
      rows: z.array(FolderRow),
      total: z.int(),
      /** Snapshots that were left out, as they have not been read yet. */
      notIndexed: z.int(),
    }),
  ),
  'browse.versions': asks(
    'The contents that a file has had, the newest first',
    z.strictObject({
      destinationId: z.uuid(),
      planId: z.uuid().optional(),
      path: z.string().min(1).max(8192),
    }),
    z.array(FileVersion),
  ),
  'browse.preview': asks(
    'The beginning of a text, or a picture',
    z.strictObject({ destinationId: z.uuid(), snapshotId: z.string(), path: z.string().min(1).max(8192) }),
    Preview,
  ),
  'browse.compare': asks(
    'What differs between two snapshots',
    z.strictObject({
      destinationId: z.uuid(),
      before: z.string(),
      after: z.string(),
      /** Only at and below this path. */
      path: z.string().max(8192).default('/'),
      limit: z.int().min(1).max(10_000).default(2000),
    }),
    z.object({ entries: z.array(Comparison), more: z.boolean() }),
  ),
  'browse.measure': asks(
    'How much a selection of a snapshot is',
    z.strictObject({
      destinationId: z.uuid(),
      snapshotId: z.string(),
      paths: z.array(z.string().min(1).max(8192)).min(1).max(10_000),
    }),
    z.object({ files: z.number(), folders: z.number(), bytes: z.number() }),
  ),
  'restore.start': changes(
    'Restore from a snapshot; with `dryRun`, only work out what would happen to each item',
    z.strictObject({ request: RestoreRequest, dryRun: z.boolean() }),
    Run,
  ),
  'run.items': asks(
    'What a restore did (or would do) to each item',
    z.strictObject({
      id: z.uuid(),
      actions: z.array(RestoreAction).optional(),
      afterSeq: z.int().default(0),
      limit: pageLimit,
    }),
    z.array(RestoreItem),
  ),

  'audit.list': asks(
    'Who asked for what, the newest first',
    z.strictObject({ beforeSeq: z.int().optional(), limit: pageLimit }),
    z.array(AuditEntry),
  ),
  'audit.verify': asks(
    'Whether the audit log is whole',
    none,
    z.object({ entries: z.int(), brokenAtSeq: z.int().nullable() }),
  ),
} as const

const removed = z.object({ id: z.uuid(), revision: z.int() })

/** Events carry the whole state of what changed. Some may be lost in between: the next one makes up for it. */
export const events = {
  'plan.changed': Plan,
  'plan.removed': removed,
  'destination.changed': Destination,
  'destination.removed': removed,
  'run.changed': Run,
  'settings.changed': Settings,
  'status.changed': Status,
  'vault.changed': VaultInfo,
} as const

export type Method = keyof typeof methods
export type Input<M extends Method> = z.output<(typeof methods)[M]['input']>
/** What a caller writes: defaults may be left out. */
export type CallInput<M extends Method> = z.input<(typeof methods)[M]['input']>
export type Output<M extends Method> = z.output<(typeof methods)[M]['output']>
export type EventName = keyof typeof events
export type EventValue<E extends EventName> = z.output<(typeof events)[E]>
export type AnyEvent = { [E in EventName]: { name: E; value: EventValue<E> } }[EventName]

export type Reply = { ok: true; value: unknown } | { ok: false; error: WireError }

/** What every door gives to those who use the application, in this process or in another. */
export interface Client {
  /** @throws AppError what the application answered, or `backend_unreachable` when it can't be reached */
  call<M extends Method>(name: M, input: CallInput<M>): Promise<Output<M>>
  /** Hears events from `onConnect` on; it is called again after each reconnect: load everything anew then. */
  subscribe(
    listener: (event: AnyEvent) => void,
    link: { onConnect: () => void; onLost: () => void },
  ): () => void
  close(): Promise<void>
}
