// What the work costs at the least: every stage that the format makes necessary, in one thread, with nothing between
// them: no walk, no cutting, no trees, no index, no locks, no waiting for the disk.
import { hash, randomBytes, scryptSync } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { createSealer, sealOverhead } from '../../src/main/engine/format/envelope.ts'
import { createDecompressor } from '../../src/main/engine/format/zstd-context.ts'
import { compressBound, compressorInto } from '../../src/main/engine/format/zstd.ts'
import type { Corpus } from './corpora.ts'
import { warm } from './folders.ts'
import type { Floor } from './results.ts'
import type { Step } from './scenarios.ts'
import { removeScratch, scratchFolder } from './scratch.ts'

const mib = 1024 * 1024
/** Pieces of large files: about what the chunker cuts on average. */
const pieceBytes = mib
/** Small enough that one stage finds in the processor's cache what the one before left. */
const batchBytes = 4 * mib

export interface KeyCost {
  N: number
  r: number
  p: number
}

/** A busy machine makes everything dearer, never cheaper: of two passes the cheaper counts, stage by stage. */
const passes = 2

/** CPU seconds of each stage. @param scratch a folder on the disk; what is made in it is removed again */
export function measureFloors(
  corpus: Corpus,
  steps: readonly Step[],
  cost: KeyCost,
  scratch: string,
): Map<Step, Floor> {
  warm(corpus.files)
  const floors = new Map<Step, Floor>()
  for (let pass = 0; pass < passes; pass++) {
    for (const [step, floor] of onePass(corpus, steps, cost, scratch)) {
      const before = floors.get(step)
      floors.set(step, before ? cheaper(before, floor) : floor)
    }
  }
  return floors
}

const cheaper = (a: Floor, b: Floor): Floor =>
  Object.fromEntries(Object.entries(a).map(([stage, seconds]) => [stage, Math.min(seconds, b[stage]!)]))

function onePass(corpus: Corpus, steps: readonly Step[], cost: KeyCost, scratch: string): Map<Step, Floor> {
  const folder = scratchFolder(scratch, 'floor')
  try {
    const key = keySeconds(cost)
    const stored = storeAll(corpus, join(folder, 'packs'))
    const floors = new Map<Step, Floor>([['first', { key, ...stored.seconds }]])
    if (steps.includes('rescan')) floors.set('rescan', { key, ...lookAtAll(corpus) })
    if (steps.includes('check')) floors.set('check', { key, ...fetchAll(stored, null) })
    if (steps.includes('restore')) {
      const target = scratchFolder(existsSync('/dev/shm') ? '/dev/shm' : folder, 'holdfast-floor')
      floors.set('restore', { key, ...fetchAll(stored, target) })
      removeScratch(target)
    }
    return floors
  } finally {
    removeScratch(folder)
  }
}

/** One blob in the file of packs. */
interface StoredBlob {
  offset: number
  sealedBytes: number
  /** 0: not compressed. */
  plainBytes: number
  id: string
  /** Every place its bytes have in the tree. */
  uses: { file: number; at: number }[]
}

interface Stored {
  seconds: Floor
  packs: string
  blobs: StoredBlob[]
  files: string[]
}

const sealerOf = () =>
  createSealer({ encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) })
let sealer: ReturnType<typeof sealerOf> | undefined

/** A piece of a file in the batch being stored. */
interface Piece {
  file: number
  at: number
  bytes: Buffer
}

function storeAll(corpus: Corpus, packs: string): Stored {
  sealer ??= sealerOf()
  const { seconds, time } = stopwatch('read', 'hash', 'compress', 'seal', 'pack hash')
  const compress = compressorInto('default')
  const sealed = Buffer.allocUnsafeSlow(2 * compressBound(batchBytes) + 8 * mib)
  const known = new Map<string, StoredBlob>()
  const out = openSync(packs, 'w')
  let offset = 0
  for (const batch of batches(corpus, work => time('read', work))) {
    const ids = time('hash', () => batch.map(({ bytes }) => hash('sha256', bytes, 'hex')))
    const fresh: { id: string; bytes: Buffer; start: number; size: number; plainBytes: number }[] = []
    for (const [n, { file, at, bytes }] of batch.entries()) {
      const id = ids[n]!
      const before = known.get(id)
      if (before) before.uses.push({ file, at })
      else {
        known.set(id, { offset: 0, sealedBytes: 0, plainBytes: 0, id, uses: [{ file, at }] })
        fresh.push({ id, bytes, start: 0, size: 0, plainBytes: 0 })
      }
    }
    let used = 0
    time('compress', () => {
      for (const blob of fresh) {
        blob.start = used
        blob.size = compress(blob.bytes, sealed, used + 16)
        if (blob.size < blob.bytes.length) blob.plainBytes = blob.bytes.length
        else blob.size = blob.bytes.copy(sealed, used + 16) // stored as it is
        used += blob.size + sealOverhead
      }
    })
    time('seal', () => {
      for (const { start, size } of fresh)
        sealer!.sealInPlace(sealed.subarray(start, start + size + sealOverhead))
    })
    time('pack hash', () => hash('sha256', sealed.subarray(0, used)))
    for (const { id, start, size, plainBytes } of fresh) {
      Object.assign(known.get(id)!, { offset: offset + start, sealedBytes: size + sealOverhead, plainBytes })
    }
    writeSync(out, sealed, 0, used)
    offset += used
  }
  closeSync(out)
  return {
    seconds,
    packs,
    blobs: [...known.values()],
    files: corpus.files.map(({ path }) => path.slice(corpus.tree.length)),
  }
}

/** The files in pieces, some MiB at a time; each batch overwrites the one before. */
function* batches({ files }: Corpus, timed: (work: () => void) => void): Generator<Piece[]> {
  const room = Buffer.allocUnsafeSlow(batchBytes + pieceBytes)
  let file = 0
  let fd = -1
  let at = 0
  while (file < files.length) {
    const batch: Piece[] = []
    timed(() => {
      for (let used = 0; used < batchBytes && file < files.length;) {
        if (fd < 0) {
          fd = openSync(files[file]!.path, 'r')
          at = 0
        }
        const got = readSync(fd, room, used, pieceBytes, null)
        if (got > 0) batch.push({ file, at, bytes: room.subarray(used, used + got) })
        used += got
        at += got
        if (got === pieceBytes) continue
        closeSync(fd)
        fd = -1
        file++
      }
    })
    yield batch
  }
}

/** Reads, opens and verifies every blob; writes the files below `target`, or hashes the packs when there is none. */
function fetchAll({ packs, blobs, files }: Stored, target: string | null): Floor {
  const { seconds, time } =
    target === null
      ? stopwatch('read', 'pack hash', 'open', 'decompress', 'hash')
      : stopwatch('read', 'open', 'decompress', 'hash', 'write')
  const room = Buffer.allocUnsafeSlow(batchBytes + 2 * mib)
  let unpacked = Buffer.allocUnsafeSlow(16 * mib)
  const decompressor = createDecompressor()
  const packed = openSync(packs, 'r')
  if (target !== null) {
    time('write', () => {
      for (const folder of new Set(files.map(dirname))) mkdirSync(join(target, folder), { recursive: true })
    })
  }
  for (let next = 0; next < blobs.length;) {
    const from = blobs[next]!.offset
    const batch: StoredBlob[] = []
    let length = 0
    while (length < batchBytes && next < blobs.length) {
      const blob = blobs[next++]!
      batch.push(blob)
      length = blob.offset + blob.sealedBytes - from
    }
    time('read', () => readSync(packed, room, 0, length, from))
    if (target === null) time('pack hash', () => hash('sha256', room.subarray(0, length)))
    const inner = time('open', () =>
      batch.map(({ offset, sealedBytes }) => {
        return sealer!.open(room.subarray(offset - from, offset - from + sealedBytes))
      }),
    )
    const plain = time('decompress', () => {
      let used = 0
      return batch.map(({ plainBytes }, n) => {
        if (plainBytes === 0) return inner[n]!
        if (used + plainBytes >= unpacked.length) unpacked = Buffer.allocUnsafeSlow(2 * unpacked.length)
        const bytes = unpacked.subarray(used, used + plainBytes + 1) // a byte to spare: see ZstdContext
        if (decompressor!.run(inner[n]!, bytes) !== plainBytes) throw new Error('the floor lost a blob')
        used += plainBytes + 1
        return bytes.subarray(0, plainBytes)
      })
    })
    const ids = time('hash', () => plain.map(bytes => hash('sha256', bytes, 'hex')))
    if (batch.some(({ id }, n) => id !== ids[n])) throw new Error('the floor lost a blob')
    if (target === null) continue
    time('write', () => {
      for (const [n, { uses }] of batch.entries()) {
        for (const { file, at } of uses) {
          const fd = openSync(join(target, files[file]!), constants.O_WRONLY | constants.O_CREAT)
          writeSync(fd, plain[n]!, 0, plain[n]!.length, at)
          if (at === 0) futimesSync(fd, 1e9, 1e9)
          closeSync(fd)
        }
      }
    })
  }
  closeSync(packed)
  return seconds
}

/** A rescan can't know that nothing changed without asking for every file's times. */
function lookAtAll({ tree }: Corpus): Floor {
  const { seconds, time } = stopwatch('list and stat')
  time('list and stat', () => {
    const folders = [tree]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = `${folder}/${entry.name}`
        if (lstatSync(path, { bigint: true }).isDirectory()) folders.push(path)
      }
    }
  })
  return seconds
}

function keySeconds({ N, r, p }: KeyCost): number {
  const { seconds, time } = stopwatch('key')
  time('key', () => {
    scryptSync('password', randomBytes(64), 64, { N, r, p, maxmem: 128 * r * (N + p + 2) + mib })
  })
  return seconds['key']!
}

/** CPU time of this process, so that what others do meanwhile does not count. One look takes 0.6 µs: batches are timed. */
function stopwatch(...stages: string[]) {
  const seconds: Floor = Object.fromEntries(stages.map(stage => [stage, 0]))
  const cpu = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }
  return {
    seconds,
    time<T>(stage: string, work: () => T): T {
      const startedAt = cpu()
      const result = work()
      seconds[stage]! += cpu() - startedAt
      return result
    },
  }
}
