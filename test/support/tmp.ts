import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { removeTree } from './remove-tree.ts'

export { removeTree }

/** A fresh empty folder, free of symlinks in its own path. The caller removes it (`removeTree`). */
export const makeTemp = (label = 'test'): string =>
  mkdtempSync(join(realpathSync(tmpdir()), `holdfast-${label}-`))

/** A fresh folder that goes when the test ends, passed or failed. Only inside a test. */
export function tempDir(label?: string): string {
  const path = makeTemp(label)
  onTestFinished(() => removeTree(path))
  return path
}
