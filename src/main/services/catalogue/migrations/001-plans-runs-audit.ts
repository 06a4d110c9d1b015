import type { Migration } from '../migrate.ts'

/**
 * `seq` is SQLite's own row number: it keeps the order of insertion and lets rescue walk around a damaged page.
 * Columns beside `data` are those that are queried; `data` is the entity as JSON.
 */
export const plansRunsAudit: Migration = {
  name: 'plans-runs-audit',
  sql: `
    CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;

    CREATE TABLE destination (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      revision INTEGER NOT NULL,
      name TEXT NOT NULL UNIQUE,
      place TEXT NOT NULL UNIQUE,
      data TEXT NOT NULL
    );

    CREATE TABLE plan (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      revision INTEGER NOT NULL,
      name TEXT NOT NULL UNIQUE,
      data TEXT NOT NULL
    );

    CREATE TABLE schedule (
      plan TEXT NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
      schedule TEXT NOT NULL,
      data TEXT NOT NULL,
      PRIMARY KEY (plan, schedule)
    );

    CREATE TABLE run (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      plan TEXT,
      destination TEXT,
      state TEXT NOT NULL,
      created INTEGER NOT NULL,
      ended INTEGER,
      is_open INTEGER NOT NULL,
      data TEXT NOT NULL
    );
    CREATE INDEX run_by_time ON run (created, seq, state);
    CREATE INDEX run_by_plan ON run (plan, created, seq, state);
    CREATE INDEX run_open ON run (created, seq) WHERE is_open = 1;

    CREATE TABLE run_log (
      run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      at INTEGER NOT NULL,
      level TEXT NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;

    CREATE TABLE run_warning (
      run INTEGER NOT NULL REFERENCES run (seq) ON DELETE CASCADE,
      seq INTEGER NOT NULL,
      kind TEXT NOT NULL,
      path TEXT NOT NULL,
      message TEXT NOT NULL,
      PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;

    CREATE TABLE settings (id INTEGER PRIMARY KEY CHECK (id = 1), data TEXT NOT NULL);

    CREATE TABLE audit (
      seq INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      who TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      detail TEXT NOT NULL,
      hash TEXT NOT NULL
    );
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
    CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
      BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
  `,
}
