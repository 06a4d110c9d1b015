import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { z } from 'zod'
import { AppError } from '../../shared/errors.ts'
import {
  anySnapshot,
  findSnapshot,
  ls,
  parseTime,
  shortId,
  textFromRaw,
  type Repository,
  type SavedSnapshot,
  type TreeNode,
} from '../engine/index.ts'
import { outermost } from './catalogue/folders.ts'
import type { OpenRepositories } from './open-repositories.ts'
import { tarEnd, tarHeader, tarPadding } from './tar.ts'

/** One file as it is, or a selection as a tar archive. */
export interface Download {
  /** As the snapshot has it: untrusted. */
  readonly filename: string
  readonly mime: 'application/octet-stream' | 'application/x-tar'
  /** null: not known before its end. */
  readonly sizeBytes: number | null
  /** Whoever gets it reads it to its end or destroys it: the repository is held open until then. */
  readonly stream: Readable
}

export const DownloadRequest = z.strictObject({
  destinationId: z.uuid(),
  snapshotId: z.string().min(4).max(64),
  paths: z.array(z.string().min(1).max(8192)).min(1).max(10_000),
})
export type DownloadRequest = z.output<typeof DownloadRequest>

/**
 * Contents of a snapshot as a stream. One blob is in memory at a time, and each is verified before any of it goes out;
 * where one is damaged the stream breaks off with an error, so that nobody takes a part for the whole.
 */
export function createDownloads(
  repositories: OpenRepositories,
): (request: DownloadRequest) => Promise<Download> {
  return request => {
    const { promise, resolve, reject } = Promise.withResolvers<Download>()
    const whole = repositories.use(request.destinationId, async (repo, signal) => {
      const { snapshot } = await findSnapshot(repo, request.snapshotId, anySnapshot, signal)
      const download = await begin(repo, snapshot, outermost(request.paths), signal)
      resolve(download)
      await finished(download.stream).catch(() => undefined) // who reads it hears of that
    })
    whole.catch(reject)
    return promise
  }
}

async function begin(
  repo: Repository,
  snapshot: SavedSnapshot,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Download> {
  const streamOf = (parts: AsyncIterable<Buffer>) => Readable.from(parts, { highWaterMark: 1 })
  const first = paths.length === 1 ? await itemAt(repo, snapshot, paths[0]!, signal) : null
  if (first?.type === 'file') {
    return {
      filename: nameOf(paths[0]!),
      mime: 'application/octet-stream',
      sizeBytes: sizeOf(repo, first, paths[0]!),
      stream: streamOf(contentOf(repo, first, signal)),
    }
  }
  // A path that is not there is found before anything is sent.
  for (const path of first === null ? paths : []) await itemAt(repo, snapshot, path, signal)
  const name = paths.length === 1 ? nameOf(paths[0]!) : ''
  return {
    filename: `${name === '' ? `snapshot ${shortId(snapshot.id)}` : name}.tar`,
    mime: 'application/x-tar',
    sizeBytes: null,
    stream: streamOf(archiveOf(repo, snapshot, paths, signal)),
  }
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** null for the root. */
async function itemAt(
  repo: Repository,
  snapshot: SavedSnapshot,
  path: string,
  signal: AbortSignal,
): Promise<TreeNode | null> {
  if (path === '/') return null
  for await (const { node } of ls(repo, snapshot, { folders: [path], recursive: false }, signal)) return node
  throw new AppError('not_found', `There is no ${path} in this snapshot.`, {
    hint: 'Look at what is in it, and choose again.',
  })
}

/** Of its content, which is what counts. @throws data_corrupt */
function sizeOf({ index }: Repository, { content }: TreeNode, path: string): number {
  let bytes = 0
  for (const id of content ?? [null]) {
    const place = id === null ? -1 : index.places.first('data', id)
    if (place === -1)
      throw new AppError('data_corrupt', `Part of the content of ${path} is not in the repository.`)
    bytes += index.places.plainLength(place)
  }
  return bytes
}

async function* contentOf(
  repo: Repository,
  { content }: TreeNode,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (const id of content ?? []) yield await repo.loadBlob('data', id, signal)
}

async function* archiveOf(
  repo: Repository,
  snapshot: SavedSnapshot,
  paths: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const base = commonFolder(paths)
  for await (const { path: raw, node } of ls(
    repo,
    snapshot,
    { folders: [...paths], recursive: true },
    signal,
  )) {
    const path = textFromRaw(raw).slice(base.length)
    const { type } = node
    if (type !== 'file' && type !== 'dir' && type !== 'symlink') continue // it holds no data
    if (path.split('/').some(name => name === '' || name === '.' || name === '..') || path.includes('\0'))
      throw new AppError('data_corrupt', `The name ${path} in this snapshot is none that a file may have.`)
    const sizeBytes = type === 'file' ? sizeOf(repo, node, path) : 0
    yield tarHeader({
      path,
      type,
      sizeBytes,
      permissions: node.mode,
      modifiedAtMs: Number(parseTime(node.mtime) / 1_000_000n),
      linkTarget: node.linkTarget === null ? '' : textFromRaw(node.linkTarget),
    })
    if (type !== 'file') continue
    yield* contentOf(repo, node, signal)
    yield tarPadding(sizeBytes)
  }
  yield tarEnd()
}

/** The folder that all of them are in, with a slash at its end: names in the archive are what comes behind it. */
function commonFolder(paths: readonly string[]): string {
  const above = (path: string) => path.slice(0, path.lastIndexOf('/') + 1)
  let common = above(paths[0]!)
  for (const path of paths) while (!path.startsWith(common)) common = above(common.slice(0, -1))
  return common
}
