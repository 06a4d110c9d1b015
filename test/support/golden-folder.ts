import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { makeTemp, removeTree } from './tmp.ts'
import { goldenArchive } from './vectors.ts'

/** The golden repository (made by restic 0.14) in a folder that goes after the tests of the file. Call it in `beforeAll`. */
export function goldenFolder(): string {
  const place = makeTemp('golden')
  execFileSync('tar', ['-xzf', fileURLToPath(goldenArchive), '-C', place])
  folders.push(place)
  return join(place, 'golden-repo')
}

const folders: string[] = []
afterAll(() => folders.forEach(removeTree))
