import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { AppError } from '../../../shared/errors.ts'
import { verifyPack, type PackBytes } from '../check/verify-pack.ts'
import { createSealer } from '../format/envelope.ts'
import type { Raw } from '../format/raw.ts'
import { blobOpenerAgain } from '../open-blob.ts'
import { createComparer } from '../restoring/compare.ts'
import { isFull, isItemFailure, wordsOf } from '../restoring/failure.ts'
import { createFileMaker } from '../restoring/file-maker.ts'
import { namesIn } from '../restoring/target.ts'
import { blobOf, wholeFile } from '../restoring/whole-files.ts'
import type { Warning } from '../run.ts'
import type {
  AnyReadResult,
  PackSource,
  ReadJob,
  ReadResult,
  ReadSetup,
  RestoreJob,
  RestoreReply,
  VerifyJob,
} from './read-messages.ts'
import { blobAt, type BlobList } from './blob-list.ts'
import type { Worker } from './room.ts'

/** What is read at once, if it is larger, gets memory of its own. */
const mostKeptBytes = 16 * 1024 * 1024

/**
 * One thread's tools for reading packs, and for what becomes of their blobs. Everything in it is used again for the
 * next blob: what a blob costs beyond decrypting, decompressing and hashing it is little.
 */
export function createReader({ master, target }: ReadSetup): Worker<ReadJob, AnyReadResult> {
  const sealer = createSealer(master)
  const openBlob = blobOpenerAgain(sealer)
  const names = target === null ? null : namesIn(target)
  const maker = names && createFileMaker(names)
  const comparer = names && createComparer(names)
  const withFile = createFileReader()

  /** The bytes of a range of a pack; null when they can't be had here. */
  function bytesOf(source: PackSource): Uint8Array | null {
    if (source.kind === 'bytes') return source.bytes
    return withFile(source.path, bytes => bytes.read(source.start, source.end))
  }

  function restore({ source, blobs, wholes, parts }: RestoreJob): RestoreReply | null {
    const bytes = source === null || source.kind === 'plain' ? null : bytesOf(source)
    if (source !== null && source.kind !== 'plain' && bytes === null) return null
    const damaged: number[] = []
    const failed: { file: number; why: string }[] = []
    const waiting: { file: number; temporary: Raw }[] = []
    const failedParts: { part: number; why: string }[] = []
    const warnings: Warning[] = []
    const warn = (warning: Warning) => void warnings.push(warning)
    let [whole, part] = [0, 0]

    /** @returns why it failed, or null */
    function attempt(act: () => void): string | null {
      try {
        act()
        return null
      } catch (error) {
        if (isFull(error)) throw new AppError('disk_full', `The disk is full: ${wordsOf(error)}.`)
        if (!isItemFailure(error)) throw error
        return wordsOf(error)
      }
    }

    function makeFiles(blob: number, plain: Uint8Array): void {
      for (; whole < wholes.locations.length; whole++) {
        if (blobOf(wholes, whole) !== blob) return
        const why = attempt(() => {
          const temporary = maker!.make(wholeFile(wholes, whole), plain, warn)
          if (temporary !== null) waiting.push({ file: whole, temporary })
        })
        if (why !== null) failed.push({ file: whole, why })
      }
    }

    function writeParts(blob: number, plain: Uint8Array): void {
      for (; part < parts.length && parts[part]!.blob === blob; part++) {
        const why = attempt(() => maker!.write(parts[part]!, plain))
        if (why !== null) failedParts.push({ part, why })
      }
    }

    function skip(blob: number): void {
      damaged.push(blob)
      while (whole < wholes.locations.length && blobOf(wholes, whole) === blob) whole++
      while (part < parts.length && parts[part]!.blob === blob) part++
    }

    try {
      makeFiles(-1, nothing)
      for (let blob = 0; blob < blobs.length; blob++) {
        const plain = source?.kind === 'plain' ? source.bytes : open(blobs, blob, bytes!)
        if (plain === null) skip(blob)
        else {
          makeFiles(blob, plain)
          writeParts(blob, plain)
        }
      }
    } finally {
      maker?.rest()
    }
    return { damaged, failed, waiting, failedParts, warnings }
  }

  /** null when it is damaged, or not all there. */
  function open(blobs: BlobList, nth: number, bytes: Uint8Array): Uint8Array | null {
    const blob = blobAt(blobs, nth)
    const end = blob.offset + blob.length
    if (end > bytes.length) return null
    try {
      return openBlob(bytes.subarray(blob.offset, end), blob)
    } catch (error) {
      if (error instanceof AppError && error.code === 'data_corrupt') return null
      throw error
    }
  }

  function verify({ packId, source, entries }: VerifyJob): ReadResult<VerifyJob> {
    const list = Array.from({ length: entries.length }, (_, nth) => blobAt(entries, nth))
    const judge = (bytes: PackBytes) => ({
      verdict: verifyPack(bytes, packId, list, { header: sealer.open, blob: openBlob }),
      sizeBytes: bytes.sizeBytes,
    })
    if (source.kind === 'file') return withFile(source.path, judge)
    const { bytes } = source
    return judge({ sizeBytes: bytes.length, read: (start, end) => bytes.subarray(start, end) })
  }

  return {
    perform(job) {
      switch (job.kind) {
        case 'restore':
          return restore(job)
        case 'compare':
          return job.spans.map(span => comparer!.verdict(span))
        case 'verify':
          return verify(job)
      }
    },
  }
}

const nothing = new Uint8Array(0)

/** Reads local files into memory that the next read overwrites. */
function createFileReader() {
  let room = Buffer.alloc(0)

  function roomFor(bytes: number): Uint8Array {
    if (bytes > mostKeptBytes) return Buffer.allocUnsafeSlow(bytes)
    if (room.length < bytes) room = Buffer.allocUnsafeSlow(bytes)
    return room.subarray(0, bytes)
  }

  /**
   * What `use` makes of the file; null when it can't be read, or not so far: whoever asked reads it in the storage's
   * own way then, and learns what is wrong.
   */
  return function withFile<T>(path: string, use: (bytes: PackBytes) => T): T | null {
    let fd: number | undefined
    try {
      fd = openSync(path, 'r')
      const file = fd
      return use({
        sizeBytes: fstatSync(file).size,
        read(start, end) {
          const bytes = roomFor(end - start)
          for (let filled = 0; filled < bytes.length;) {
            const read = readSync(file, bytes, filled, bytes.length - filled, start + filled)
            if (read === 0) throw Object.assign(new Error('the file ends'), { code: 'EIO', syscall: 'read' })
            filled += read
          }
          return bytes
        },
      })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
      return null
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }
}
