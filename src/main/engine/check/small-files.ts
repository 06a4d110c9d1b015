import { AppError } from '../../../shared/errors.ts'
import { decodeConfig } from '../format/config.ts'
import { idOf, shortId, type Id } from '../format/id.ts'
import { idWords } from '../format/index-columns.ts'
import { decodeKeyFile } from '../format/key.ts'
import { decodeLock } from '../format/lock.ts'
import { decodeSnapshot, type SavedSnapshot } from '../format/snapshot.ts'
import { parseTime } from '../format/time.ts'
import { createPackTable } from '../indexing/pack-table.ts'
import { lockTimes } from '../locks.ts'
import { inParallel } from '../parallel.ts'
import { oldestFirst } from '../snapshots.ts'
import type { Repository } from '../repository.ts'
import { sentence, type Kind, type Ledger } from './ledger.ts'

/** Files read at once. */
const readers = 4

/** Every snapshot that can be read, oldest first. */
export async function readSnapshots(ledger: Ledger): Promise<SavedSnapshot[]> {
  const { repo, run } = ledger
  const snapshots: SavedSnapshot[] = []
  await eachFile(ledger, 'snapshot', 'snapshot_damaged', async id => {
    const snapshot = decodeSnapshot(await repo.loadUnpacked('snapshot', id, run.signal))
    parseTime(snapshot.time)
    snapshots.push({ ...snapshot, id })
  })
  return oldestFirst(snapshots)
}

/** Fills the ledger's index with all packs that readable index files list. */
export async function readIndexFiles(ledger: Ledger): Promise<void> {
  const { repo, run, index } = ledger
  const packs = createPackTable()
  /** The first index file of each pack, by the pack's number. */
  const firstFile: Id[] = []
  const several = new Map<Id, Id[]>()
  await eachFile(ledger, 'index', 'index_damaged', id =>
    repo.readIndexFile(
      id,
      async columns => {
        for (let nth = 0; nth < columns.packs; nth++) {
          const pack = packs.find(columns.packIds, nth * idWords)
          if (pack < 0) firstFile[packs.add(columns.packIds, nth * idWords)] = id
          else if (firstFile[pack] !== id) {
            const name = packs.id(pack)
            several.set(name, [...(several.get(name) ?? [firstFile[pack]!]), id])
          }
        }
        await index.load(columns, run.signal)
      },
      run.signal,
    ),
  )
  await index.settle(run.signal)
  for (const [pack, indexes] of several) {
    ledger.add({
      level: 'hint',
      kind: 'pack_in_several_indexes',
      subject: `pack ${pack}`,
      message: `Pack ${shortId(pack)} is in several index files: ${indexes.sort().map(shortId).join(', ')}.`,
    })
  }
}

/** Without its config no repository can be opened again, though this one is open. */
export async function checkConfig(ledger: Ledger): Promise<void> {
  const { repo, run } = ledger
  try {
    const sealed = await ledger.read(() => repo.backend.read({ kind: 'config', name: '' }, 'all', run.signal))
    const config = decodeConfig(repo.sealer.open(sealed))
    if (
      config.id !== repo.id ||
      config.version !== repo.version ||
      config.chunkerPolynomial !== repo.polynomial
    ) {
      throw new AppError('data_corrupt', 'It is not the one this repository was opened with.')
    }
  } catch (error) {
    const { message, gone } = ledger.damage(error)
    if (gone) await refuseIfGone(repo, run.signal)
    ledger.add({
      level: 'error',
      kind: 'config_damaged',
      subject: 'config',
      message: `The config file is damaged: nobody can open the repository any more. ${message}`,
    })
  }
}

/**
 * An unplugged drive looks like a repository that has lost everything.
 * @throws repository_missing neither config nor keys are there
 */
export async function refuseIfGone(repo: Repository, signal: AbortSignal): Promise<void> {
  if (await repo.backend.stat({ kind: 'config', name: '' }, signal)) return
  if ((await repo.listIds('key', signal)).length > 0) return
  throw new AppError('repository_missing', `The repository is no longer at ${repo.backend.location}.`, {
    hint: 'Check that the drive is still connected and mounted, then check again.',
  })
}

export async function checkKeys(ledger: Ledger): Promise<void> {
  const { repo, run } = ledger
  let whole = 0
  await eachFile(ledger, 'key', 'key_damaged', async id => {
    const bytes = await repo.backend.read({ kind: 'key', name: id }, 'all', run.signal)
    if (idOf(bytes) !== id) {
      throw new AppError('data_corrupt', `Key file ${shortId(id)} is damaged: it does not fit its name.`)
    }
    try {
      decodeKeyFile(bytes)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      throw new AppError('data_corrupt', `Key file ${shortId(id)} is damaged: ${sentence(error.message)}`)
    }
    whole++
  })
  if (whole > 0) return
  ledger.add({
    level: 'error',
    kind: 'key_missing',
    subject: 'keys',
    message: 'No key file is left that could be read: nobody can open the repository any more.',
  })
}

/** Only without a lock of our own: with one there are no others. */
export async function checkLocks(ledger: Ledger): Promise<void> {
  const { repo, run } = ledger
  for (const id of await repo.listIds('lock', run.signal)) {
    const subject = `lock ${id}`
    try {
      const lock = decodeLock(await ledger.read(() => repo.loadUnpacked('lock', id, run.signal)))
      const ageMs = run.now() - Number(parseTime(lock.time) / 1_000_000n)
      if (ageMs <= lockTimes.staleMs) continue
      const owner = `process ${lock.pid} of ${lock.username} on ${lock.hostname}`
      const message = `Lock ${shortId(id)} of ${owner} is stale: it was last refreshed ${Math.round(ageMs / 60_000)} min ago.`
      ledger.add({ level: 'hint', kind: 'lock_stale', subject, message })
    } catch (error) {
      const { message, gone } = ledger.damage(error)
      if (!gone) ledger.add({ level: 'hint', kind: 'lock_damaged', subject, message })
    }
  }
}

async function eachFile(
  ledger: Ledger,
  what: 'snapshot' | 'index' | 'key',
  kind: Kind,
  work: (id: Id) => Promise<void>,
): Promise<void> {
  const { repo, run } = ledger
  await inParallel(await repo.listIds(what, run.signal), readers, run.signal, async id => {
    try {
      await ledger.read(() => work(id))
    } catch (error) {
      const { message, level, gone } = ledger.damage(error)
      const subject = `${what} ${id}`
      if (level === 'error') {
        if (what === 'snapshot') ledger.unreadableSnapshots.add(id)
        ledger.add({ level, kind, subject, message: named(what, id, message) })
      } else if (gone) ledger.add({ level, kind: 'vanished', subject, message })
    }
  })
}

/** The decoders know only bytes; a message must say whose they are. */
const named = (what: string, id: Id, message: string): string =>
  message.includes(id.slice(0, 8)) ? message : `The ${what} file ${shortId(id)} is damaged: ${message}`
