import { chmodSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeTree } from './remove-tree.ts'

const folders = 8 // more than there are workers

/**
 * Before all tests: a place for temporary folders in which no other test makes any. A backup stores the folders above
 * its source too, and in /tmp itself their times would change between any two backups of a test.
 */
export default function makeTemporaryRoot(): () => void {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-tests-'))
  for (const name of ['scratch', 'home', ...Array.from({ length: folders }, (_, i) => `worker-${i + 1}`)]) {
    mkdirSync(join(root, name))
    chmodSync(join(root, name), 0o777) // some tests run programs as another user
  }
  chmodSync(root, 0o755)
  process.env['HOLDFAST_TEST_ROOT'] = root
  return () => removeTree(root)
}
