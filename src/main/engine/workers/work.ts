import { AppError } from '../../../shared/errors.ts'
import { compileExcludes } from '../files/exclude.ts'
import { completeNode, nodeOfStat } from '../files/metadata.ts'
import { reach, type AccessPath } from '../files/reach.ts'
import {
  isGone,
  itemsIn,
  lstatRaw,
  unreadable,
  type FoundItem,
  type ItemStat,
  type Walk,
} from '../files/walk.ts'
import type { Id } from '../format/id.ts'
import { joinRaw, textFromRaw, type Raw } from '../format/raw.ts'
import { formatTime } from '../format/time.ts'
import { nodeHead, nodeTail, type TreeNode } from '../format/tree.ts'
import { maxChunkBytes, minChunkBytes } from '../kernels/kernels.ts'
import type { Warning } from '../run.ts'
import { folderBefore, isUnchanged } from './before.ts'
import {
  noCounts,
  type FileItem,
  type Job,
  type Reply,
  type ResultOf,
  type Results,
  type Segment,
  type Setup,
} from './messages.ts'
import { unpackLook, type Look } from './look.ts'
import { fillWindow, readFully, withFile } from './source-file.ts'
import { chunksOf, createWorkbench, windowBytes } from './workbench.ts'

/** What one job stores at most before it leaves the rest to others. */
const jobBytes = 4 * 1024 * 1024
const jobFiles = 256

/**
 * Does a backup's jobs, one at a time and without waiting: reads, cuts, hashes, compresses, seals. Knows nothing of
 * the whole tree or of the backend, so any number of these can work side by side, each on a thread of its own.
 */
export interface Worker {
  perform<J extends Job>(job: J): Reply & { result: ResultOf<J> }
  recycle(buffer: ArrayBuffer): void
  extendClaims(table: SharedArrayBuffer): void
}

export function createWorker(setup: Setup): Worker {
  const bench = createWorkbench(setup)
  const excluder = compileExcludes(setup.rules, { workingFolder: setup.workingFolder })
  for (const { path, dev } of setup.devices) excluder.allowDevice(path, { dev } as ItemStat)
  let counts = noCounts()
  let warnings: Warning[] = []
  const warn = (warning: Warning) => void warnings.push(warning)
  const walk: Walk = { excluder, warn, leaveOut: setup.leaveOut }

  function describe(access: AccessPath, path: Raw, name: Raw, stat: ItemStat): TreeNode {
    return complete(access, path, nodeOfStat(name, stat))
  }

  function complete(access: AccessPath, path: Raw, node: TreeNode): TreeNode {
    return completeNode(access, node, problem => warn({ ...problem, path: textFromRaw(path) }))
  }

  /** Runs `act` for one item; what the file system refuses is a warning and leaves the item out. */
  function attempt<T>(path: Raw, act: () => T): T | null {
    try {
      return act()
    } catch (error) {
      if (!isRefusal(error)) throw error
      if (!isGone(error)) warn(unreadable(path, error))
      return null
    }
  }

  function save(plain: Uint8Array): Id {
    const saved = bench.save('data', plain)
    if (saved.isNew) {
      counts.dataBlobs++
      counts.dataAdded += plain.length
      counts.dataAddedPacked += saved.storedBytes
    }
    counts.totalBytesProcessed += plain.length
    return saved.id
  }

  function saveTree(json: string): Results['tree'] {
    const plain = Buffer.from(json)
    const { id, isNew, storedBytes } = bench.save('tree', plain)
    if (isNew) {
      counts.treeBlobs++
      counts.dataAdded += plain.length
      counts.dataAddedPacked += storedBytes
    }
    return { tree: id, isNew }
  }

  /** A file's node with its content stored; 'large' when it does not fit the window: nothing was stored then. */
  function storeFile(path: Raw, { name, known }: FileItem, seen: TreeNode | null = null): string | 'large' {
    return reach(path, access =>
      withFile(access, (fd, stat) => {
        const data = fillWindow(fd, bench.window, Number(stat.size))
        if (data === null) return 'large'
        const content: Id[] = []
        for (const chunk of chunksOf(data, bench.chunker)) content.push(save(chunk))
        if (data.length !== Number(stat.size)) warn(changedMeanwhile(path))
        counts.totalFilesProcessed++
        if (known) counts.filesChanged++
        else counts.filesNew++
        const fits = seen !== null && seen.inode === stat.ino && seen.mtime === formatTime(stat.mtimeNs)
        const node = { ...(fits ? seen : describe(access, path, name, stat)), size: data.length, content }
        return nodeHead(node) + nodeTail(node)
      }),
    )
  }

  function storeFiles(folder: Raw, items: readonly FileItem[]): Segment[] {
    const segments = collectSegments()
    for (const item of items) {
      const path = joinRaw(folder, item.name)
      const json = attempt(path, () => storeFile(path, item))
      if (json === 'large') segments.add({ kind: 'large', item })
      else if (json !== null) segments.node(json)
    }
    return segments.finish()
  }

  function storeNamedFile(path: Raw, name: Raw, before: TreeNode | null): Segment[] {
    const segments = collectSegments()
    const json = attempt(path, () => {
      const node = reach(path, access => describe(access, path, name, lstatRaw(path)))
      if (before && isUnchanged(before, node) && before.content!.every(id => bench.isKnown('data', id))) {
        return reuse(nodeHead(node), node, before.content!)
      }
      return storeFile(path, { name, known: before !== null }, node)
    })
    if (json === 'large') segments.add({ kind: 'large', item: { name, known: before !== null } })
    else if (json !== null) segments.node(json)
    return segments.finish()
  }

  function reuse(head: string, node: TreeNode, content: readonly Id[]): string {
    counts.filesUnmodified++
    counts.totalFilesProcessed++
    counts.totalBytesProcessed += node.size
    return head + nodeTail({ ...node, content })
  }

  function storeFolder(path: Raw, beforeTree: Uint8Array | null, look: Look | null): Results['folder'] {
    const segments = collectSegments()
    const items = look === null ? itemsIn(path, walk) : unpackLook(path, look)
    look?.warnings.forEach(warn)
    const before = readBefore(path, beforeTree)
    let [bytes, files] = [0, 0]
    for (const item of items) {
      const { name, stat } = item
      if (stat.isSocket()) continue // nothing in it can be stored; restic skips sockets too
      if (stat.isFile() && beforeTree === null) {
        toStore(item, false, null)
        continue
      }
      const seen = nodeOfStat(name, stat)
      const seenHead = nodeHead(seen)
      const known = before.item(seen, seenHead)
      const node = known?.sameStat
        ? Object.assign(seen, { linkTarget: known.linkTarget, xattrs: known.xattrs })
        : attempt(item.path, () => reach(item.path, access => complete(access, item.path, seen)))
      if (node === null) continue
      const head = node.linkTarget === null && node.xattrs.length === 0 ? seenHead : nodeHead(node)
      if (stat.isDirectory()) {
        const subtree = known?.subtree ?? null
        segments.add({ kind: 'folder', name, head, before: subtree, sameMetadata: known?.sameStat ?? false })
      } else if (!stat.isFile()) {
        segments.node(head + nodeTail(node))
      } else if (known?.sameContent && known.content!.every(id => bench.isKnown('data', id))) {
        segments.node(reuse(head, node, known.content!))
      } else {
        toStore(item, known !== null, node)
      }
    }
    const parts = segments.finish()
    if (parts.some(({ kind }) => kind !== 'nodes')) return { tree: null, segments: parts }
    return { tree: saveTree(treeJson(parts.map(part => (part as { json: string }).json))).tree, segments: [] }

    /** Stores the file now, or leaves it to a job of its own when it or this job is too large. */
    function toStore({ name, path, stat }: FoundItem, known: boolean, node: TreeNode | null): void {
      const item = { name, known }
      const sizeBytes = Number(stat.size)
      if (sizeBytes > windowBytes) return segments.add({ kind: 'large', item })
      files++
      bytes += sizeBytes
      if (files > jobFiles || bytes > jobBytes) segments.defer(item, sizeBytes)
      else {
        const json = attempt(path, () => storeFile(path, item, node))
        if (json === 'large') segments.add({ kind: 'large', item })
        else if (json !== null) segments.node(json)
      }
    }
  }

  function readBefore(path: Raw, tree: Uint8Array | null) {
    try {
      return folderBefore(tree)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
      warn({ kind: 'note', path: textFromRaw(path), message: rereadNote(error) })
      return folderBefore(null)
    }
  }

  function scan(path: Raw, name: Raw, offset: number): Results['scan'] {
    return reach(path, access =>
      withFile(access, (fd, stat) => {
        const filled = readFully(fd, bench.window, windowBytes, offset)
        const ended = filled < windowBytes
        const runs = collectRuns()
        let at = 0
        for (const enough = ended ? 1 : maxChunkBytes; filled - at >= enough;) {
          const rest = bench.window.subarray(at, filled)
          if (beginsWithZeroChunk(rest)) {
            runs.zeros()
            at += minChunkBytes
          } else {
            const length = bench.chunker.firstChunk(rest)
            runs.chunk(offset + at, length)
            at += length
          }
        }
        const node = describe(access, path, name, stat)
        return { node, mtimeNs: stat.mtimeNs, runs: runs.finish(), next: ended ? null : offset + at }
      }),
    )
  }

  function storeChunks(path: Raw, offset: number, lengths: readonly number[]): Results['chunks'] {
    return reach(path, access =>
      withFile(access, fd => {
        const content: Id[] = []
        let sizeBytes = 0
        for (const length of lengths) {
          const data = bench.window.subarray(0, readFully(fd, bench.window, length, offset + sizeBytes))
          if (data.length > 0) content.push(save(data))
          sizeBytes += data.length
          if (data.length < length) break // it was cut off meanwhile: stored as far as it goes
        }
        return { content, sizeBytes }
      }),
    )
  }

  function storeZeros(count: number): Results['zeros'] {
    const id = save(bench.window.subarray(0, minChunkBytes).fill(0))
    counts.totalBytesProcessed += (count - 1) * minChunkBytes
    return { content: Array<Id>(count).fill(id), sizeBytes: count * minChunkBytes }
  }

  function perform(job: Job): Results[Job['kind']] {
    switch (job.kind) {
      case 'folder':
        return storeFolder(job.path, job.before, job.look)
      case 'files':
        return { segments: storeFiles(job.folder, job.items) }
      case 'file':
        return { segments: storeNamedFile(job.path, job.name, job.before) }
      case 'scan':
        return scan(job.path, job.name, job.offset)
      case 'chunks':
        return storeChunks(job.path, job.offset, job.lengths)
      case 'zeros':
        return storeZeros(job.count)
      case 'tree':
        return saveTree(job.json)
      case 'flush':
        bench.flush()
        return null
    }
  }

  return {
    perform<J extends Job>(job: J) {
      counts = noCounts()
      warnings = []
      const result = perform(job) as ResultOf<J>
      const reply: Reply = { result, counts, warnings, packs: bench.takePacks() }
      return reply as Reply & { result: ResultOf<J> }
    },
    recycle: bench.recycle,
    extendClaims: bench.extendClaims,
  }
}

/** The plaintext of a tree blob made of nodes that are JSON already, in the order of their names. */
export const treeJson = (nodes: readonly string[]): string => `{"nodes":[${nodes.join(',')}]}\n`

export const changedMeanwhile = (path: Raw): Warning => ({
  kind: 'note',
  path: textFromRaw(path),
  message: 'It changed while it was read: stored as it was read, and the next backup reads it again.',
})

export const rereadNote = (error: AppError): string =>
  `${error.message} Its files are read again, whatever the parent snapshot says.`

/** A refusal of the operating system, or of ours to follow a path: the item is left out, the run goes on. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof AppError
    ? error.code === 'source_unreadable'
    : error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'

/** Gathers a folder's parts in order, joining neighbours of the same kind. */
function collectSegments() {
  const segments: Segment[] = []
  let nodes: string[] = []
  let deferred: { items: FileItem[]; bytes: number } | null = null

  function closeNodes(): void {
    if (nodes.length > 0) segments.push({ kind: 'nodes', json: nodes.join(',') })
    nodes = []
  }
  return {
    node(json: string) {
      deferred = null
      nodes.push(json)
    },
    add(segment: Segment) {
      closeNodes()
      deferred = null
      segments.push(segment)
    },
    defer(item: FileItem, bytes: number) {
      closeNodes()
      if (!deferred || deferred.items.length >= jobFiles || deferred.bytes + bytes > jobBytes) {
        deferred = { items: [], bytes: 0 }
        segments.push({ kind: 'files', items: deferred.items })
      }
      deferred.items.push(item)
      deferred.bytes += bytes
    },
    finish(): Segment[] {
      closeNodes()
      return segments
    },
  }
}

const zeroChunk = Buffer.alloc(minChunkBytes)

/**
 * Where the last 64 bytes are zeros the digest is 0, so a chunk of zeros is cut as soon as it may be. Comparing is far
 * cheaper than hashing, and safer than to believe what a file system says of its holes.
 */
const beginsWithZeroChunk = (data: Uint8Array): boolean =>
  data.length >= minChunkBytes && zeroChunk.equals(data.subarray(0, minChunkBytes))

/** Groups chunks into runs of about `jobBytes`, so that all threads get a share of one file. */
function collectRuns() {
  const runs: Results['scan']['runs'][number][] = []
  let chunks: { offset: number; lengths: number[] } | null = null
  let hole: { zeros: number } | null = null
  let runBytes = 0
  return {
    zeros() {
      chunks = null
      if (!hole) runs.push((hole = { zeros: 0 }))
      hole.zeros++
    },
    chunk(offset: number, length: number) {
      hole = null
      if (!chunks || runBytes + length > jobBytes) {
        runs.push((chunks = { offset, lengths: [] }))
        runBytes = 0
      }
      chunks.lengths.push(length)
      runBytes += length
    },
    finish: () => runs,
  }
}
