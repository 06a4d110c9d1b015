import { randomBytes } from 'node:crypto'
import { AppError } from '../../shared/errors.ts'
import type { Backend, FileKind } from './backend/backend.ts'
import { createBlobIndex, type BlobIndex, type IndexLimits } from './blob-index.ts'
import { decodeConfig, encodeConfig, type RepositoryConfig } from './format/config.ts'
import { createSealer, type Sealer, type SealKey } from './format/envelope.ts'
import { idOf, isId, shortId, type BlobType, type Id } from './format/id.ts'
import type { IndexColumns } from './format/index-columns.ts'
import {
  createKeyFile,
  decodeKeyFile,
  encodeKeyFile,
  newMasterKey,
  openKeyFile,
  type ScryptCost,
} from './format/key.ts'
import { isIrreducible, randomPolynomial } from './format/polynomial.ts'
import { formatTime } from './format/time.ts'
import { decodeTree, type TreeNode } from './format/tree.ts'
import { unwrapUnpacked, wrapUnpackedAside } from './format/unpacked.ts'
import { createIndexReader } from './indexing/reader.ts'
import { defaultMemoryBytes, memoryPlan } from './memory.ts'
import { blobOpener, namedDamage } from './open-blob.ts'
import { inParallel } from './parallel.ts'
import type { Run } from './run.ts'
import { createTreePacks } from './tree-packs.ts'

/**
 * An open repository: blobs in, blobs out. Hides packs and index from everything above.
 *
 * Reading order matters when others write meanwhile: list snapshots before `loadIndex`.
 */
export interface Repository {
  readonly backend: Backend
  readonly id: Id
  readonly version: 1 | 2
  readonly polynomial: bigint
  /** The key file that opened it. */
  readonly keyId: Id
  readonly master: SealKey
  readonly sealer: Sealer
  /** Empty until `loadIndex`. */
  readonly index: BlobIndex
  /** Reads all index files; repeating it reads only new ones. @throws data_corrupt a damaged index file */
  loadIndex(run: Pick<Run, 'signal'>): Promise<void>
  /** An index of its own, within the same limits; whoever asks closes it. */
  emptyIndex(): BlobIndex
  /**
   * What one index file lists, for `use` alone: the next file overwrites it. Several may be asked for at once; they are
   * used one after the other. @throws data_corrupt, not_found; whatever `use` throws
   */
  readIndexFile(id: Id, use: (columns: IndexColumns) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Sorted by name. */
  listIds(kind: FileKind, signal: AbortSignal): Promise<Id[]>
  /** The JSON inside; the file's hash and seal are verified. @throws data_corrupt, not_found */
  loadUnpacked(kind: 'snapshot' | 'index' | 'lock', id: Id, signal: AbortSignal): Promise<Buffer>
  saveUnpacked(kind: 'snapshot' | 'index' | 'lock', json: Uint8Array, signal: AbortSignal): Promise<Id>
  removeFile(kind: FileKind, id: Id, signal: AbortSignal): Promise<void>
  /**
   * The plaintext, its hash verified; a damaged copy in one pack falls back to another.
   * @throws data_corrupt the blob is not in the index, or no copy of it is whole
   */
  loadBlob(type: BlobType, id: Id, signal: AbortSignal): Promise<Buffer>
  /** Unseals, decompresses and verifies one blob out of bytes already read from its pack. @throws data_corrupt */
  openBlob(sealed: Uint8Array, blob: { type: BlobType; id: Id; uncompressedLength: number }): Buffer
  loadTree(id: Id, signal: AbortSignal): Promise<TreeNode[]>
  close(): Promise<void>
}

/**
 * A repository on its way to be open. Making the key out of the password takes a core half a second, so operations that
 * have something to do meanwhile take this as well.
 */
export interface Opening {
  readonly backend: Backend
  readonly opened: Promise<Repository>
}

export const openingOf = (repo: Repository | Opening): Opening =>
  'opened' in repo ? repo : { backend: repo.backend, opened: Promise.resolve(repo) }

export interface NewRepository {
  version?: 1 | 2
  password: string
  /** To share deduplication with another repository. */
  polynomial?: bigint
  /** How hard the password is to guess; restic's half a second when absent. */
  cost?: ScryptCost
  who: { hostname: string; username: string }
}

/** Key files tried at most before giving up; restic tries as many. */
const mostKeys = 20
/** Index files asked for at once. */
const indexReaders = 4

/** The least that a blob takes in an index file: half of its ID's digits can't be squeezed out. Plain in version 1. */
const indexedBlobBytes = { 1: 120, 2: 38 }

export interface OpenOptions {
  /** What a run may take, all threads together (memory.ts). */
  memoryBytes?: number
}

const limitsOf = ({ memoryBytes = defaultMemoryBytes }: OpenOptions): IndexLimits => ({
  memoryBytes: memoryPlan(memoryBytes, 1).indexBytes,
})

/** @throws repository_exists a config, key or snapshot is already there: nothing is overwritten */
export async function initRepository(
  backend: Backend,
  options: NewRepository,
  run: Run,
): Promise<Repository> {
  const { signal } = run
  const version = options.version ?? 2
  if (options.password === '') {
    throw new AppError('invalid_input', 'A repository needs a password, and the one given is empty.')
  }
  if (options.polynomial !== undefined && !isIrreducible(options.polynomial)) {
    throw new AppError('invalid_input', 'The chunker polynomial to share is not irreducible.')
  }
  if (await backend.stat({ kind: 'config', name: '' }, signal)) throw exists(backend, 'a repository')
  for (const kind of ['key', 'snapshot'] as const) {
    for await (const _ of backend.list(kind, signal)) {
      throw exists(backend, `a ${kind} of an incomplete repository`)
    }
  }
  await backend.create(signal)
  const master = newMasterKey()
  const created = formatTime(BigInt(run.now()) * 1_000_000n)
  const keyFile = encodeKeyFile(
    await createKeyFile(options.password, master, { created, ...options.who }, options.cost),
  )
  const key = { kind: 'key', name: idOf(keyFile) } as const
  const config: RepositoryConfig = {
    version,
    id: randomBytes(32).toString('hex'),
    chunkerPolynomial: options.polynomial ?? randomPolynomial(),
  }
  await backend.write(key, keyFile, signal)
  try {
    const sealed = createSealer(master).seal(encodeConfig(config))
    await backend.write({ kind: 'config', name: '' }, sealed, signal)
  } catch (error) {
    // Without its config the key would only stand in the way of the next attempt; but a lost reply may hide a config
    // that was written, and then the key must stay. A fresh signal: clean-up is not cancelled.
    const { signal } = new AbortController()
    const written = await backend.stat({ kind: 'config', name: '' }, signal).catch(() => 'unknown')
    if (written === null) await backend.remove(key, signal).catch(() => undefined)
    throw error
  }
  return assemble(backend, config, key.name, master, limitsOf({}))
}

/** @throws repository_missing, wrong_password, repository_unsupported, data_corrupt */
export async function openRepository(
  backend: Backend,
  password: string,
  run: Pick<Run, 'signal'>,
  options: OpenOptions = {},
): Promise<Repository> {
  const { signal } = run
  if (!(await backend.stat({ kind: 'config', name: '' }, signal))) {
    throw new AppError('repository_missing', `There is no repository at ${backend.location}.`, {
      hint: 'Check the location (is the drive mounted?), or create a repository there with `holdfast init`.',
    })
  }
  const { keyId, master } = await unlockMaster(backend, password, signal)
  const sealed = await backend.read({ kind: 'config', name: '' }, 'all', signal)
  const config = decodeConfig(named('The config file', () => createSealer(master).open(sealed)))
  if (!isIrreducible(config.chunkerPolynomial)) {
    throw new AppError('data_corrupt', 'The config file names a chunker polynomial that is not irreducible.')
  }
  return assemble(backend, config, keyId, master, limitsOf(options))
}

async function unlockMaster(
  backend: Backend,
  password: string,
  signal: AbortSignal,
): Promise<{ keyId: Id; master: SealKey }> {
  const damaged: string[] = []
  let tried = 0
  for await (const { name } of backend.list('key', signal)) {
    if (tried === mostKeys) break
    try {
      const bytes = await backend.read({ kind: 'key', name }, 'all', signal)
      if (idOf(bytes) !== name) throw new AppError('data_corrupt', `Key file ${shortId(name)} is damaged.`)
      const file = decodeKeyFile(bytes)
      tried++
      const master = await openKeyFile(file, password)
      if (master) return { keyId: name, master }
    } catch (error) {
      // One damaged key must not keep the others from opening the repository.
      if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
      damaged.push(shortId(name))
    }
    signal.throwIfAborted()
  }
  if (damaged.length > 0) {
    throw new AppError(
      'data_corrupt',
      `No key opens the repository with this password, and ${damaged.length === 1 ? 'key file' : 'key files'} ${damaged.join(', ')} can't be read: damaged.`,
      { hint: 'Try the password of another key, or restore the key file from a copy of the repository.' },
    )
  }
  if (tried === 0) {
    throw new AppError('data_corrupt', `The repository at ${backend.location} has no key file.`, {
      hint: 'Restore the folder "keys" from a copy of the repository: without a key nobody can read it.',
    })
  }
  throw new AppError(
    'wrong_password',
    `No key of the repository at ${backend.location} fits this password.`,
    {
      hint: 'Check the password (and the keyboard layout); your recovery kit has one that works.',
    },
  )
}

function assemble(
  backend: Backend,
  config: RepositoryConfig,
  keyId: Id,
  master: SealKey,
  limits: IndexLimits,
): Repository {
  const sealer = createSealer(master)
  const openBlob = blobOpener(sealer)
  const index = createBlobIndex(limits)
  const readIndexFile = createIndexReader(backend, sealer)
  const treePacks = createTreePacks(backend, index)
  const indexFiles = new Set<Id>()
  let loading: Promise<void> = Promise.resolve()

  async function loadBlob(type: BlobType, id: Id, signal: AbortSignal): Promise<Buffer> {
    const places = index.find(type, id)
    let failure: unknown
    for (const place of places) {
      try {
        const range = { start: place.offset, end: place.offset + place.length }
        const sealed =
          type === 'tree'
            ? await treePacks.read(place, signal)
            : await backend.read({ kind: 'pack', name: place.packId }, range, signal)
        return openBlob(sealed, place)
      } catch (error) {
        signal.throwIfAborted()
        failure ??= error // another pack may hold a whole copy
      }
    }
    if (failure !== undefined) throw failure
    throw new AppError('data_corrupt', `The ${type} blob ${shortId(id)} is in no index: it is lost.`, {
      hint: 'Run `holdfast check` to see which files need it.',
    })
  }

  async function loadNewIndexFiles(signal: AbortSignal): Promise<void> {
    const wanted: Id[] = []
    let bytes = 0
    for await (const { name, sizeBytes } of backend.list('index', signal)) {
      if (indexFiles.has(name)) continue
      wanted.push(name)
      bytes += sizeBytes
    }
    if (wanted.length === 0) return
    await index.expect(Math.ceil(bytes / indexedBlobBytes[config.version]))
    await inParallel(wanted, indexReaders, signal, async file => {
      await readIndexFile(file, columns => index.load(columns, signal), signal)
      indexFiles.add(file)
    })
    await index.settle(signal)
  }

  async function loadUnpacked(
    kind: 'snapshot' | 'index' | 'lock',
    id: Id,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const bytes = await backend.read({ kind, name: id }, 'all', signal)
    return named(`The ${kind} file ${shortId(id)}`, () => {
      if (idOf(bytes) !== id) throw new AppError('data_corrupt', 'its content does not fit its name')
      return unwrapUnpacked(sealer.open(bytes))
    })
  }

  return {
    backend,
    id: config.id,
    version: config.version,
    polynomial: config.chunkerPolynomial,
    keyId,
    master,
    sealer,
    index,
    openBlob,
    loadBlob,
    loadUnpacked,

    emptyIndex: () => createBlobIndex(limits),
    readIndexFile,

    loadIndex({ signal }) {
      const loaded = loading.then(() => loadNewIndexFiles(signal))
      loading = loaded.catch(() => undefined) // its caller hears of it
      return loaded
    },

    async listIds(kind, signal) {
      const ids: Id[] = []
      for await (const { name } of backend.list(kind, signal)) if (isId(name)) ids.push(name)
      return ids.sort()
    },

    async saveUnpacked(kind, json, signal) {
      const bytes = sealer.seal(await wrapUnpackedAside(json, config.version))
      const id = idOf(bytes)
      await backend.write({ kind, name: id }, bytes, signal)
      return id
    },

    removeFile: (kind, name, signal) => backend.remove({ kind, name }, signal),

    async loadTree(id, signal): Promise<TreeNode[]> {
      const bytes = await loadBlob('tree', id, signal)
      return named(`Tree blob ${shortId(id)}`, () => decodeTree(bytes))
    },

    async close() {
      await index.close()
      await backend.close()
    },
  }
}

function named<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw namedDamage(what, error)
  }
}

function exists(backend: Backend, what: string): AppError {
  return new AppError(
    'repository_exists',
    `There is already ${what} at ${backend.location}; nothing was changed.`,
    {
      hint: 'Use it as it is, or choose another location.',
    },
  )
}
