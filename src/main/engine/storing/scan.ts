import { wholeTargets, type TargetNode } from '../files/targets.ts'
import { itemsIn, lstatRaw, type FoundItem, type Walk } from '../files/walk.ts'
import type { Raw } from '../format/raw.ts'
import type { Run } from '../run.ts'

/** What the scan has found, for percentages; null until it has ended. */
export interface Totals {
  stopped: boolean
  files: number | null
  bytes: number | null
}

/** Counts what is to do, for the percentage and the ETA, a little at a time beside the work itself. */
export async function scan(
  targets: Map<Raw, TargetNode>,
  walk: Walk,
  totals: Totals,
  run: Run,
): Promise<void> {
  const silent: Walk = { ...walk, warn: () => undefined }
  let files = 0
  let bytes = 0
  const folders: Raw[] = []
  const take = (path: Raw, stat: FoundItem['stat']) => {
    if (stat.isDirectory()) {
      if (walk.excluder.entersFolder(path, stat)) folders.push(path)
    } else if (stat.isFile()) {
      files++
      bytes += Number(stat.size)
    }
  }
  for (const { path } of wholeTargets(targets)) {
    try {
      take(path, lstatRaw(path))
    } catch {
      continue // the work itself will say so
    }
  }
  let sinceBreath = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (++sinceBreath % 8 === 0) await new Promise(setImmediate)
    if (totals.stopped || run.signal.aborted) return
    try {
      for (const item of itemsIn(folder, silent)) take(item.path, item.stat)
    } catch {
      continue
    }
    run.report({ phase: 'scan', files, bytes, done: false })
  }
  totals.files = files
  totals.bytes = bytes
  run.report({ phase: 'scan', files, bytes, done: true })
}
