import type { Backend, FileRef } from '../../src/main/engine/backend/backend.ts'

export type Effect = { file: FileRef; data: Uint8Array | null } // null: removed

/** Notes every change to a backend in the order in which it took effect. */
export function recordWrites(inner: Backend): { backend: Backend; journal: Effect[] } {
  const journal: Effect[] = []
  const backend: Backend = {
    ...inner,
    write: async (file, data, signal) => {
      await inner.write(file, data, signal)
      journal.push({ file, data: Uint8Array.from(data) })
    },
    remove: async (file, signal) => {
      await inner.remove(file, signal)
      journal.push({ file, data: null })
    },
  }
  return { backend, journal }
}

/** The files after these effects, for a memory backend: what a crash at that moment would have left. */
export function replay(
  start: ReadonlyMap<string, Uint8Array>,
  journal: readonly Effect[],
): Map<string, Uint8Array> {
  const files = new Map(start)
  for (const { file, data } of journal) {
    const key = `${file.kind}/${file.name}`
    if (data) files.set(key, data)
    else files.delete(key)
  }
  return files
}
