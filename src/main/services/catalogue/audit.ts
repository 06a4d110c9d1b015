import { createHash } from 'node:crypto'
import type { AuditEntry } from '../../../shared/entities/application.ts'
import type { Catalogue } from './catalogue.ts'
import type { Store } from './database.ts'

/** Before the first entry. */
const noHash = '0'.repeat(64)

/** SHA-256 over the hash before and the entry as JSON, its fields in this order. */
export function entryHash(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, atMs, who, action, subject, detail } = entry
  const canonical = JSON.stringify([before, seq, atMs, who, action, subject, detail])
  return createHash('sha256').update(canonical).digest('hex')
}

/** What the chain must end with, kept apart from the entries: without it a log cut off at the end would look whole. */
export interface ChainEnd {
  readonly count: number
  readonly hash: string
}

export const chainEnd = (db: Store['db']): ChainEnd => {
  const value = db.prepare<[string], { value: unknown }>('SELECT value FROM meta WHERE key = ?')
  return {
    count: Number(value.get('audit count')?.value ?? 0),
    hash: String(value.get('audit hash')?.value ?? noHash),
  }
}

export const setChainEnd = (db: Store['db'], { count, hash }: ChainEnd): void => {
  const set = db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)')
  set.run('audit count', count)
  set.run('audit hash', hash)
}

const columns = 'seq, at AS atMs, who, action, subject, detail, hash'

/**
 * Who asked for what, in a chain: each entry's hash covers the one before it. Triggers refuse to change or remove any.
 *
 * What this proves: an entry that was changed, removed, inserted or moved afterwards, by damage or by somebody who does
 * not make up the rest of the chain anew, is found. What it can't prove: whoever may write the file may also make a new
 * chain from any entry on, or put back an older copy of the whole file. Against that only a copy of the last hash kept
 * elsewhere helps, such as the one in each backup of the catalogue.
 */
export function auditQueries({ db, writeDurably }: Store): Catalogue['audit'] {
  const add = db.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)')
  const page = db.prepare<[number, number], AuditEntry>(
    `SELECT ${columns} FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  )
  const all = db.prepare<[], AuditEntry>(`SELECT ${columns} FROM audit ORDER BY seq`)
  return {
    append: entry =>
      writeDurably(() => {
        const { count, hash: before } = chainEnd(db)
        // As it will be read back: SQLite keeps no half of a surrogate pair.
        const [who, action, subject, detail] = [entry.who, entry.action, entry.subject, entry.detail].map(
          text => text.toWellFormed(),
        ) as [string, string, string, string]
        const numbered = { seq: count + 1, atMs: entry.atMs, who, action, subject, detail }
        const hash = entryHash(before, numbered)
        add.run(numbered.seq, entry.atMs, who, action, subject, detail, hash)
        setChainEnd(db, { count: numbered.seq, hash })
        return { ...numbered, hash }
      }),
    page: (beforeSeq, limit) => page.all(beforeSeq ?? Number.MAX_SAFE_INTEGER, limit),
    verify() {
      let entries = 0
      let before = noHash
      let brokenAtSeq: number | null = null
      for (const entry of all.iterate()) {
        entries++
        if (brokenAtSeq !== null) continue
        if (entry.seq !== entries) brokenAtSeq = Math.min(entry.seq, entries)
        else if (entry.hash !== entryHash(before, entry)) brokenAtSeq = entry.seq
        before = entry.hash
      }
      const end = chainEnd(db)
      if (brokenAtSeq === null && (end.count !== entries || end.hash !== before))
        brokenAtSeq = Math.min(end.count, entries) + (end.count === entries ? 0 : 1)
      return { entries, brokenAtSeq }
    },
  }
}
