import type { Comparison, FolderRow, Preview } from '../../shared/entities/browse.ts'
import { AppError } from '../../shared/errors.ts'
import { bytes } from '../../shared/wording.ts'
import {
  anySnapshot,
  diff,
  findSnapshot,
  ls,
  parseTime,
  textFromRaw,
  type Repository,
  type SavedSnapshot,
  type TreeNode,
} from '../engine/index.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import { outermost } from './catalogue/folders.ts'
import { compareNaturally } from './catalogue/natural-order.ts'
import type { Api } from './dispatch.ts'
import type { OpenRepositories } from './open-repositories.ts'

/** More of a text is not shown: it is a preview. */
const mostTextBytes = 256 * 1024
const mostImageBytes = 8 * 1024 * 1024

/** Looking into snapshots: folders and versions come from the index in the catalogue, contents from the repository. */
export function createBrowsing({
  catalogue,
  repositories,
}: {
  catalogue: Catalogue
  repositories: OpenRepositories
}): Pick<Api, 'browse.folder' | 'browse.versions' | 'browse.measure' | 'browse.preview' | 'browse.compare'> {
  return {
    async 'browse.folder'(query) {
      const { destinationId, asOf, path, offset, limit } = query
      const listed = await catalogue.snapshots.folder(query)
      if (listed !== null || asOf === null) return listed ?? { rows: [], total: 0, notIndexed: 0 }
      return repositories.use(destinationId, async (repo, signal) => {
        const { snapshot } = await findSnapshot(repo, asOf, anySnapshot, signal)
        const rows = await readFolder(repo, snapshot, path, signal)
        return { rows: rows.slice(offset, offset + limit), total: rows.length, notIndexed: 1 }
      })
    },
    'browse.versions': query => catalogue.snapshots.versions(query),
    async 'browse.measure'(query) {
      const { destinationId, snapshotId, paths } = query
      const measured = await catalogue.snapshots.measure(query)
      if (measured !== null) return measured
      return repositories.use(destinationId, async (repo, signal) => {
        const { snapshot } = await findSnapshot(repo, snapshotId, anySnapshot, signal)
        return readSizes(repo, snapshot, paths, signal)
      })
    },

    'browse.preview': ({ destinationId, snapshotId, path }) =>
      repositories.use(destinationId, async (repo, signal) => {
        const { snapshot } = await findSnapshot(repo, snapshotId, anySnapshot, signal)
        return preview(repo, await fileAt(repo, snapshot, path, signal), path, signal)
      }),

    'browse.compare': ({ destinationId, before, after, path, limit }) =>
      repositories.use(destinationId, async (repo, signal) => {
        const [from, to] = await Promise.all(
          [before, after].map(id => findSnapshot(repo, id, anySnapshot, signal)),
        )
        const entries: Comparison[] = []
        const enough = new AbortController()
        const side = (found: typeof from) => ({ snapshot: found!.snapshot, subpath: path })
        try {
          await diff(
            repo,
            side(from),
            side(to),
            {
              metadata: false,
              onEntry({ change, path, before, after }) {
                if (entries.length === limit) enough.abort(stopped)
                else entries.push(compared(change, textFromRaw(path), before, after))
              },
            },
            AbortSignal.any([signal, enough.signal]),
          )
        } catch (error) {
          if (error !== stopped) throw error
        }
        return { entries, more: enough.signal.aborted }
      }),
  }
}

const stopped = new Error('as many differences as were wanted have been found')

const changes = { '+': 'added', '-': 'removed', M: 'changed', T: 'type', TU: 'type', U: 'metadata' } as const

function compared(
  change: keyof typeof changes,
  path: string,
  before: TreeNode | null,
  after: TreeNode | null,
): Comparison {
  const node = (after ?? before)!
  const size = (side: TreeNode | null) => (side?.type === 'file' ? side.size : null)
  return {
    path: path.replace(/(.)\/$/, '$1'),
    change: changes[change],
    type: shownType(node),
    beforeBytes: size(before),
    afterBytes: size(after),
  }
}

const shownType = ({ type }: TreeNode): Comparison['type'] =>
  type === 'file' || type === 'dir' || type === 'symlink' ? type : 'other'

/** A folder of a snapshot that is not in the index (yet), from the repository: this one alone, whatever others hold. */
async function readFolder(
  repo: Repository,
  snapshot: SavedSnapshot,
  path: string,
  signal: AbortSignal,
): Promise<FolderRow[]> {
  const timeMs = Number(parseTime(snapshot.time) / 1_000_000n)
  const rows: FolderRow[] = []
  const at = `/${path
    .split('/')
    .filter(name => name !== '' && name !== '.')
    .join('/')}`
  for await (const { path, node } of ls(repo, snapshot, { folders: [at], recursive: false }, signal)) {
    if (textFromRaw(path) === at) {
      if (node.type === 'dir') continue
      throw new AppError('not_found', `${at} is no folder.`, { hint: 'Open the folder that it is in.' })
    }
    rows.push({
      name: textFromRaw(node.name),
      type: shownType(node),
      sizeBytes: node.type === 'dir' ? null : node.size,
      modifiedAtMs: Number(parseTime(node.mtime) / 1_000_000n),
      versions: node.type === 'dir' ? 0 : 1,
      deleted: false,
      lastSeenMs: timeMs,
      snapshotId: snapshot.id,
    })
  }
  return rows.sort(
    (a, b) => Number(b.type === 'dir') - Number(a.type === 'dir') || compareNaturally(a.name, b.name),
  )
}

async function readSizes(
  repo: Repository,
  snapshot: SavedSnapshot,
  paths: string[],
  signal: AbortSignal,
): Promise<{ files: number; folders: number; bytes: number }> {
  const total = { files: 0, folders: 0, bytes: 0 }
  for await (const { node } of ls(repo, snapshot, { folders: outermost(paths), recursive: true }, signal)) {
    if (node.type === 'dir') {
      total.folders++
      continue
    }
    total.files++
    total.bytes += node.size
  }
  return total
}

async function fileAt(
  repo: Repository,
  snapshot: SavedSnapshot,
  path: string,
  signal: AbortSignal,
): Promise<TreeNode> {
  for await (const listed of ls(repo, snapshot, { folders: [path], recursive: false }, signal)) {
    if (listed.node.type === 'file') return listed.node
    break
  }
  throw new AppError('invalid_input', `${path} is no file in this snapshot.`, {
    hint: 'Choose a file to look at.',
  })
}

const imageKinds: readonly [mime: string, head: string][] = [
  ['image/png', '89504e47'],
  ['image/jpeg', 'ffd8ff'],
  ['image/gif', '47494638'],
  ['image/webp', '52494646'],
]

/** By its content, not its name. Pictures that can carry scripts (SVG) are shown as the text they are. */
async function preview(
  repo: Repository,
  node: TreeNode,
  path: string,
  signal: AbortSignal,
): Promise<Preview> {
  const content = node.content ?? []
  if (content.length === 0) return { kind: 'none', why: 'The file is empty.' }
  const parts: Buffer[] = [await repo.loadBlob('data', content[0]!, signal)]
  const mime = imageKinds.find(([, head]) => parts[0]!.toString('hex', 0, 8).startsWith(head))?.[0]
  if (mime !== undefined) {
    if (node.size > mostImageBytes)
      return { kind: 'none', why: `This picture is too large to be shown here (${bytes(node.size)}).` }
    for (const id of content.slice(1)) parts.push(await repo.loadBlob('data', id, signal))
    return { kind: 'image', mime, base64: Buffer.concat(parts).toString('base64') }
  }
  const head = parts[0]!.subarray(0, mostTextBytes)
  if (head.includes(0))
    return {
      kind: 'none',
      why: `${path.slice(path.lastIndexOf('/') + 1)} is no text and no picture that can be shown here.`,
    }
  return { kind: 'text', text: new TextDecoder().decode(head), truncated: node.size > head.length }
}
