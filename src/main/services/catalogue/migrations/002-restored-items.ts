import type { Migration } from '../migrate.ts'

/** What restores did to each item: many rows, so in columns and not as JSON. */
export const restoredItems: Migration = {
  name: 'restored-items',
  sql: `
    CREATE TABLE run_item (
      run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      action TEXT NOT NULL,
      type TEXT NOT NULL,
      path TEXT NOT NULL,
      size INTEGER NOT NULL,
      modified REAL,
      disk_size INTEGER,
      disk_modified REAL,
      note TEXT NOT NULL,
      PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
  `,
}
