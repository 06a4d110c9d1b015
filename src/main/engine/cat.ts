import { AppError } from '../../shared/errors.ts'
import { encodeConfig } from './format/config.ts'
import { idOf, isId, shortId, type BlobType, type Id } from './format/id.ts'
import { findByPrefix } from './prefix.ts'
import type { Repository } from './repository.ts'
import { anySnapshot, findFolder, findSnapshot } from './snapshots.ts'

export type CatKind =
  'masterkey' | 'config' | 'pack' | 'blob' | 'snapshot' | 'index' | 'key' | 'lock' | 'tree'

/**
 * The decoded content of one repository object, for people and scripts; IDs may be unique prefixes.
 *
 * The bytes are those restic prints: JSON indented by two spaces and a newline behind it (an index as it is stored,
 * for it may be huge), packs and blobs raw. A tree is named by its snapshot, with `:subpath`, or by its own ID.
 * `id` is not used for `masterkey` and `config`, of which there is one each.
 * @throws not_found, snapshot_missing no such object, or several
 * @throws data_corrupt it is damaged: nothing is returned then
 */
export async function cat(repo: Repository, kind: CatKind, id: string, signal: AbortSignal): Promise<Buffer> {
  switch (kind) {
    case 'masterkey':
      return pretty(masterKeyJson(repo))
    case 'config':
      return pretty(
        encodeConfig({ version: repo.version, id: repo.id, chunkerPolynomial: repo.polynomial }).toString(),
      )
    case 'snapshot': {
      const { snapshot } = await findSnapshot(repo, id, anySnapshot, signal)
      return pretty((await repo.loadUnpacked('snapshot', snapshot.id, signal)).toString())
    }
    case 'lock':
      return pretty(
        (await repo.loadUnpacked('lock', await findFile(repo, kind, id, signal), signal)).toString(),
      )
    case 'index': {
      const json = await repo.loadUnpacked('index', await findFile(repo, kind, id, signal), signal)
      return Buffer.concat([json, Buffer.from('\n')])
    }
    case 'key':
      return pretty((await readWhole(repo, kind, id, signal)).toString())
    case 'pack':
      return readWhole(repo, kind, id, signal)
    case 'blob': {
      await repo.loadIndex({ signal })
      const blob = findBlob(repo, id, ['data', 'tree'])
      return repo.loadBlob(blob.type, blob.id, signal)
    }
    case 'tree': {
      await repo.loadIndex({ signal })
      return repo.loadBlob('tree', await findTree(repo, id, signal), signal)
    }
  }
}

async function findTree(repo: Repository, name: string, signal: AbortSignal): Promise<Id> {
  try {
    const { snapshot, subpath } = await findSnapshot(repo, name, anySnapshot, signal)
    return await findFolder(repo, snapshot, subpath, signal)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'snapshot_missing') throw error
    if (name === 'latest' || name.includes(':')) throw error
    return findBlob(repo, name, ['tree']).id
  }
}

const findFile = async (
  repo: Repository,
  kind: 'index' | 'key' | 'lock' | 'pack',
  id: string,
  signal: AbortSignal,
): Promise<Id> =>
  findByPrefix(
    isId(id) ? [id] : await repo.listIds(kind, signal), // whether a whole one exists shows when it is read
    id,
    kind,
    'not_found',
    kind === 'key' ? 'Run `holdfast key list` to see the keys.' : 'Check the ID, or type more of it.',
  )

async function readWhole(
  repo: Repository,
  kind: 'key' | 'pack',
  id: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const name = await findFile(repo, kind, id, signal)
  const bytes = await repo.backend.read({ kind, name }, 'all', signal)
  if (idOf(bytes) === name) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  throw new AppError(
    'data_corrupt',
    `The ${kind} file ${shortId(name)} is damaged: it does not fit its name.`,
    {
      hint: 'Run `holdfast check --read-data` to see what is affected.',
    },
  )
}

/** By full ID or unique prefix; where two types have the ID, the first of `types`. */
function findBlob(repo: Repository, id: string, types: readonly BlobType[]): { type: BlobType; id: Id } {
  const found = isId(id)
    ? id
    : findByPrefix(blobIds(repo, id, types), id, 'blob', 'not_found', 'Check the ID, or type more of it.')
  const type = types.find(type => repo.index.has(type, found))
  if (type !== undefined) return { type, id: found }
  throw new AppError(
    'not_found',
    `There is no ${types.length === 1 ? `${types[0]} ` : ''}blob ${shortId(found)}.`,
    {
      hint: 'Check the ID.',
    },
  )
}

function blobIds(repo: Repository, prefix: string, types: readonly BlobType[]): Set<Id> {
  const ids = new Set<Id>()
  for (const { blobs } of repo.index.packs()) {
    for (const { type, id } of blobs) if (types.includes(type) && id.startsWith(prefix)) ids.add(id)
  }
  return ids
}

function masterKeyJson({ master }: Repository): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return JSON.stringify({
    mac: { k: base64(master.macK), r: base64(master.macR) },
    encrypt: base64(master.encrypt),
  })
}

const pretty = (json: string): Buffer => Buffer.from(`${indentJson(json)}\n`)

/** Indents JSON by its text, so that numbers, escapes and the order of fields stay as they are stored. */
export function indentJson(json: string): string {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? []
  let depth = 0
  let text = ''
  const newLine = () => `\n${'  '.repeat(depth)}`
  for (const [at, token] of tokens.entries()) {
    const empty = tokens[at + 1] === '}' || tokens[at + 1] === ']'
    const closesEmpty = tokens[at - 1] === '{' || tokens[at - 1] === '['
    if (token === '{' || token === '[') {
      depth++
      text += token + (empty ? '' : newLine())
    } else if (token === '}' || token === ']') {
      depth--
      text += (closesEmpty ? '' : newLine()) + token
    } else if (token === ',') text += `,${newLine()}`
    else if (token === ':') text += ': '
    else text += token
  }
  return text
}
