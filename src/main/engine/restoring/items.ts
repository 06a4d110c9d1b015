import { constants, copyFileSync, readlinkSync, type BigIntStats } from 'node:fs'
import { loadLibc } from '../files/libc.ts'
import { makeSpecial } from '../files/metadata.ts'
import type { Id } from '../format/id.ts'
import { rawFromBuffer, textFromRaw, type Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import { breathe } from '../parallel.ts'
import type { Repository } from '../repository.ts'
import type { RestoreOptions } from '../restore.ts'
import type { Run } from '../run.ts'
import type { Readers } from '../workers/readers.ts'
import { createComparer, spansOf } from './compare.ts'
import { restoreContents } from './contents.ts'
import { isKept, isTrusted, isType, keptAction, type Abilities } from './decide.ts'
import { isItemFailure, wordsOf } from './failure.ts'
import type { FileJob } from './packs.ts'
import type { PlacedItem, Placer } from './place.ts'
import type { Tally } from './tally.ts'
import type { Target } from './target.ts'
import { findDifferent, type Verifiable } from './verify.ts'
import { createAttributeTable, type AttributeTable } from './whole-files.ts'

/** Restores what is not a folder. Special files are made at once; files gather, for their content is fetched by pack. */
export interface Items {
  /**
   * Decides about an item and does, or in a dry run only tells, what follows.
   * @param existing what lies in its place
   * @param handedDown whether its folder gives it access rules
   */
  visit(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats | null,
    handedDown: () => boolean,
  ): Promise<void> | void
  /** Blobs that the gathered files need, repetitions included. */
  readonly gatheredBlobs: number
  /** Begins to fetch and place the files that have gathered; meanwhile others may gather. */
  begin(): { placed: Promise<void>; finish: Finish }
}

/** Makes links to the files of a batch that is placed, and verifies them. Batches are finished in their order. */
type Finish = () => Promise<void>

/** Of several names of one file, the first that was restored or found right. */
interface Leader {
  readonly location: Raw
  /** What lies there already, when that stays. */
  readonly existing: BigIntStats | null
  failed: boolean
}

/** What is done together. */
interface Batch {
  readonly files: FileJob[]
  readonly attributes: AttributeTable
  /** Of files with several names. */
  readonly groups: Map<Raw, string>
  readonly links: (PlacedItem & { leader: Leader })[]
  readonly toVerify: Verifiable[]
  blobs: number
}
const newBatch = (): Batch => ({
  files: [],
  attributes: createAttributeTable(),
  groups: new Map(),
  links: [],
  toVerify: [],
  blobs: 0,
})

export function createItems(context: {
  repo: Repository
  /** null in a dry run. */
  readers: Readers | null
  options: RestoreOptions
  target: Target
  placer: Placer
  able: Abilities
  tally: Tally
  run: Run
}): Items {
  const { repo, readers, options, target, placer, able, tally, run } = context
  const { signal } = run
  const { dryRun, overwrite } = options
  const { places } = repo.index
  const comparer = createComparer(target)
  const leaders = new Map<string, Leader>()
  const ownUser = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  let batch = newBatch()

  /** Nothing is waited for unless something lies there. */
  function visitFile(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats | null,
    handedDown: () => boolean,
  ): Promise<void> | void {
    const group = groupOf(node)
    const leader = group === null ? undefined : leaders.get(group)
    const found = find(node.content ?? [])
    const sizeBytes = found === null ? node.size : lengthOf(found)
    tally.expect(leader === undefined ? sizeBytes : 0)
    if (isKept(node, existing, overwrite)) {
      return tally.did('skip', location, node, leader === undefined ? sizeBytes : 0)
    }
    if (leader !== undefined) return visitLink(node, location, existing, leader)

    if (node.content === null) return tally.failed(location, 'it is stored without its content', sizeBytes)
    if (found === null) {
      return tally.failed(location, 'part of its content is in no index of the repository', sizeBytes)
    }
    if (node.size !== sizeBytes) {
      const message = `It is said to have ${node.size} bytes; its content, which is what counts, has ${sizeBytes}.`
      tally.warn('note', location, message)
    }
    if (!placer.canClear(location, existing, sizeBytes)) return

    const decide = (action: 'create' | 'overwrite' | 'unchanged' | 'metadata'): void => {
      const stays = action === 'unchanged' || action === 'metadata'
      if (group !== null) leaders.set(group, { location, existing: stays ? existing : null, failed: false })
      if (stays) {
        keep({ location, node, action }, existing!, sizeBytes)
        if (options.verify && !dryRun) batch.toVerify.push({ location, places: found })
      } else if (dryRun) {
        tally.wrote(location, sizeBytes)
        tally.did(action, location, node, sizeBytes)
      } else {
        const isPlain = found.length <= 1 && needsNoPath(node) && !handedDown()
        const attributes = isPlain ? batch.attributes.add(node) : node
        batch.files.push({ location, action, places: found, sizeBytes, attributes })
        if (group !== null) batch.groups.set(location, group)
        batch.blobs += found.length
      }
    }
    if (existing === null) decide('create')
    else return fileAction(node, location, found, sizeBytes, existing).then(decide)
  }

  async function fileAction(
    node: TreeNode,
    location: Raw,
    found: readonly number[],
    sizeBytes: number,
    existing: BigIntStats,
  ): Promise<'overwrite' | 'unchanged' | 'metadata'> {
    if (!isType(node, existing)) return 'overwrite'
    if (isTrusted(node, sizeBytes, existing, overwrite)) return keptAction(node, existing, able)
    try {
      if (existing.size === BigInt(sizeBytes) && (await holds(location, found))) {
        return keptAction(node, existing, able)
      }
    } catch (error) {
      signal.throwIfAborted()
      if (!isItemFailure(error)) throw error // what can't be read is replaced
    }
    return 'overwrite'
  }

  async function holds(location: Raw, found: readonly number[]): Promise<boolean> {
    for (const span of spansOf(location, found, places)) {
      signal.throwIfAborted()
      if (!comparer.holds(span)) return false
      if (span.content.length > 1) await breathe()
    }
    return true
  }

  /** The first place of each blob; null when one is in no index. */
  function find(content: readonly Id[]): number[] | null {
    const found = content.map(id => places.first('data', id))
    return found.includes(-1) ? null : found
  }

  const lengthOf = (found: readonly number[]): number =>
    found.reduce((sum, place) => sum + places.plainLength(place), 0)

  /** Whether owner, permissions and times are all it needs, and can be expected to be set without fuss. */
  const needsNoPath = ({ xattrs, uid, gid }: TreeNode): boolean =>
    xattrs.length === 0 && loadLibc() !== null && (able.owners || (uid === ownUser[0] && gid === ownUser[1]))

  function visitLink(node: TreeNode, location: Raw, existing: BigIntStats | null, leader: Leader): void {
    const same = leader.existing
    if (existing !== null && same !== null && existing.ino === same.ino && existing.dev === same.dev) {
      return tally.did('unchanged', location, node)
    }
    if (!placer.canClear(location, existing, 0)) return
    const action = existing === null ? 'create' : 'overwrite'
    if (dryRun) tally.did(action, location, node)
    else batch.links.push({ location, node, action, leader })
  }

  function restoreLink(link: PlacedItem & { leader: Leader }, toVerify: Verifiable[]): void {
    const { location, node, action, leader } = link
    const first = textFromRaw(leader.location)
    if (leader.failed) {
      return tally.failed(location, `it is the same file as ${first}, which could not be restored`, 0)
    }
    const makeLink = (temporary: Raw) => {
      try {
        target.link(leader.location, temporary)
      } catch (error) {
        if (!isItemFailure(error)) throw error
        if (node.type !== 'file') return makeAt(link)
        target.reach(leader.location, source =>
          target.reach(temporary, copy => copyFileSync(source, copy, constants.COPYFILE_EXCL)),
        )
        placer.setAttributes(temporary, link)
        const found = find(node.content ?? [])
        if (options.verify && found) toVerify.push({ location, places: found })
        const why = `it cannot be the same file here (${wordsOf(error)})`
        tally.warn('note', location, `It is restored as a copy of ${first}, for ${why}.`)
      }
      placer.settle(temporary, link)
    }
    tally.attempt(
      location,
      () => {
        placer.make(location, makeLink)
        tally.did(action, location, node)
      },
      0,
    )
  }

  function visitSpecial(node: TreeNode, location: Raw, existing: BigIntStats | null): void {
    const group = groupOf(node)
    const leader = group === null ? undefined : leaders.get(group)
    tally.expect(0)
    if (isKept(node, existing, overwrite)) return tally.did('skip', location, node)
    if (leader !== undefined) return visitLink(node, location, existing, leader)
    if (!placer.canClear(location, existing, 0)) return
    const act = () => {
      const action = specialAction(node, location, existing)
      const stays = action === 'unchanged' || action === 'metadata'
      const own: Leader = { location, existing: stays ? existing : null, failed: true }
      if (group !== null) leaders.set(group, own)
      if (stays) keep({ location, node, action }, existing!, 0)
      else {
        if (!dryRun) makeAt({ location, node, action })
        tally.did(action, location, node)
      }
      own.failed = false
    }
    tally.attempt(location, act, 0)
  }

  function specialAction(node: TreeNode, location: Raw, existing: BigIntStats | null) {
    if (existing === null) return 'create'
    return isSame(node, location, existing) ? keptAction(node, existing, able) : 'overwrite'
  }

  const makeAt = (item: PlacedItem): void =>
    placer.make(item.location, temporary => {
      target.reach(temporary, access => makeSpecial(access, item.node))
      placer.setAttributes(temporary, item)
      placer.settle(temporary, item)
    })

  function isSame(node: TreeNode, location: Raw, existing: BigIntStats): boolean {
    if (!isType(node, existing)) return false
    if (node.type !== 'symlink') return node.type === 'fifo' || existing.rdev === node.device
    const linkTarget = target.reach(location, access => readlinkSync(access, 'buffer'))
    return rawFromBuffer(linkTarget) === node.linkTarget
  }

  /** What is right already gets its attributes; with other names, it is right only when it has them too. */
  function keep(
    item: { location: Raw; node: TreeNode; action: 'unchanged' | 'metadata' },
    existing: BigIntStats,
    sizeBytes: number,
  ): void {
    const act = () => {
      if (!dryRun && existing.nlink === 1n) placer.setAttributes(item.location, item)
      tally.did(item.action, item.location, item.node, sizeBytes)
    }
    tally.attempt(item.location, act, sizeBytes)
  }

  async function verify(readers: Readers, files: readonly Verifiable[]): Promise<void> {
    const different = await findDifferent(readers, files, places, signal)
    for (const file of files) {
      const why = different.get(file)
      if (why === undefined) tally.verified()
      else if (why === false) {
        tally.failed(file.location, 'read again from the disk, its content is not what it should be')
      } else tally.failed(file.location, `it could not be read again to verify it: ${why}`)
    }
  }

  return {
    get gatheredBlobs() {
      return batch.blobs
    },

    visit(node, location, existing, handedDown) {
      if (node.type === 'file') return visitFile(node, location, existing, handedDown)
      if (node.type !== 'socket' && node.type !== 'irregular') return visitSpecial(node, location, existing)
      tally.expect(0)
      const what = node.type === 'socket' ? 'socket' : 'file of a kind unknown here'
      tally.warn('note', location, `A ${what} holds no data and is not restored.`)
      tally.did('skip', location, node)
    },

    begin() {
      const { files, attributes, groups, links, toVerify } = batch
      batch = newBatch()
      if (readers === null) return { placed: Promise.resolve(), finish: () => Promise.resolve() }
      const events = {
        written: (file: FileJob, bytes: number) => tally.wrote(file.location, bytes),
        done(file: FileJob) {
          tally.did(file.action, file.location, regularFile, file.sizeBytes)
          if (options.verify) toVerify.push({ location: file.location, places: file.places })
        },
        failed(file: FileJob, why: string, missingBytes: number) {
          const group = groups.get(file.location)
          if (group !== undefined) leaders.get(group)!.failed = true
          tally.failed(file.location, why, missingBytes)
        },
        warn: run.warn,
      }
      return {
        placed: restoreContents({ repo, readers, target, placer }, { files, attributes }, events, signal),
        async finish() {
          for (const link of links) {
            signal.throwIfAborted()
            restoreLink(link, toVerify)
          }
          await verify(readers, toVerify)
        },
      }
    },
  }
}

const regularFile = { type: 'file' } as const

/** The same for all names of one file; null for a file of one name. */
const groupOf = (node: TreeNode): string | null => (node.links > 1 ? `${node.inode}:${node.deviceId}` : null)
