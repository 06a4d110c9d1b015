import Database from 'better-sqlite3'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../../../src/main/services/catalogue/database.ts'
import { migrate, migrations } from '../../../src/main/services/catalogue/migrate.ts'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { tempDir } from '../../support/tmp.ts'
import { opened } from './opened.ts'
import { aPlan, someTime } from './samples.ts'

const open = (directory: string) => openCatalogue(directory, { now: () => someTime })
const versionOf = (path: string): unknown => {
  const db = new Database(path)
  try {
    return [db.pragma('user_version', { simple: true }), db.pragma('application_id', { simple: true })]
  } finally {
    db.close()
  }
}

test('every migration is listed, in the order of its number', () => {
  const files = readdirSync('src/main/services/catalogue/migrations').toSorted()
  expect(files).toEqual(
    migrations.map(({ name }, index) => `${String(index + 1).padStart(3, '0')}-${name}.ts`),
  )
})

test('from nothing to the newest; from every version on the way, too', () => {
  const reference = new Database(':memory:')
  migrate(reference)
  const schema = (db: Database.Database) =>
    db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
  for (let version = 0; version <= migrations.length; version++) {
    const db = new Database(':memory:')
    migrate(db, migrations.slice(0, version))
    expect(db.pragma('user_version', { simple: true })).toBe(version)
    migrate(db)
    expect(schema(db)).toEqual(schema(reference))
  }
})

test('a step that fails leaves the catalogue as it was', () => {
  const directory = tempDir()
  const catalogue = opened(directory)
  const plan = aPlan()
  catalogue.plans.insert(plan)
  catalogue.close()
  const path = join(directory, 'catalogue.db')
  const before = versionOf(path)
  const db = connect(path)
  const bad = { name: 'bad', sql: 'CREATE TABLE half (a); DELETE FROM plan; SELECT nonsense' }
  expect(() => migrate(db, [...migrations, bad])).toThrow('(bad)')
  db.close()
  expect(versionOf(path)).toEqual(before)
  expect(opened(directory).plans.list()).toEqual([plan])
})

test('one that a newer Holdfast made is refused and stays as it is, byte for byte', () => {
  const directory = tempDir()
  opened(directory).close()
  const path = join(directory, 'catalogue.db')
  const db = connect(path)
  migrate(db, [...migrations, { name: 'from-the-future', sql: 'CREATE TABLE future (a)' }])
  db.close()
  const before = readFileSync(path)
  for (let nth = 0; nth < 2; nth++)
    expect(() => open(directory)).toThrow(
      expect.objectContaining({ code: 'catalogue_unusable', message: expect.stringContaining('newer') }),
    )
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(readdirSync(directory).filter(name => name.includes('damaged'))).toEqual([])
})

test("another program's database is refused and stays as it is", () => {
  const directory = tempDir()
  const path = join(directory, 'catalogue.db')
  const db = new Database(path)
  db.exec('CREATE TABLE bookmarks (url); PRAGMA user_version = 1')
  db.close()
  const before = readFileSync(path)
  expect(() => open(directory)).toThrow(
    expect.objectContaining({
      code: 'catalogue_unusable',
      message: expect.stringContaining('not a catalogue'),
    }),
  )
  expect(readFileSync(path).equals(before)).toBe(true)
})
