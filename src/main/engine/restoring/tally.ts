import type { BigIntStats } from 'node:fs'
import { typeFromStat } from '../format/mode.ts'
import { textFromRaw, type Raw } from '../format/raw.ts'
import { parseTime } from '../format/time.ts'
import type { NodeType, TreeNode } from '../format/tree.ts'
import type { RestoreItem, RestoreOptions, RestoreResult } from '../restore.ts'
import type { Run, Warning } from '../run.ts'
import { isItemFailure, wordsOf } from './failure.ts'

/** What a restore has done so far: counts it, and tells those who listen. Folders are told of but not counted. */
export interface Tally {
  readonly counts: Omit<RestoreResult, 'durationMs'>
  /** An item has come into view; folders need not be announced. */
  expect(sizeBytes: number): void
  /** All have: from here on the totals are known. */
  expectNoMore(): void
  /** @param sizeBytes 0 for what takes no room of its own, such as another name of a file */
  did(
    action: RestoreItem['action'],
    location: Raw,
    node: Pick<TreeNode, 'type'>,
    sizeBytes?: number,
    facts?: ItemFacts | null,
  ): void
  /** What those who listen hear of an item beside its name; null when nobody does. */
  factsOf(node: TreeNode | null, existing: BigIntStats | null): ItemFacts | null
  wrote(location: Raw, bytes: number): void
  verified(): void
  /**
   * @param why the end of a sentence
   * @param missingBytes of an item that was expected: what does not come any more
   */
  failed(location: Raw, why: string, missingBytes?: number | null): void
  /** Does something for one item; a failure that means only this item is counted. @returns whether it was done */
  attempt(location: Raw, act: () => void, missingBytes?: number | null): boolean
  warn(kind: Warning['kind'], location: Raw, message: string): void
}

export type ItemFacts = Pick<RestoreItem, 'modifiedAtMs' | 'onDisk'>
const noFacts: ItemFacts = { modifiedAtMs: null, onDisk: null }

export function createTally({ onItem, onFailed }: RestoreOptions, run: Run): Tally {
  const counts = {
    filesRestored: 0,
    filesUnchanged: 0,
    filesSkipped: 0,
    filesDeleted: 0,
    totalFiles: 0,
    bytesRestored: 0,
    totalBytes: 0,
    filesVerified: 0,
    failed: 0,
  }
  let doneFiles = 0
  let doneBytes = 0
  let complete = false

  function report(path: Raw): void {
    run.report({
      phase: 'restore',
      doneFiles,
      doneBytes,
      totalFiles: complete ? counts.totalFiles : null,
      totalBytes: complete ? counts.totalBytes : null,
      errors: counts.failed,
      path: textFromRaw(path),
    })
  }

  function count(action: RestoreItem['action'], type: NodeType, sizeBytes: number): void {
    if (action === 'delete') counts.filesDeleted++
    else if (type !== 'dir') {
      doneFiles++
      if (action === 'create' || action === 'overwrite' || action === 'keep-both') {
        counts.filesRestored++
        counts.bytesRestored += sizeBytes // done bytes were counted as they were written
      } else {
        doneBytes += sizeBytes
        if (action === 'skip') counts.filesSkipped++
        else counts.filesUnchanged++
      }
    }
  }

  const warn = (kind: Warning['kind'], location: Raw, message: string): void =>
    run.warn({ kind, path: textFromRaw(location) || '/', message })

  function failed(location: Raw, why: string, missingBytes: number | null = null): void {
    counts.failed++
    if (missingBytes !== null) {
      doneFiles++
      doneBytes += missingBytes
    }
    warn('unreadable', location, `Not restored: ${why}.`)
    onFailed?.({ path: textFromRaw(location) || '/', why })
    report(location)
  }

  return {
    counts,
    warn,
    failed,
    expect(sizeBytes) {
      counts.totalFiles++
      counts.totalBytes += sizeBytes
    },
    expectNoMore() {
      complete = true
      report('' as Raw)
    },
    factsOf(node, existing) {
      if (onItem === undefined) return null
      return {
        modifiedAtMs: node === null ? null : msFromNs(parseTime(node.mtime)),
        onDisk: existing && {
          type: typeFromStat(Number(existing.mode)),
          sizeBytes: Number(existing.size),
          modifiedAtMs: msFromNs(existing.mtimeNs),
        },
      }
    },
    did(action, location, { type }, sizeBytes = 0, facts = null) {
      count(action, type, sizeBytes)
      onItem?.({ action, type, path: textFromRaw(location), sizeBytes, ...(facts ?? noFacts) })
      report(location)
    },
    wrote(location, bytes) {
      doneBytes += bytes
      report(location)
    },
    verified() {
      counts.filesVerified++
    },
    attempt(location, act, missingBytes = null) {
      try {
        act()
        return true
      } catch (error) {
        if (!isItemFailure(error)) throw error
        failed(location, wordsOf(error), missingBytes)
        return false
      }
    },
  }
}

const msFromNs = (ns: bigint): number => Number(ns / 1_000n) / 1_000
