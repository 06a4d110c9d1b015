import { AppError } from '../../../shared/errors.ts'
import { loadLibc } from '../files/libc.ts'
import { readNode } from '../files/metadata.ts'
import { reach } from '../files/reach.ts'
import type { TargetNode } from '../files/targets.ts'
import { isGone, itemsIn, lstatRaw, unreadable, type Walk } from '../files/walk.ts'
import { shortId, type Id } from '../format/id.ts'
import { compareRaw, joinRaw, textFromRaw, type Raw } from '../format/raw.ts'
import type { SavedSnapshot } from '../format/snapshot.ts'
import { nodeHead, nodeTail, type TreeNode } from '../format/tree.ts'
import type { EarlyLook } from './early-look.ts'
import type { PackSink } from './pack-sink.ts'
import type { Totals } from './scan.ts'
import type { Repository } from '../repository.ts'
import type { Run } from '../run.ts'
import {
  noCounts,
  type Counts,
  type FileItem,
  type Job,
  type ResultOf,
  type Segment,
} from '../workers/messages.ts'
import type { Look } from '../workers/look.ts'
import type { Pool } from '../workers/pool.ts'
import { changedMeanwhile, isRefusal, rereadNote, treeJson } from '../workers/work.ts'

/** Parts of one large file that are handed out at once. */
const runsAtOnce = 8

export interface TreeCounts extends Counts {
  dirsNew: number
  dirsChanged: number
  dirsUnmodified: number
  unreadable: number
}

/**
 * Stores the tree of the targets: hands out the work, folder by folder, and puts together what comes back. A folder is
 * stored once everything below it is.
 * @throws source_unreadable not one of the targets could be read
 */
export async function storeTree(
  {
    repo,
    targets,
    walk,
    parent,
    pool,
    sink,
    totals,
    foldersAtOnce,
    early,
  }: {
    repo: Repository
    targets: Map<Raw, TargetNode>
    walk: Walk
    parent: SavedSnapshot | null
    pool: Pool
    sink: PackSink
    totals: Totals
    /** Being listed or stored; more wait, so that a wide tree does not fill the memory with its parts. */
    foldersAtOnce: number
    early: EarlyLook
  },
  run: Run,
): Promise<{ tree: Id; counts: TreeCounts }> {
  const counts: TreeCounts = { ...noCounts(), dirsNew: 0, dirsChanged: 0, dirsUnmodified: 0, unreadable: 0 }
  const turns = createTurns(foldersAtOnce)
  let targetsStored = 0

  const warn: Run['warn'] = warning => {
    if (warning.kind === 'unreadable') counts.unreadable++
    run.warn(warning)
  }
  const counting: Walk = { ...walk, warn }

  async function work<J extends Job>(
    job: J,
    path: Raw,
    first = false,
    transfer: ArrayBuffer[] = [],
  ): Promise<ResultOf<J>> {
    await run.gate?.()
    run.signal.throwIfAborted()
    const reply = await pool.perform(job, { first, transfer })
    run.signal.throwIfAborted()
    take(reply, path)
    return reply.result
  }

  function take(reply: Awaited<ReturnType<Pool['perform']>>, path: Raw): void {
    for (const key of Object.keys(reply.counts) as (keyof Counts)[]) counts[key] += reply.counts[key]
    reply.warnings.forEach(warn)
    for (const pack of reply.packs) {
      void sink.put(pack).then(() => {
        pool.recycle(pack.buffer)
        // What compilers of hot code leave behind on each thread would stay resident: some 20 MB in all.
        loadLibc()?.giveBackMemory()
      })
      pool.hold(sink.ready())
    }
    run.report({
      phase: 'store',
      doneFiles: counts.totalFilesProcessed,
      doneBytes: counts.totalBytesProcessed,
      totalFiles: totals.files,
      totalBytes: totals.bytes,
      errors: counts.unreadable,
      path: textFromRaw(path),
    })
  }

  async function storeFolder(path: Raw, before: Id | null): Promise<Id | null> {
    const done = await turns.take()
    let listed
    try {
      const plain = await plainTree(before)
      const look = early.take(path)
      listed = await work({ kind: 'folder', path, before: plain, look }, path, false, memoryOf(plain, look))
    } catch (error) {
      if (!isRefusal(error)) throw error
      warn(unreadable(path, error))
      return null
    } finally {
      done()
    }
    return (
      listed.tree ?? assemble(path, await Promise.all(listed.segments.map(part => storePart(path, part))))
    )
  }

  /** The tree of a folder whose parts have all come in; '' stands for what turned out to be nothing. */
  async function assemble(path: Raw, parts: readonly string[]): Promise<Id> {
    const json = treeJson(parts.filter(part => part !== ''))
    return (await work({ kind: 'tree', json }, path, true)).tree
  }

  /** JSON of the nodes that a part of a folder comes to. */
  async function storePart(folder: Raw, part: Segment): Promise<string> {
    switch (part.kind) {
      case 'nodes':
        return part.json
      case 'files': {
        const { segments } = await work({ kind: 'files', folder, items: part.items }, folder)
        return storeParts(folder, segments)
      }
      case 'large':
        return guarded(joinRaw(folder, part.item.name), path => storeLarge(path, part.item))
      case 'folder': {
        const subtree = await storeFolder(joinRaw(folder, part.name), part.before)
        if (subtree === null) return ''
        countFolder(part.before, subtree, part.sameMetadata)
        return part.head + nodeTail({ content: null, subtree, error: '' })
      }
    }
  }

  async function storeParts(folder: Raw, parts: readonly Segment[]): Promise<string> {
    const stored = await Promise.all(parts.map(part => storePart(folder, part)))
    return stored.filter(part => part !== '').join(',')
  }

  /** A file too large for one job: one thread finds its chunks, all of them store these. */
  async function storeLarge(path: Raw, { name, known }: FileItem): Promise<string> {
    const content: Promise<{ content: readonly Id[]; sizeBytes: number }>[] = []
    const underWay = new Set<Promise<unknown>>()
    let node: TreeNode | undefined
    let mtimeNs = 0n
    for (let offset: number | null = 0; offset !== null;) {
      const found: ResultOf<Job & { kind: 'scan' }> = await work(
        { kind: 'scan', path, name, offset },
        path,
        true,
      )
      node ??= found.node
      if (offset === 0) mtimeNs = found.mtimeNs
      for (const run of found.runs) {
        while (underWay.size >= runsAtOnce) await Promise.race(underWay)
        const stored =
          'zeros' in run
            ? work({ kind: 'zeros', count: run.zeros }, path)
            : work({ kind: 'chunks', path, ...run }, path)
        content.push(stored)
        underWay.add(stored)
        void stored.catch(() => undefined).then(() => underWay.delete(stored))
      }
      offset = found.next
    }
    const parts = await Promise.all(content)
    const size = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
    const after = lstatRaw(path)
    if (after.mtimeNs !== mtimeNs || size !== node!.size) warn(changedMeanwhile(path))
    counts.totalFilesProcessed++
    if (known) counts.filesChanged++
    else counts.filesNew++
    const whole = { ...node!, size, content: parts.flatMap(part => part.content) }
    return nodeHead(whole) + nodeTail(whole)
  }

  /** What the system refuses leaves one item out, with a word unless it is simply gone. */
  async function guarded(
    path: Raw,
    store: (path: Raw) => Promise<string>,
    isTarget = false,
  ): Promise<string> {
    try {
      return await store(path)
    } catch (error) {
      if (!isRefusal(error)) throw error
      // What is deleted while we look is none of the snapshot's, but a target that goes is news.
      if (isTarget || !isGone(error)) warn(unreadable(path, error))
      return ''
    }
  }

  /** The folders above the targets are made here: there are few, and most of what is in them is not wanted. */
  async function storeTargets(nodes: Map<Raw, TargetNode>, before: Id | null): Promise<string[]> {
    const known = new Map((await knownNodes(before)).map(node => [node.name, node]))
    const sorted = [...nodes.values()].sort((a, b) => compareRaw(a.name, b.name))
    return Promise.all(
      sorted.map(node =>
        guarded(node.path, () => storeTarget(node, known.get(node.name) ?? null), node.whole),
      ),
    )
  }

  async function storeTarget(target: TargetNode, before: TreeNode | null): Promise<string> {
    const { name, path, whole } = target
    const stat = lstatRaw(path)
    if (whole && stat.isFile()) {
      const { segments } = await work({ kind: 'file', path, name, before }, path)
      // A target's name may differ from its path's last part, so a large one is not found by the folder it is in.
      const large = segments.find(({ kind }) => kind === 'large')
      const json = large
        ? await storeLarge(path, { name, known: before !== null })
        : await storeParts(path, segments)
      if (json !== '') targetsStored++
      return json
    }
    const node = reach(path, access =>
      readNode(access, name, stat, problem => warn({ ...problem, path: textFromRaw(path) })),
    )
    const head = nodeHead(node)
    if (whole && !stat.isDirectory()) {
      if (stat.isSocket()) return ''
      targetsStored++
      return head + nodeTail(node)
    }
    const treeBefore = before?.type === 'dir' ? before.subtree : null
    const subtree = await storeTargetFolder(target, treeBefore)
    if (subtree === null) return ''
    if (whole) targetsStored++
    countFolder(treeBefore, subtree, before !== null && nodeHead(before) === head)
    return head + nodeTail({ content: null, subtree, error: '' })
  }

  async function storeTargetFolder(
    { whole, path, children }: TargetNode,
    before: Id | null,
  ): Promise<Id | null> {
    if (whole && children.size === 0) return storeFolder(path, before)
    const below = new Map(children)
    if (whole) {
      // A target inside this target is part of it, excluded or not; the rest of this one is as the rules say.
      for (const item of itemsIn(path, counting)) {
        if (!below.has(item.name)) {
          below.set(item.name, {
            name: item.name,
            path: item.path,
            whole: true,
            named: false,
            children: new Map(),
          })
        }
      }
    }
    return assemble(path, await storeTargets(below, before))
  }

  function countFolder(before: Id | null, now: Id, sameMetadata: boolean): void {
    if (before === null) counts.dirsNew++
    else if (before === now && sameMetadata) counts.dirsUnmodified++
    else counts.dirsChanged++
  }

  /** The parent snapshot's tree; one that is lost or damaged is as good as none, and said. */
  async function plainTree(id: Id | null): Promise<Uint8Array | null> {
    return id === null ? null : tolerant(id, () => repo.loadBlob('tree', id, run.signal), null)
  }

  async function knownNodes(id: Id | null): Promise<TreeNode[]> {
    return id === null ? [] : tolerant(id, () => repo.loadTree(id, run.signal), [])
  }

  async function tolerant<T, D>(id: Id, load: () => Promise<T>, without: D): Promise<T | D> {
    try {
      return await load()
    } catch (error) {
      run.signal.throwIfAborted()
      if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
      run.warn({ kind: 'note', path: `tree ${shortId(id)}`, message: rereadNote(error) })
      return without
    }
  }

  const tree = await assemble('' as Raw, await storeTargets(targets, parent?.tree ?? null))
  if (targetsStored === 0) throw nothingReadable()
  for (const reply of await pool.flush()) take(reply, '' as Raw)
  return { tree, counts }
}

/** What a job may be given instead of a copy: memory that holds nothing else. */
function memoryOf(plain: Uint8Array | null, look: Look | null): ArrayBuffer[] {
  const memory: ArrayBuffer[] = look === null ? [] : [look.numbers.buffer]
  // Decompressing leaves a byte to spare.
  if (plain?.buffer instanceof ArrayBuffer && plain.buffer.byteLength <= plain.byteLength + 1)
    memory.push(plain.buffer)
  return memory
}

const nothingReadable = (): AppError =>
  new AppError('source_unreadable', 'None of what was to be backed up could be read; no snapshot was made.', {
    hint: 'Check the permissions of the paths named, and whether their drive is still there.',
  })

/** Grants a number of turns at a time; the newest comer is next, so that trees are finished branch by branch. */
function createTurns(atOnce: number): { take(): Promise<() => void> } {
  let free = atOnce
  const waiting: (() => void)[] = []
  const done = (): void => {
    const next = waiting.pop()
    if (next) next()
    else free++
  }
  return {
    async take() {
      if (free > 0) free--
      else await new Promise<void>(resolve => waiting.push(resolve))
      return done
    },
  }
}
