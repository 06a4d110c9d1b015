import Database from 'better-sqlite3'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempDir } from '../../support/tmp.ts'
import { opened } from './opened.ts'
import { someTime } from './samples.ts'

const entry = (nth: number) => ({
  atMs: someTime + nth,
  who: 'cli root',
  action: 'plan.update',
  subject: `plan ${nth}`,
  detail: nth === 3 ? 'half a pair \uD83D and a zero \0, "quoted"' : 'ok',
})

function withEntries(): string {
  const directory = tempDir()
  const { audit, close } = opened(directory)
  for (let nth = 1; nth <= 10; nth++) audit.append(entry(nth))
  close()
  return directory
}

/** Another program's hands on the file; `free`: without the triggers. */
function tamper(directory: string, free: boolean, sql: string): void {
  const raw = new Database(join(directory, 'catalogue.db'))
  try {
    if (free) raw.exec('DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_shortened')
    raw.exec(sql)
  } finally {
    raw.close()
  }
}

test('entries are numbered, chained, read from the newest, and go on after a restart', () => {
  const directory = withEntries()
  const { audit } = opened(directory)
  const appended = audit.append(entry(11))
  expect(appended).toMatchObject({ ...entry(11), seq: 11, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(audit.page(null, 2)).toEqual([appended, expect.objectContaining({ seq: 10 })])
  expect(audit.page(3, 100).map(({ seq }) => seq)).toEqual([2, 1])
  expect(audit.verify()).toEqual({ entries: 11, brokenAtSeq: null })
})

test('nothing is changed or removed through the schema, not even by replacing', () => {
  const directory = withEntries()
  for (const sql of [
    `UPDATE audit SET who = 'nobody' WHERE seq = 4`,
    'DELETE FROM audit WHERE seq = 10',
    `PRAGMA recursive_triggers = ON; REPLACE INTO audit SELECT seq, at, 'nobody', action, subject, detail, hash FROM audit`,
  ])
    expect(() => tamper(directory, false, sql), sql).toThrow('only ever added to')
  expect(opened(directory).audit.verify()).toEqual({ entries: 10, brokenAtSeq: null })
})

test.each<[string, string, number]>([
  ['a changed text', `UPDATE audit SET who = 'nobody' WHERE seq = 4`, 4],
  ['a changed time', 'UPDATE audit SET at = at + 1 WHERE seq = 1', 1],
  ['a changed hash', `UPDATE audit SET hash = replace(hash, '0', '1') WHERE seq = 5`, 5],
  ['one removed from the middle', 'DELETE FROM audit WHERE seq = 6', 6],
  ['the first removed', 'DELETE FROM audit WHERE seq = 1', 1],
  ['the end cut off', 'DELETE FROM audit WHERE seq > 7', 8],
  ['all of it removed', 'DELETE FROM audit', 1],
  ['one put at the end', `INSERT INTO audit VALUES (11, 1, 'x', 'x', 'x', 'x', '${'a'.repeat(64)}')`, 11],
  [
    'two exchanged',
    'UPDATE audit SET seq = -seq WHERE seq IN (2, 3); UPDATE audit SET seq = 5 + seq WHERE seq < 0',
    2,
  ],
  [
    'the end cut off, and the count with it',
    `DELETE FROM audit WHERE seq > 7; UPDATE meta SET value = 7 WHERE key = 'audit count'`,
    7,
  ],
])('%s is found', (_, sql, at) => {
  const directory = withEntries()
  tamper(directory, true, sql)
  expect(opened(directory).audit.verify().brokenAtSeq).toBe(at)
})

test('after a cut the log goes on, and the cut stays visible', () => {
  const directory = withEntries()
  tamper(directory, true, 'DELETE FROM audit WHERE seq > 7')
  const { audit } = opened(directory)
  expect(audit.append(entry(11)).seq).toBe(11)
  expect(audit.verify()).toEqual({ entries: 8, brokenAtSeq: 8 })
})
