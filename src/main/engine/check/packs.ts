import { count, plural } from '../../../shared/wording.ts'
import type { BlobIndex } from '../blob-index.ts'
import { shortId, type Id } from '../format/id.ts'
import { packSize } from '../format/pack.ts'
import { breathe, inParallel } from '../parallel.ts'
import { listBlobs } from '../workers/blob-list.ts'
import type { ReadResult, VerifyJob } from '../workers/read-messages.ts'
import type { Readers } from '../workers/readers.ts'
import type { Ledger } from './ledger.ts'

/** Blobs looked at before others have their turn. */
const spellBlobs = 10_000

/**
 * Compares one listing of all packs with the index.
 * @returns the sizes of the packs that are in the index and in the storage
 */
export async function checkPackList(ledger: Ledger): Promise<Map<Id, number>> {
  const { repo, run, index } = ledger
  const listed = new Map<Id, number>()
  for await (const { name, sizeBytes } of repo.backend.list('pack', run.signal)) listed.set(name, sizeBytes)
  const present = new Map<Id, number>()
  const count = { entries: 0, mixed: 0, uncompressedTrees: 0 }
  const { isTree, uncompressedLength } = index.places
  let spell = 0
  for (const { id, places } of index.packPlaces()) {
    if ((spell += places.length) > spellBlobs) {
      spell = 0
      await breathe()
    }
    run.signal.throwIfAborted()
    const sizeBytes = listed.get(id)
    comparePack(ledger, id, places, sizeBytes)
    if (sizeBytes !== undefined) present.set(id, sizeBytes)
    count.entries += places.length
    if (places.some(place => isTree(place) !== isTree(places[0]!))) count.mixed++
    const raw = (place: number) => isTree(place) && uncompressedLength(place) === 0
    if (repo.version === 2 && places.some(raw)) count.uncompressedTrees++
  }
  for (const id of listed.keys()) {
    if (index.hasPack(id)) continue
    ledger.add({
      level: 'hint',
      kind: 'pack_orphan',
      subject: `pack ${id}`,
      message: `Pack ${shortId(id)} is in no index: left by an interrupted run, or its index is lost.`,
    })
  }
  addCounts(ledger, { ...count, duplicates: count.entries - index.size })
  return present
}

function comparePack(ledger: Ledger, id: Id, places: Uint32Array, sizeBytes: number | undefined): void {
  const { offset, length, uncompressedLength, isTree, id: blobId } = ledger.index.places
  const subject = `pack ${id}`
  const at = { pack: id }
  if (sizeBytes === undefined) {
    const message = `Pack ${shortId(id)} is missing, and with it ${plural(places.length, 'blob')}.`
    ledger.add({ level: 'error', kind: 'pack_missing', subject, message, at })
    ledger.loseCopies(id)
    return
  }
  const lengths = Array.from(places, place => ({
    length: length(place),
    uncompressedLength: uncompressedLength(place),
  }))
  const expected = packSize(lengths)
  if (sizeBytes !== expected) {
    const message = `Pack ${shortId(id)} has ${plural(sizeBytes, 'byte')} instead of ${count(expected)}.`
    ledger.add({ level: 'error', kind: 'pack_size', subject, message, at })
    for (const place of places) {
      if (offset(place) + length(place) <= sizeBytes) continue
      ledger.loseCopy(isTree(place) ? 'tree' : 'data', blobId(place), id)
    }
  }
  let end = 0
  for (const place of places) {
    if (offset(place) !== end) {
      const message = `The index lists pack ${shortId(id)} with ${offset(place) < end ? 'blobs that overlap' : 'a gap between blobs'} at byte ${count(offset(place))}.`
      ledger.add({ level: 'error', kind: 'pack_layout', subject, message })
      return
    }
    end += length(place)
  }
}

function addCounts(
  ledger: Ledger,
  found: { duplicates: number; mixed: number; uncompressedTrees: number },
): void {
  const hint = (kind: 'duplicate_blobs' | 'mixed_packs' | 'uncompressed_trees', message: string) =>
    ledger.add({ level: 'hint', kind, subject: 'repository', message })
  const { duplicates, mixed, uncompressedTrees } = found
  if (duplicates > 0)
    hint('duplicate_blobs', `${plural(duplicates, 'blob')} more than needed: stored twice or more.`)
  if (mixed > 0)
    hint('mixed_packs', `${plural(mixed, 'pack')} with both data and trees, as old versions wrote them.`)
  if (uncompressedTrees > 0) {
    hint('uncompressed_trees', `${plural(uncompressedTrees, 'pack')} with trees that are not compressed.`)
  }
}

/** Packs with trees in them first: the trees are walked while the others are read. */
export async function treesFirst(
  index: BlobIndex,
  packs: readonly Id[],
): Promise<{ withTrees: Set<Id>; others: Set<Id> }> {
  const wanted = new Set(packs)
  const withTrees = new Set<Id>()
  let spell = 0
  for (const { id, places } of index.packPlaces()) {
    if ((spell += places.length) > spellBlobs) {
      spell = 0
      await breathe()
    }
    if (wanted.has(id) && places.some(index.places.isTree)) withTrees.add(id)
  }
  return { withTrees, others: wanted.difference(withTrees) }
}

/** Reads packs whole and verifies every byte of them, batch by batch. */
export interface PackReading {
  read(packs: ReadonlySet<Id>): Promise<void>
  readonly packsRead: number
  readonly bytesRead: number
}

export function createPackReading(
  ledger: Ledger,
  readers: Readers,
  packs: readonly Id[],
  sizes: ReadonlyMap<Id, number>,
): PackReading {
  const { repo, run, index } = ledger
  const totalBytes = packs.reduce((sum, id) => sum + sizes.get(id)!, 0)
  let packsRead = 0
  let bytesRead = 0
  let errors = 0

  async function verify(packId: Id, places: Uint32Array): Promise<NonNullable<ReadResult<VerifyJob>>> {
    const entries = listBlobs(index.places, places, 0)
    const file = { kind: 'pack', name: packId } as const
    const path = repo.backend.localPath?.(file)
    if (path !== undefined) {
      const found = await readers.perform({ kind: 'verify', packId, source: { kind: 'file', path }, entries })
      if (found !== null) return found
    }
    const read = await ledger.read(() => repo.backend.read(file, 'all', run.signal))
    const bytes = isWholeBuffer(read) ? read : new Uint8Array(read)
    const source = { kind: 'bytes', bytes } as const
    const found = await readers.perform({ kind: 'verify', packId, source, entries }, [bytes.buffer])
    return found!
  }

  async function checkPack(id: Id, places: Uint32Array): Promise<void> {
    const subject = `pack ${id}`
    const at = { pack: id }
    try {
      const { verdict, sizeBytes } = await verify(id, places)
      for (const { kind, message } of verdict.problems) {
        // What is lost is told once, by the finding that names the blobs.
        ledger.add({ level: 'error', kind, subject, message, ...(kind === 'pack_blobs' ? { at } : {}) })
      }
      if (verdict.damaged.length === places.length) ledger.loseCopies(id)
      else for (const blob of verdict.damaged) ledger.loseCopy(blob.type, blob.id, id)
      errors += verdict.problems.length
      bytesRead += sizeBytes
      packsRead++
    } catch (error) {
      const { message } = ledger.damage(error)
      errors++
      ledger.add({
        level: 'error',
        kind: 'pack_damaged',
        subject,
        message: `Pack ${shortId(id)} can't be read. ${message}`,
        at,
      })
      ledger.loseCopies(id)
    }
    run.report({
      phase: 'check',
      doneFiles: packsRead,
      doneBytes: bytesRead,
      totalFiles: packs.length,
      totalBytes,
      errors,
      path: id,
    })
  }

  function* those(wanted: ReadonlySet<Id>): Iterable<{ id: Id; places: Uint32Array }> {
    for (const pack of index.packPlaces()) if (wanted.has(pack.id)) yield pack
  }

  return {
    read: wanted =>
      inParallel(
        wanted.size === 0 ? [] : those(wanted),
        repo.backend.localPath === undefined ? readers.atOnce / 2 + 1 : readers.atOnce,
        run.signal,
        ({ id, places }) => checkPack(id, places),
      ),
    get packsRead() {
      return packsRead
    },
    get bytesRead() {
      return bytesRead
    },
  }
}

/** Whether the memory behind it holds nothing else, so that it can be given away. */
const isWholeBuffer = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
