import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'

/**
 * Removes a folder whatever is in it. `fs.rm` builds whole paths and so fails past 4,096 bytes;
 * coreutils' rm walks with openat.
 */
export function removeTree(path: string): void {
  if (process.platform === 'win32') return rmSync(path, { recursive: true, force: true })
  try {
    execFileSync('rm', ['-rf', '--', path], { stdio: 'pipe' })
  } catch {
    execFileSync('chmod', ['-R', 'u+rwX', '--', path], { stdio: 'pipe' }) // read-only folders, when not root
    execFileSync('rm', ['-rf', '--', path], { stdio: 'pipe' })
  }
}
