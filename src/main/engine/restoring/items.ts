import { constants, copyFileSync, readlinkSync, type BigIntStats } from 'node:fs'
import { loadLibc } from '../files/libc.ts'
import { makeSpecial } from '../files/metadata.ts'
import type { Id } from '../format/id.ts'
import { rawFromBuffer, textFromRaw, type Raw } from '../format/raw.ts'
import type { TreeNode } from '../format/tree.ts'
import { breathe } from '../parallel.ts'
import type { Repository } from '../repository.ts'
import type { RestoreItem, RestoreOptions } from '../restore.ts'
import type { Run } from '../run.ts'
import type { Readers } from '../workers/readers.ts'
import { newBatch, type Leader, type Link } from './batch.ts'
import type { Beside } from './beside.ts'
import { createComparer, spansOf } from './compare.ts'
import { restoreContents } from './contents.ts'
import { isKept, isTrusted, isType, keptAction, type Abilities } from './decide.ts'
import { isItemFailure, wordsOf } from './failure.ts'
import type { FileJob } from './packs.ts'
import type { PlacedItem, Placer } from './place.ts'
import type { ItemFacts, Tally } from './tally.ts'
import type { Target } from './target.ts'
import { findDifferent, type Verifiable } from './verify.ts'

/** Restores what is not a folder. Special files are made at once; files gather, for their content is fetched by pack. */
export interface Items {
  /**
   * Decides about an item and does, or in a dry run only tells, what follows.
   * @param existing what lies in its place
   * @param handedDown whether its folder gives it access rules
   * @param isMeant whether the snapshot has such a name in the same folder
   */
  visit(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats | null,
    handedDown: () => boolean,
    isMeant: (name: Raw) => boolean,
  ): Promise<void> | void
  /** Blobs that the gathered files need, repetitions included. */
  readonly gatheredBlobs: number
  /** Begins to fetch and place the files that have gathered; meanwhile others may gather. */
  begin(): { placed: Promise<void>; finish: Finish }
}

/** Makes links to the files of a batch that is placed, and verifies them. Batches are finished in their order. */
type Finish = () => Promise<void>

export function createItems(context: {
  repo: Repository
  /** null in a dry run. */
  readers: Readers | null
  options: RestoreOptions
  target: Target
  placer: Placer
  beside: Beside
  able: Abilities
  tally: Tally
  run: Run
}): Items {
  const { repo, readers, options, target, placer, beside, able, tally, run } = context
  const { signal } = run
  const { dryRun, overwrite } = options
  const keepsBoth = overwrite === 'keep-both'
  const { places } = repo.index
  const comparer = createComparer(target)
  const leaders = new Map<string, Leader>()
  const ownUser = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0]
  let batch = newBatch()

  /** Where both are kept, what exists is nobody's name but its own, and gets no further one. */
  const ownGroupOf = (node: TreeNode, existing: BigIntStats | null): string | null =>
    keepsBoth && existing ? null : groupOf(node)

  /** Nothing is waited for unless something lies there. */
  function visitFile(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats | null,
    handedDown: () => boolean,
    isMeant: (name: Raw) => boolean,
  ): Promise<void> | void {
    const group = ownGroupOf(node, existing)
    const leader = group === null ? undefined : leaders.get(group)
    const facts = tally.factsOf(node, existing)
    const found = find(node.content ?? [])
    const sizeBytes = found === null ? node.size : lengthOf(found)
    tally.expect(leader === undefined ? sizeBytes : 0)
    if (isKept(node, existing, overwrite)) {
      return tally.did('skip', location, node, leader === undefined ? sizeBytes : 0, facts)
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
    if (!keepsBoth && !placer.canClear(location, existing, sizeBytes)) return

    const decide = (action: 'create' | 'overwrite' | 'unchanged' | 'metadata'): void => {
      const stays = action === 'unchanged' || action === 'metadata'
      if (group !== null) leaders.set(group, { location, existing: stays ? existing : null, failed: false })
      if (stays) {
        keep({ location, node, action }, existing!, sizeBytes, facts)
        if (options.verify && !dryRun) batch.toVerify.push({ location, places: found })
      } else write(location, action, action)
    }
    const write = (at: Raw, action: 'create' | 'overwrite', told: RestoreItem['action']): void => {
      if (dryRun) {
        tally.wrote(at, sizeBytes)
        return tally.did(told, at, node, sizeBytes, facts)
      }
      const isPlain = found.length <= 1 && needsNoPath(node) && !handedDown()
      const attributes = isPlain ? batch.attributes.add(node) : node
      const job = { location: at, action, places: found, sizeBytes, attributes }
      batch.files.push(facts === null ? job : { ...job, told: { action: told, facts } })
      if (group !== null) batch.groups.set(at, group)
      batch.blobs += found.length
    }
    /** What is there has this content, or something beside it has, or it is put there. */
    const keepBoth = async (): Promise<void> => {
      const right = (at: Raw, there: BigIntStats) => hasContent(node, at, found, sizeBytes, there)
      const unchanged = (at: Raw) => {
        if (options.verify && !dryRun) batch.toVerify.push({ location: at, places: found })
        tally.did('unchanged', at, node, sizeBytes, facts)
      }
      if (await right(location, existing!)) return unchanged(location)
      for (const place of beside.places(location, isMeant)) {
        const other = target.look(place)
        if (other !== null && !(await right(place, other))) continue
        beside.take(place)
        return other === null ? write(place, 'create', 'keep-both') : unchanged(place)
      }
    }
    if (existing === null) decide('create')
    else if (keepsBoth) return keepBoth()
    else return fileAction(node, location, found, sizeBytes, existing).then(decide)
  }

  async function fileAction(
    node: TreeNode,
    location: Raw,
    found: readonly number[],
    sizeBytes: number,
    existing: BigIntStats,
  ): Promise<'overwrite' | 'unchanged' | 'metadata'> {
    const right = await hasContent(node, location, found, sizeBytes, existing)
    return right ? keptAction(node, existing, able) : 'overwrite'
  }

  /** Whether a file has this content already; what can't be read has not. */
  async function hasContent(
    node: TreeNode,
    location: Raw,
    found: readonly number[],
    sizeBytes: number,
    existing: BigIntStats,
  ): Promise<boolean> {
    if (!isType(node, existing)) return false
    if (isTrusted(node, sizeBytes, existing, overwrite)) return true
    try {
      return existing.size === BigInt(sizeBytes) && (await holds(location, found))
    } catch (error) {
      signal.throwIfAborted()
      if (!isItemFailure(error)) throw error
      return false
    }
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
    const facts = tally.factsOf(node, existing)
    if (existing !== null && same !== null && existing.ino === same.ino && existing.dev === same.dev) {
      return tally.did('unchanged', location, node, 0, facts)
    }
    if (!placer.canClear(location, existing, 0)) return
    const action = existing === null ? 'create' : 'overwrite'
    if (dryRun) tally.did(action, location, node, 0, facts)
    else batch.links.push({ location, node, action, leader, facts })
  }

  function restoreLink(link: Link, toVerify: Verifiable[]): void {
    const { location, node, action, leader, facts } = link
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
        tally.did(action, location, node, 0, facts)
      },
      0,
    )
  }

  function visitSpecial(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats | null,
    isMeant: (name: Raw) => boolean,
  ): void {
    const group = ownGroupOf(node, existing)
    const leader = group === null ? undefined : leaders.get(group)
    const facts = tally.factsOf(node, existing)
    tally.expect(0)
    if (isKept(node, existing, overwrite)) return tally.did('skip', location, node, 0, facts)
    if (leader !== undefined) return visitLink(node, location, existing, leader)
    if (keepsBoth && existing) {
      return void tally.attempt(location, () => keepBothSpecials(node, location, existing, isMeant, facts), 0)
    }
    if (!placer.canClear(location, existing, 0)) return
    const act = () => {
      const action = specialAction(node, location, existing)
      const stays = action === 'unchanged' || action === 'metadata'
      const own: Leader = { location, existing: stays ? existing : null, failed: true }
      if (group !== null) leaders.set(group, own)
      if (stays) keep({ location, node, action }, existing!, 0, facts)
      else {
        if (!dryRun) makeAt({ location, node, action })
        tally.did(action, location, node, 0, facts)
      }
      own.failed = false
    }
    tally.attempt(location, act, 0)
  }

  function keepBothSpecials(
    node: TreeNode,
    location: Raw,
    existing: BigIntStats,
    isMeant: (name: Raw) => boolean,
    facts: ItemFacts | null,
  ): void {
    if (isSame(node, location, existing)) return tally.did('unchanged', location, node, 0, facts)
    for (const place of beside.places(location, isMeant)) {
      const other = target.look(place)
      if (other !== null && !isSame(node, place, other)) continue
      beside.take(place)
      if (other === null && !dryRun) makeAt({ location: place, node, action: 'create' })
      return tally.did(other === null ? 'keep-both' : 'unchanged', place, node, 0, facts)
    }
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
    facts: ItemFacts | null,
  ): void {
    const act = () => {
      if (!dryRun && existing.nlink === 1n) placer.setAttributes(item.location, item)
      tally.did(item.action, item.location, item.node, sizeBytes, facts)
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

    visit(node, location, existing, handedDown, isMeant) {
      if (node.type === 'file') return visitFile(node, location, existing, handedDown, isMeant)
      if (node.type !== 'socket' && node.type !== 'irregular') {
        return visitSpecial(node, location, existing, isMeant)
      }
      tally.expect(0)
      const what = node.type === 'socket' ? 'socket' : 'file of a kind unknown here'
      tally.warn('note', location, `A ${what} holds no data and is not restored.`)
      tally.did('skip', location, node, 0, tally.factsOf(node, existing))
    },

    begin() {
      const { files, attributes, groups, links, toVerify } = batch
      batch = newBatch()
      if (readers === null) return { placed: Promise.resolve(), finish: () => Promise.resolve() }
      const events = {
        written: (file: FileJob, bytes: number) => tally.wrote(file.location, bytes),
        done(file: FileJob) {
          const { action, facts } = file.told ?? { action: file.action, facts: null }
          tally.did(action, file.location, regularFile, file.sizeBytes, facts)
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
        placed: restoreContents(
          { repo, readers, target, placer },
          { files, attributes },
          events,
          signal,
          run.gate,
        ),
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
