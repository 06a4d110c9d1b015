import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLock, encodeLock } from '../../../src/main/engine/format/lock.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/main/engine/format/snapshot.ts'
import type { Snapshot, SnapshotSummary } from '../../../src/main/engine/format/snapshot.ts'
import { vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })
const [parent, tree, original] = ['aa', 'bb', 'cc'].map(pair => pair.repeat(32)) as [string, string, string]

const least: Snapshot = {
  time: '2024-03-01T10:00:00Z',
  parent: null,
  tree,
  paths: ['/'],
  hostname: '',
  username: '',
  uid: 0,
  gid: 0,
  excludes: [],
  tags: [],
  original: null,
  programVersion: '',
  summary: null,
}
const summary: SnapshotSummary = {
  backup_start: '2024-03-01T10:00:00.5+05:30',
  backup_end: '2024-03-01T10:00:07Z',
  files_new: 1,
  files_changed: 2,
  files_unmodified: 3,
  dirs_new: 4,
  dirs_changed: 5,
  dirs_unmodified: 6,
  data_blobs: 7,
  tree_blobs: 8,
  data_added: 9,
  data_added_packed: 0,
  total_files_processed: 2 ** 53 - 1,
  total_bytes_processed: 0,
}
const full: Snapshot = {
  ...least,
  parent,
  paths: ['/a <&> ü', 'C:\\b'],
  hostname: 'host',
  username: 'WIN\\user',
  uid: 1000,
  gid: 4294967295,
  excludes: ['*.o', 'a\nb'],
  tags: ['x', ''],
  original,
  programVersion: 'restic 0.18.0',
  summary,
}
const leastJson = `{"time":"2024-03-01T10:00:00Z","tree":"${tree}","paths":["/"]}`
const fullJson =
  `{"time":"2024-03-01T10:00:00Z","parent":"${parent}","tree":"${tree}","paths":["/a \\u003c\\u0026\\u003e ü","C:\\\\b"],` +
  '"hostname":"host","username":"WIN\\\\user","uid":1000,"gid":4294967295,"excludes":["*.o","a\\nb"],"tags":["x",""],' +
  `"original":"${original}","program_version":"restic 0.18.0","summary":{"backup_start":"2024-03-01T10:00:00.5+05:30",` +
  '"backup_end":"2024-03-01T10:00:07Z","files_new":1,"files_changed":2,"files_unmodified":3,"dirs_new":4,"dirs_changed":5,' +
  '"dirs_unmodified":6,"data_blobs":7,"tree_blobs":8,"data_added":9,"data_added_packed":0,' +
  '"total_files_processed":9007199254740991,"total_bytes_processed":0}}'

describe('snapshots', () => {
  test.each(vectors.snapshots)('restic’s $id is its own encoding', ({ json }) => {
    expect(encodeSnapshot(decodeSnapshot(Buffer.from(json))).toString()).toBe(json)
  })

  test.each([
    ['the least', least, leastJson],
    ['all fields, in restic’s order', full, fullJson],
  ])('%s', (_, snapshot, json) => {
    expect(encodeSnapshot(snapshot).toString()).toBe(json)
    expect(decodeSnapshot(Buffer.from(json))).toEqual(snapshot)
  })

  test('unknown fields are ignored, null is absent, and counts of a summary may be missing', () => {
    const other = {
      time: least.time,
      tree,
      paths: null,
      parent: null,
      tags: null,
      uid: null,
      label: 'x',
      delete: { a: 1 },
    }
    expect(
      decodeSnapshot(Buffer.from(JSON.stringify({ ...other, summary: { files_new: 2, command: 'x' } }))),
    ).toEqual({
      ...least,
      paths: [],
      summary: {
        ...(Object.fromEntries(Object.keys(summary).map(key => [key, 0])) as unknown as SnapshotSummary),
        backup_start: '0001-01-01T00:00:00Z',
        backup_end: '0001-01-01T00:00:00Z',
        files_new: 2,
      },
    })
  })

  test.each<[string, unknown]>([
    ['time', 'now'],
    ['time', 17],
    ['tree', undefined],
    ['tree', null],
    ['tree', 'abc'],
    ['parent', 'abc'],
    ['parent', 7],
    ['paths', '/'],
    ['paths', [7]],
    ['hostname', 7],
    ['uid', -1],
    ['gid', 2 ** 32],
    ['excludes', {}],
    ['tags', [null]],
    ['original', ''],
    ['program_version', 1],
    ['summary', []],
    ['summary', { ...summary, files_new: -1 }],
    ['summary', { ...summary, data_added: 2 ** 53 }],
    ['summary', { ...summary, backup_end: 'later' }],
  ])('a snapshot whose %s is %j is damage', (field, value) => {
    const json = JSON.stringify({ ...(JSON.parse(fullJson) as object), [field]: value })
    expect(() => decodeSnapshot(Buffer.from(json))).toThrow(corrupt)
  })
})

describe('locks', () => {
  const lock = { time: least.time, exclusive: true, hostname: 'h', username: 'u', pid: 4711, uid: 1, gid: 2 }

  test('all fields, in restic’s order', () => {
    const json = `{"time":"2024-03-01T10:00:00Z","exclusive":true,"hostname":"h","username":"u","pid":4711,"uid":1,"gid":2}`
    expect(encodeLock(lock).toString()).toBe(json)
    expect(decodeLock(Buffer.from(json))).toEqual(lock)
  })

  test('root’s IDs are left out', () => {
    const json = `{"time":"2024-03-01T10:00:00Z","exclusive":false,"hostname":"h","username":"","pid":1}`
    const root = { ...lock, exclusive: false, username: '', pid: 1, uid: 0, gid: 0 }
    expect(encodeLock(root).toString()).toBe(json)
    expect(decodeLock(Buffer.from(json))).toEqual(root)
  })

  test.each<[string, unknown]>([
    ['time', ''],
    ['exclusive', undefined],
    ['exclusive', 'true'],
    ['pid', -1],
    ['pid', '1'],
    ['hostname', 7],
  ])('a lock whose %s is %j is damage', (field, value) => {
    expect(() => decodeLock(Buffer.from(JSON.stringify({ ...lock, [field]: value })))).toThrow(corrupt)
  })
})

test('anything else is refused, and never in another way', () => {
  const valid = [
    Buffer.from(fullJson),
    Buffer.from(leastJson),
    encodeLock({ ...full, exclusive: true, pid: 1 }),
  ]
  const damaged = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), fc.nat({ max: 255 }))
    .map(([json, at, byte]) => Buffer.from(json.with(at % json.length, byte)))
  const input = fc.oneof(
    damaged,
    fc.uint8Array().map(list => Buffer.from(list)),
    fc.json().map(json => Buffer.from(json)),
  )
  fc.assert(
    fc.property(input, bytes => {
      for (const decode of [decodeSnapshot, decodeLock]) {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toEqual(corrupt)
        }
      }
    }),
    { numRuns: 2000 },
  )
})
