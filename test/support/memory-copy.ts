import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FileKind } from '../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { memoryBackend } from './memory-backend.ts'
import { makeTemp, removeTree } from './tmp.ts'
import { goldenArchive } from './vectors.ts'

const kinds: FileKind[] = ['config', 'key', 'snapshot', 'index', 'lock', 'pack']
const { signal } = new AbortController()

/** The repository in a folder, in memory: to be damaged at will. */
export async function memoryCopy(root: string): Promise<ReturnType<typeof memoryBackend>> {
  const disk = localBackend(root)
  const files = new Map<string, Uint8Array>()
  for (const kind of kinds) {
    for await (const { name } of disk.list(kind, signal)) {
      files.set(`${kind}/${name}`, await disk.read({ kind, name }, 'all', signal))
    }
  }
  return memoryBackend(files)
}

/** The golden repository (made by restic 0.14) in memory. */
export async function goldenCopy(): Promise<ReturnType<typeof memoryBackend>> {
  const folder = makeTemp('golden')
  try {
    execFileSync('tar', ['-xzf', fileURLToPath(goldenArchive), '-C', folder])
    return await memoryCopy(join(folder, 'golden-repo'))
  } finally {
    removeTree(folder)
  }
}
