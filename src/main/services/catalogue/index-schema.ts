import type { SqlConnection } from './database.ts'
import { expectedSchema, pragmaNumber, schemaOf } from './migrate.ts'

/** The version of the schema below. The index is never migrated: another version is thrown away and made again. */
export const indexVersion = 2
/** "HFsi" */
export const indexApplicationId = 0x48467369

/**
 * Snapshots and what is in them. Made to be small: strings stand once (`name`, `destination`), trees are known by 32
 * bytes once (`tree`) and by a small number everywhere else, and a file that many versions of its folder hold stands
 * once (`version`), so that a further version of a folder costs some 15 bytes for each of its entries.
 *
 * - tree: a folder's listing. `names` is null until its contents have come; then the names in it, packed (varints.ts).
 * - entry: tree `tree` has a `name`, as described by the version `version` of that name.
 * - version: numbered by a hash of what it says (24 bits, the next free one on a collision).
 *   `content` is 48 bits of the content key's hash; for a folder, the number of its tree.
 * - parent: the way up, from a tree to those that hold it.
 * - name_parts: which names hold which three characters, in lower case; keeps no text.
 */
const schema = `
  CREATE TABLE destination (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE);
  CREATE TABLE snapshot (
    destination INTEGER NOT NULL REFERENCES destination (id),
    id TEXT NOT NULL,
    time INTEGER NOT NULL,
    plan TEXT,
    indexed INTEGER NOT NULL,
    root BLOB NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (destination, id)
  ) WITHOUT ROWID;

  CREATE TABLE tree (
    destination INTEGER NOT NULL,
    hash BLOB NOT NULL,
    id INTEGER NOT NULL,
    names BLOB,
    PRIMARY KEY (destination, hash)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX tree_by_number ON tree (id);
  CREATE TABLE name (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, text TEXT NOT NULL, folded TEXT);
  CREATE INDEX name_by_key ON name (key);
  CREATE TABLE type (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
  CREATE TABLE version (
    name INTEGER NOT NULL,
    number INTEGER NOT NULL,
    type INTEGER NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    content INTEGER NOT NULL,
    PRIMARY KEY (name, number)
  ) WITHOUT ROWID;
  CREATE TABLE entry (
    name INTEGER NOT NULL,
    tree INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (name, tree)
  ) WITHOUT ROWID;
  CREATE TABLE parent (
    tree INTEGER NOT NULL,
    parent INTEGER NOT NULL,
    name INTEGER NOT NULL,
    PRIMARY KEY (tree, parent, name)
  ) WITHOUT ROWID;
  CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), trees INTEGER NOT NULL);
  INSERT INTO counter VALUES (1, 0);
  CREATE VIRTUAL TABLE name_parts USING fts5 (text, content='', detail='none', columnsize=0, tokenize='trigram');
`

/** Whether it has our schema, of this version. */
export const isIndex = (db: SqlConnection): boolean =>
  pragmaNumber(db, 'application_id') === indexApplicationId &&
  pragmaNumber(db, 'user_version') === indexVersion &&
  schemaOf(db) === expectedSchema(makeIndex)

export function makeIndex(db: SqlConnection): void {
  db.pragma('auto_vacuum = INCREMENTAL') // before the first table
  db.transaction(() => {
    db.exec(schema)
    db.pragma(`application_id = ${indexApplicationId}`)
    db.pragma(`user_version = ${indexVersion}`)
  })()
}
