import type { SqlConnection, Store } from './database.ts'

/** So many are reserved with one write; what is left of them when the process ends is never given. */
export const blockSize = 10_000

/** The largest revision that may have been given; kept on disk. */
export function reservedRevision(db: SqlConnection): { read(): number; write(revision: number): void } {
  const read = db.prepare<[], number>(`SELECT value FROM meta WHERE key = 'revision'`).pluck()
  const write = db.prepare(`INSERT OR REPLACE INTO meta VALUES ('revision', ?)`)
  return { read: () => read.get() ?? 0, write: revision => void write.run(revision) }
}

/** Numbers that only grow, also through a crash or a power cut: none is given before it was reserved on disk. */
export function revisionNumbers({ db, writeDurably }: Store): () => number {
  const reserved = reservedRevision(db)
  let last = reserved.read()
  let end = last
  return () => {
    if (last === end) {
      writeDurably(() => reserved.write(last + blockSize))
      end = last + blockSize
    }
    return ++last
  }
}
