import type { Backend, FileInfo, FileRef } from '../../src/main/engine/backend/backend.ts'
import { BackendError } from '../../src/shared/errors.ts'

/** A real Backend that keeps its files in memory: for tests about everything above it. */
export function memoryBackend(
  files = new Map<string, Uint8Array>(),
): Backend & { files: Map<string, Uint8Array> } {
  const keyOf = ({ kind, name }: FileRef) => `${kind}/${name}`
  return {
    files,
    location: 'memory',
    create: async () => undefined,
    async *list(kind, signal) {
      signal.throwIfAborted()
      const found: FileInfo[] = []
      for (const [key, bytes] of files) {
        if (key.startsWith(`${kind}/`))
          found.push({ name: key.slice(kind.length + 1), sizeBytes: bytes.length })
      }
      yield* found.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    async stat(file, signal) {
      signal.throwIfAborted()
      const bytes = files.get(keyOf(file))
      return bytes ? { name: file.name, sizeBytes: bytes.length } : null
    },
    async read(file, range, signal) {
      signal.throwIfAborted()
      const bytes = files.get(keyOf(file))
      if (!bytes) throw new BackendError('not_found', `There is no ${file.kind} file ${file.name}.`)
      if (range === 'all') return Uint8Array.from(bytes)
      if (range.end > bytes.length) throw new BackendError('data_corrupt', `${file.name} ends too early.`)
      return bytes.slice(range.start, range.end)
    },
    async write(file, data, signal) {
      signal.throwIfAborted()
      files.set(keyOf(file), Uint8Array.from(data))
    },
    async remove(file, signal) {
      signal.throwIfAborted()
      files.delete(keyOf(file))
    },
    close: async () => undefined,
  }
}
