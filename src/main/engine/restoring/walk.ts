import type { BigIntStats } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import type { Selection } from '../files/selection.ts'
import { collisionKey, safeName } from '../files/windows-names.ts'
import { textFromRaw, type Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import type { Repository } from '../repository.ts'
import type { RestoreOptions } from '../restore.ts'
import type { Run } from '../run.ts'
import type { Readers } from '../workers/readers.ts'
import { breathe } from '../parallel.ts'
import type { Part } from './arrange.ts'
import { createBeside } from './beside.ts'
import { isKept, keptAction, type Abilities } from './decide.ts'
import { isItemFailure, wordsOf } from './failure.ts'
import { createItems } from './items.ts'
import { createPlacer } from './place.ts'
import { createRemover } from './remove.ts'
import type { ItemFacts, Tally } from './tally.ts'
import { below, type Target } from './target.ts'

export interface WalkContext {
  repo: Repository
  /** null in a dry run. */
  readers: Readers | null
  options: RestoreOptions
  target: Target
  selection: Selection
  able: Abilities
  tally: Tally
  run: Run
  limits: BatchLimits
  /** Whose rules for names apply. */
  platform: NodeJS.Platform
}

/** Items met, and blobs used, that are dealt with together: bounds the memory that a large snapshot takes. */
export interface BatchLimits {
  items: number
  blobs: number
}
/** Larger where each request to the storage counts. */
export const batchLimits = (isNear: boolean): BatchLimits =>
  isNear ? { items: 4096, blobs: 32_768 } : { items: 16_384, blobs: 131_072 }
/** Items met before timers and input get their turn: system calls here are synchronous. */
const spellItems = 128

/** A folder on the way. It is made when the first item in it is meant, or when it is meant itself. */
interface Folder {
  location: Raw
  /** null for the target itself, which keeps its attributes. */
  readonly node: TreeNode | null
  readonly parent: Folder | null
  /** `made`: nothing lies in it but what this restore put there. `lost`: nothing can be restored into it. */
  state: 'pending' | 'made' | 'there' | 'lost'
  /** It is not meant itself: as it is there, it stays. */
  readonly onTheWay: boolean
  setsAttributes: boolean
  /** The permissions of a folder of ours that was closed to us and is opened meanwhile. */
  closedMode: number | null
  /** Whether files get access rules from it; null until somebody asks. */
  handsDown: boolean | null
  /** Whether its parent has an item of such a name in the snapshot. */
  readonly isMeant: (name: Raw) => boolean
}

const noParts: Part['parts'] = new Map()

/** The snapshot's names in one folder, by what makes two names one item here. */
type Names = ReadonlyMap<string, Raw>

/**
 * Goes through the nodes of the snapshot, parents first, and decides about each by what lies in the target. Folders
 * get their attributes, and lose what is not in the snapshot, when all in them is done, the deepest first. A dry run
 * takes the same decisions and stops there.
 * @param isThere whether the target existed before
 */
export async function restoreTree(top: Part, isThere: boolean, context: WalkContext): Promise<void> {
  const { repo, readers, options, target, selection, able, tally, run, limits, platform } = context
  const { signal } = run
  const { dryRun, overwrite } = options
  const remover = createRemover(target, selection, tally, platform)
  const placer = createPlacer(target, remover, options.delete, dryRun, tally, run)
  const beside = createBeside(options.besideLabel ?? 'restored')
  const items = createItems({ repo, readers, options, target, placer, beside, able, tally, run })
  /** Folders done but for the content of files in them; `names` when what else lies there is to be removed. */
  let left: { folder: Folder; names: Names | null }[] = []
  let met = 0
  let spell = 0
  /** The last batch, and with it all before. */
  let finishing = Promise.resolve()

  /** @param whole whether `nodes` is all that the folder held; only then may other things be removed from it */
  async function visit(folder: Folder, { nodes, parts }: Part, whole: boolean): Promise<void> {
    const names = new Map<string, Raw>()
    let all: Set<string> | undefined
    const isMeant = (name: Raw) =>
      (all ??= new Set(nodes.map(node => collisionKey(node.name, platform)))).has(
        collisionKey(name, platform),
      )
    for (const node of nodes) {
      signal.throwIfAborted()
      const held = run.gate?.()
      if (held) await held
      const location = below(folder.location, node.name)
      const problem = nameProblem(node.name, names)
      if (problem !== null) {
        whole = false
        tally.failed(location, problem)
        continue
      }
      names.set(collisionKey(node.name, platform), node.name)
      if (node.type === 'dir') await visitFolder(folder, node, location, parts.get(node) ?? null, isMeant)
      else if (selection.selected(location)) {
        if (!enter(folder)) return
        const waits = visitItem(folder, node, location, isMeant)
        if (waits) await waits
      }
      if (++spell % spellItems === 0) await breathe()
      if (++met >= limits.items || items.gatheredBlobs >= limits.blobs) await endBatch()
    }
    if (folder.state === 'made' || folder.state === 'there') leave(folder, whole ? names : null)
  }

  function nameProblem(name: Raw, taken: Names): string | null {
    const verdict = safeName(name, platform)
    if (!verdict.ok) return verdict.reason
    const other = taken.get(collisionKey(name, platform))
    return other === undefined ? null : `the snapshot has ${textFromRaw(other)} too, the same name here`
  }

  function visitItem(
    folder: Folder,
    node: TreeNode,
    location: Raw,
    isMeant: (name: Raw) => boolean,
  ): Promise<void> | void {
    let existing = null as ReturnType<Target['look']>
    const looked = tally.attempt(location, () => {
      if (folder.state === 'there') existing = target.look(location)
    })
    const handedDown = () => (folder.handsDown ??= target.handsDownRules(folder.location))
    if (looked) return items.visit(node, location, existing, handedDown, isMeant)
  }

  async function visitFolder(
    parent: Folder,
    node: TreeNode,
    location: Raw,
    part: Part | null,
    isMeant: (name: Raw) => boolean,
  ): Promise<void> {
    const selected = selection.selected(location)
    const entered = selection.entered(location)
    if (!selected && !entered) return
    const folder: Folder = {
      location,
      node,
      parent,
      state: 'pending',
      onTheWay: part !== null,
      setsAttributes: false,
      closedMode: null,
      handsDown: null,
      isMeant,
    }
    if (selected && !enter(folder)) return
    if (part !== null) return visit(folder, part, false)
    if (!entered) return leave(folder, null)
    let children: TreeNode[] = []
    let whole = true
    try {
      if (node.subtree === null) throw new AppError('data_corrupt', 'its list of entries is missing')
      children = await repo.loadTree(node.subtree, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isItemFailure(error)) throw error
      whole = false
      tally.failed(location, `what is in this folder is lost: ${wordsOf(error)}`)
    }
    await visit(folder, { nodes: children, parts: noParts }, whole)
  }

  /** Makes sure that the folder is there, a real one. false: nothing can be restored into it, which was told. */
  function enter(folder: Folder): boolean {
    if (folder.state !== 'pending') return folder.state !== 'lost'
    folder.state = 'lost'
    if (!enter(folder.parent!)) return false
    return tally.attempt(folder.location, () => makeFolder(folder, folder.node!, folder.parent!))
  }

  function makeFolder(folder: Folder, node: TreeNode, parent: Folder): void {
    const { location } = folder
    const existing = parent.state === 'made' ? null : target.look(location)
    const stays = isKept(node, existing, overwrite)
    const facts = tally.factsOf(node, existing)
    if (existing?.isDirectory()) {
      if (target.isRepository(existing)) {
        throw new AppError('target_refused', 'this is the folder of the repository itself')
      }
      folder.state = 'there'
      folder.setsAttributes = !stays && !folder.onTheWay && overwrite !== 'keep-both'
      if (!dryRun && isClosedToUs(existing)) {
        folder.closedMode = Number(existing.mode & 0o7777n)
        target.setMode(location, folder.closedMode | 0o700)
      }
      if (!dryRun) target.clearStrays(location)
      if (folder.onTheWay) return
      const action = stays ? 'skip' : folder.setsAttributes ? keptAction(node, existing, able) : 'unchanged'
      return tally.did(action, location, node, 0, facts)
    }
    if (existing && folder.onTheWay) {
      throw new AppError(
        'target_refused',
        'something that is not a folder is in its place, and items go below',
      )
    }
    if (existing && overwrite === 'keep-both') return makeFolderBeside(folder, node, facts)
    if (stays) {
      throw new AppError('target_refused', 'something that is not a folder is in its place and stays')
    }
    if (!dryRun) {
      if (existing) target.removeFile(location)
      target.makeFolder(location)
    }
    folder.state = 'made'
    folder.setsAttributes = true
    tally.did(existing ? 'overwrite' : 'create', location, node, 0, facts)
  }

  /** What is restored into it comes along. One that was put there before, with the same name, is gone on with. */
  function makeFolderBeside(folder: Folder, node: TreeNode, facts: ItemFacts | null): void {
    for (const location of beside.places(folder.location, folder.isMeant)) {
      const other = target.look(location)
      if (other !== null && !other.isDirectory()) continue
      folder.location = location
      folder.state = other === null ? 'made' : 'there'
      folder.setsAttributes = other === null
      beside.take(location)
      if (other === null && !dryRun) target.makeFolder(location)
      return tally.did(other === null ? 'keep-both' : 'unchanged', location, node, 0, facts)
    }
  }

  function leave(folder: Folder, names: Names | null): void {
    const others = options.delete && folder.state === 'there' ? names : null
    if (!dryRun) left.push({ folder, names: others })
    else if (others)
      tally.attempt(folder.location, () => remover.removeOthers(folder.location, others, false))
  }

  /** While one batch is finished the next is met; more would fill the memory. */
  async function endBatch(): Promise<void> {
    const folders = left
    left = []
    met = 0
    const { placed, finish } = items.begin()
    const before = finishing
    finishing = finishBatch(before, placed, finish, folders)
    finishing.catch(() => undefined) // heard of at the end of the next batch
    await before
  }

  async function finishBatch(
    before: Promise<void>,
    placed: Promise<void>,
    finish: () => Promise<void>,
    folders: typeof left,
  ): Promise<void> {
    await Promise.allSettled([before, placed])
    await before
    await placed
    await finish()
    for (const { folder, names } of folders) {
      signal.throwIfAborted()
      const { location, node, closedMode } = folder
      if (names) tally.attempt(location, () => remover.removeOthers(location, names, true))
      if (node && folder.setsAttributes) {
        tally.attempt(location, () => placer.setAttributes(location, { location, node }))
      } else if (closedMode !== null) tally.attempt(location, () => target.setMode(location, closedMode))
      if (++spell % spellItems === 0) await breathe()
    }
  }

  const root: Folder = {
    location: '' as Raw,
    node: null,
    parent: null,
    state: isThere ? 'there' : 'made',
    onTheWay: false,
    setsAttributes: false,
    closedMode: null,
    handsDown: null,
    isMeant: () => false,
  }
  if (isThere && !dryRun) tally.attempt(root.location, () => target.clearStrays(root.location))
  try {
    await visit(root, top, options.items === undefined)
    tally.expectNoMore()
    await endBatch()
  } catch (error) {
    await finishing.catch(() => undefined) // nothing is under way any more when this has failed
    throw error
  }
  await finishing
}

/** A read-only folder stops its owner, unless that is root, from restoring into it. */
const isClosedToUs = (folder: BigIntStats): boolean =>
  process.geteuid !== undefined &&
  process.geteuid() !== 0 &&
  process.geteuid() === Number(folder.uid) &&
  (folder.mode & 0o700n) !== 0o700n
