import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const left = new Set<string>()

/** A fresh folder that goes at the latest when the bench ends, also by Ctrl-C. */
export function scratchFolder(place: string, label: string): string {
  const path = mkdtempSync(join(place, `${label}-`))
  left.add(path)
  return path
}

export function removeScratch(path: string): void {
  rmSync(path, { recursive: true, force: true })
  left.delete(path)
}

process.on('exit', () => {
  for (const path of left) rmSync(path, { recursive: true, force: true })
})
process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
