import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idOf } from '../../../src/main/engine/format/id.ts'
import { bufferFromRaw, rawFromBuffer, rawFromText } from '../../../src/main/engine/format/raw.ts'
import type { Raw } from '../../../src/main/engine/format/raw.ts'
import { formatTime } from '../../../src/main/engine/format/time.ts'
import { decodeTree, encodeTree } from '../../../src/main/engine/format/tree.ts'
import type { TreeNode } from '../../../src/main/engine/format/tree.ts'
import { vectors } from '../../support/vectors.ts'

const corrupt = expect.objectContaining({ code: 'data_corrupt' })

const zeroTime = '0001-01-01T00:00:00Z'
const empty: TreeNode = {
  name: rawFromText('file'),
  type: 'file',
  mode: 0,
  mtime: zeroTime,
  atime: zeroTime,
  ctime: zeroTime,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  size: 0,
  links: 0,
  linkTarget: null,
  xattrs: [],
  genericAttributes: null,
  device: 0n,
  content: [],
  subtree: null,
  error: '',
}
const emptyJson = `{"name":"file","type":"file","mtime":"${zeroTime}","atime":"${zeroTime}","ctime":"${zeroTime}","uid":0,"gid":0,"content":[]}`
const id = 'ab'.repeat(32)

const tree = (...nodes: string[]): string => `{"nodes":[${nodes.join(',')}]}\n`
const decodeText = (text: string): TreeNode[] => decodeTree(Buffer.from(text))
const encodeText = (...nodes: TreeNode[]): string => encodeTree(nodes).toString()
/** The JSON of the empty node with some fields replaced; those set to undefined are left out. */
const nodeText = (change: object): string =>
  JSON.stringify({ ...(JSON.parse(emptyJson) as object), ...change })

test('the empty tree', () => {
  expect(encodeText()).toBe('{"nodes":[]}\n')
  expect(idOf(encodeTree([]))).toBe('ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8')
})

test('what is absent is left out, content never', () => {
  expect(encodeText(empty)).toBe(tree(emptyJson))
  expect(decodeText(tree(emptyJson))).toEqual([empty])
})

test('all fields, in restic’s order', () => {
  const node: TreeNode = {
    name: rawFromText('ü\n"'),
    type: 'dir',
    mode: 2147484141,
    mtime: '2024-02-29T12:34:56.5Z',
    atime: '2024-02-29T12:34:57+05:30',
    ctime: '1969-12-31T23:59:58.5Z',
    uid: 12345,
    gid: 0xffffffff,
    user: 'a<b>',
    group: 'ünï',
    inode: 2n ** 64n - 1n,
    deviceId: 65024n,
    size: 2 ** 53 - 1,
    links: 3,
    linkTarget: rawFromText('to/where \u2028'),
    xattrs: [
      { name: rawFromText('user.b'), value: Buffer.from([0, 255, 16]) },
      { name: rawFromText('user.a"'), value: Buffer.alloc(0) },
    ],
    genericAttributes: '{"windows.file_attributes":32,"windows.creation_time":"AAEC"}',
    device: 9007199254740993n,
    content: null,
    subtree: id,
    error: 'odd & broken',
  }
  const json =
    '{"name":"ü\\\\n\\\\\\"","type":"dir","mode":2147484141,"mtime":"2024-02-29T12:34:56.5Z",' +
    '"atime":"2024-02-29T12:34:57+05:30","ctime":"1969-12-31T23:59:58.5Z","uid":12345,"gid":4294967295,' +
    '"user":"a\\u003cb\\u003e","group":"ünï","inode":18446744073709551615,"device_id":65024,' +
    '"size":9007199254740991,"links":3,"linktarget":"to/where \\u2028",' +
    '"extended_attributes":[{"name":"user.b","value":"AP8Q"},{"name":"user.a\\"","value":""}],' +
    '"generic_attributes":{"windows.file_attributes":32,"windows.creation_time":"AAEC"},' +
    `"device":9007199254740993,"content":null,"subtree":"${id}","error":"odd \\u0026 broken"}`
  expect(encodeText(node)).toBe(tree(json))
  expect(decodeText(tree(json))).toEqual([node])
})

test.each([
  ['amp&lt<gt>', '"amp\\u0026lt\\u003cgt\\u003e"'],
  ['quote"back\\slash', '"quote\\\\\\"back\\\\\\\\slash"'],
  ['new\nline\ttab', '"new\\\\nline\\\\ttab"'],
  ['ctl-\u0001\u007f\u00a0\u2028\ufffd', '"ctl-\\\\x01\\\\x7f\\\\u00a0\\\\u2028\ufffd"'],
])('the name %j is quoted, then made JSON', (name, json) => {
  const text = tree(emptyJson.replace('"file"', json))
  expect(encodeText({ ...empty, name: rawFromText(name) })).toBe(text)
  expect(decodeText(text)[0]!.name).toBe(rawFromText(name))
})

test('nodes are ordered by bytes, not by UTF-16 or locale', () => {
  const names = ['\u{1f600}', '\uff00', 'a', 'Z', 'é', 'e\u0301', 'a.b', 'a-b', 'ab'].map(rawFromText)
  names.push(rawFromBuffer(Buffer.of(0xff)), rawFromBuffer(Buffer.of(0x80)))
  const encoded = encodeTree(names.map(name => ({ ...empty, name })))
  const stored = decodeTree(encoded).map(node => bufferFromRaw(node.name))
  expect(stored).toEqual(stored.toSorted((a, b) => Buffer.compare(a, b)))
  expect(stored.map(name => name.toString('latin1'))).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)))
})

test('a tree out of order is put in order, two of one name are damage', () => {
  const [a, b] = [nodeText({ name: 'a' }), nodeText({ name: 'b' })]
  expect(decodeText(tree(b, a)).map(node => node.name)).toEqual(['a', 'b'])
  expect(() => decodeText(tree(a, b, a))).toThrow(corrupt)
  expect(() => decodeText(tree(nodeText({ name: 'a' }), nodeText({ name: '\\x61' })))).toThrow(corrupt)
  expect(() => encodeTree([empty, { ...empty, size: 7 }])).toThrow(corrupt)
})

test('encoding leaves the list it got as it was', () => {
  const nodes = Object.freeze([
    { ...empty, name: rawFromText('b') },
    { ...empty, name: rawFromText('a') },
  ])
  expect(encodeText(...nodes)).toContain('"a"')
  expect(nodes.map(node => node.name)).toEqual(['b', 'a'])
})

describe('names that lead out of the folder', () => {
  test.each([
    '',
    '.',
    '..',
    '/',
    'a/b',
    '../x',
    '/etc',
    'a\\\\x00',
    '\\\\x2e\\\\x2e',
    'a\\\\x2fb',
    '\\\\057',
    '\\\\u002f',
  ])('%j', wire => {
    expect(() => decodeText(tree(emptyJson.replace('"file"', `"${wire}"`)))).toThrow(corrupt)
  })
  test.each(['', '.', '..', 'a/b', 'a\0'])('%j is not written either', name => {
    expect(() => encodeTree([{ ...empty, name: name as Raw }])).toThrow(corrupt)
  })
  test.each(['...', '..a', '.a', 'a..', ' ', '\\\\\\\\', 'C:', '~', '-rf'])('%j is only odd', wire => {
    expect(decodeText(tree(emptyJson.replace('"file"', `"${wire}"`)))).toHaveLength(1)
  })
})

describe('link targets', () => {
  const link = { ...empty, type: 'symlink', content: null } as const
  test('what is not UTF-8 is kept in bytes beside its text', () => {
    const target = rawFromBuffer(Buffer.of(0x74, 0xff, 0xfe))
    const text = encodeText({ ...link, linkTarget: target })
    expect(text).toContain('"linktarget":"t\\ufffd\\ufffd","linktarget_raw":"dP/+","content":null')
    expect(decodeText(text)[0]!.linkTarget).toBe(target)
  })
  test('what is UTF-8 is not, backslashes are only JSON’s', () => {
    const target = rawFromText('a\\n"ü\ufffd\u0001')
    const text = encodeText({ ...link, linkTarget: target })
    expect(text).toContain('"linktarget":"a\\\\n\\"ü\ufffd\\u0001","content":null')
    expect(decodeText(text)[0]!.linkTarget).toBe(target)
  })
  test('NUL is in no path', () => {
    for (const change of [{ linktarget: 'a\0b' }, { linktarget_raw: 'AAAA' }]) {
      expect(() => decodeText(tree(nodeText({ type: 'symlink', ...change })))).toThrow(corrupt)
    }
  })
})

describe('64-bit numbers', () => {
  test.each([
    1n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 53n + 1n,
    1234567890123456n,
    12345678901234567890n,
    2n ** 64n - 1n,
  ])('%d survives', value => {
    const node = { ...empty, inode: value, deviceId: value, device: value }
    const text = encodeText(node)
    expect(text).toContain(`"inode":${value},"device_id":${value},`)
    expect(decodeText(text)).toEqual([node])
  })
  test.each([
    '-1',
    '18446744073709551616',
    '99999999999999999999',
    '100000000000000000000',
    '1.5',
    '1e30',
    '"x"',
    'true',
    '9007199254740993.0',
  ])('%s is damage', value => {
    for (const key of ['inode', 'device_id', 'device']) {
      expect(() => decodeText(tree(emptyJson.replace('"uid"', `"${key}":${value},"uid"`)))).toThrow(corrupt)
    }
  })
  test('text that looks like one is left alone', () => {
    const node = {
      ...empty,
      user: '"inode":12345678901234567890,',
      group: '\\"device":12345678901234567890}',
    }
    expect(decodeText(encodeText(node))).toEqual([node])
  })
  test('spaces between do no harm', () => {
    const text = tree(emptyJson.replace('"uid"', '"inode" : 12345678901234567890 , "uid"'))
    expect(() => decodeText(text)).toThrow(corrupt) // exactness can't be kept, so nothing is pretended
    expect(decodeText(text.replace('" :', '":'))[0]!.inode).toBe(12345678901234567890n)
  })
})

describe('Windows attributes', () => {
  const windows = (raw: string) =>
    tree(emptyJson.replace(',"content"', `,"generic_attributes":${raw},"content"`))
  test.each([
    '{}',
    '{"windows.security_descriptor":"AQAUvA==","windows.creation_time":"4LLNkUrX2gE=","windows.file_attributes":32}',
    '{"z":18446744073709551615,"a":1.50,"text":"} \\" { \\\\","deep":{"generic_attributes":{"x":[{}]}},"\\u003c":null}',
  ])('%s stays as it came', raw => {
    const [node] = decodeText(windows(raw))
    expect(node!.genericAttributes).toBe(raw)
    expect(encodeText(node!)).toBe(windows(raw))
  })
  test.each(['[]', '7', '{', '{"a":}', '{"a":"', '{]}', 'true'])('%s is damage', raw => {
    expect(() => decodeText(windows(raw))).toThrow(corrupt)
  })
  test('null is none', () => {
    expect(decodeText(windows('null'))).toEqual([empty])
  })
  test('a name that looks like them is left alone', () => {
    const node = { ...empty, user: '"generic_attributes":{', error: '\\"generic_attributes":{}' }
    expect(decodeText(encodeText(node))).toEqual([node])
  })
  test('broken ones are not written', () => {
    expect(() => encodeTree([{ ...empty, genericAttributes: '{"a":' }])).toThrow(corrupt)
  })
})

describe('what other writers leave', () => {
  test('unknown fields anywhere, no newline, spaces', () => {
    const text = ` { "version" : [1] , "nodes" : [ ${nodeText({ more: { nodes: 'x' } })} ] , "x" : null } `
    expect(decodeText(text)).toEqual([empty])
  })
  test('no content on what is no file, null for lists and texts', () => {
    const nulls = {
      user: null,
      extended_attributes: null,
      linktarget: null,
      inode: null,
      size: null,
      error: null,
    }
    expect(decodeText(tree(nodeText({ type: 'fifo', content: undefined, ...nulls })))).toEqual([
      { ...empty, type: 'fifo', content: null },
    ])
    expect(decodeText('{"nodes":null}')).toEqual([])
  })
  test('a file without content keeps that state', () => {
    expect(decodeText(tree(nodeText({ content: null })))[0]!.content).toBeNull()
  })
  test('stray bytes in text become U+FFFD', () => {
    const text = Buffer.from(tree(nodeText({ user: 'a~b' })))
    text[text.indexOf('~')] = 0xff
    expect(decodeTree(text)[0]!.user).toBe('a\ufffdb')
  })
})

test.each<[string, unknown]>([
  ['name', undefined],
  ['name', 7],
  ['name', 'bad\\q'],
  ['type', undefined],
  ['type', 'folder'],
  ['type', 'toString'],
  ['type', ['file']],
  ['mode', -1],
  ['mode', 2 ** 32],
  ['mode', '420'],
  ['mtime', 'now'],
  ['mtime', 17],
  ['atime', '2024-02-30T00:00:00Z'],
  ['ctime', { a: 1 }],
  ['uid', -1],
  ['uid', 2 ** 32],
  ['gid', 0.5],
  ['user', 7],
  ['group', []],
  ['size', -1],
  ['size', 2 ** 53],
  ['links', 'two'],
  ['linktarget', 7],
  ['linktarget_raw', '???'],
  ['extended_attributes', {}],
  ['extended_attributes', [7]],
  ['extended_attributes', [{ value: '' }]],
  ['extended_attributes', [{ name: '', value: '' }]],
  ['extended_attributes', [{ name: 'a\0', value: '' }]],
  ['extended_attributes', [{ name: 'a', value: 'A' }]],
  ['content', {}],
  ['content', 'abc'],
  ['content', [7]],
  ['content', [null]],
  ['content', [id.toUpperCase()]],
  ['content', [`${id}0`]],
  ['error', 7],
])('a node whose %s is %j is damage', (field, value) => {
  expect(() => decodeText(tree(nodeText({ [field]: value })))).toThrow(corrupt)
})

test('a folder must say where its tree is', () => {
  for (const subtree of [undefined, null, 'abc', 7]) {
    expect(() => decodeText(tree(nodeText({ type: 'dir', content: null, subtree })))).toThrow(corrupt)
  }
})

test('what is no tree', () => {
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{}',
    '{"nodes":{}}',
    '{"nodes":[null]}',
    '{"nodes":[[]]}',
    tree(emptyJson).slice(0, -3),
  ]) {
    expect(() => decodeText(text)).toThrow(corrupt)
  }
})

test('nesting without end is only one more kind of damage', () => {
  expect(() => decodeText(`{"nodes":[${'{"a":['.repeat(500_000)}`)).toThrow(corrupt)
  expect(() =>
    decodeText(tree(nodeText({ type: 1 }).replace('1', `${'['.repeat(500_000)}${']'.repeat(500_000)}`))),
  ).toThrow(corrupt)
  const deep = `{"a":${'{"a":'.repeat(500_000)}1${'}'.repeat(500_001)}`
  expect(
    decodeText(tree(emptyJson.replace(',"content"', `,"generic_attributes":${deep},"content"`)))[0]!
      .genericAttributes,
  ).toBe(deep)
})

const name = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 20 }),
    fc.string({ unit: 'binary', minLength: 1 }).map(text => Buffer.from(text)),
  )
  .map(rawFromBuffer)
  .filter(raw => raw !== '.' && raw !== '..' && !/[\0/]/.test(raw))
const time = fc
  .tuple(
    fc.bigInt({ min: -62_100_000_000n, max: 253_000_000_000n }),
    fc.nat({ max: 999_999_999 }),
    fc.integer({ min: -720, max: 840 }),
  )
  .map(([seconds, ns, offset]) => formatTime(seconds * 1_000_000_000n + BigInt(ns), offset))
const uint32 = fc.nat({ max: 0xffffffff })
const uint64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const text = fc.oneof(fc.constant(''), fc.string({ unit: 'binary' }))
const ids = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'))
const bytes = fc.uint8Array({ maxLength: 10 }).map(list => Buffer.from(list))

const anyNode: fc.Arbitrary<TreeNode> = fc
  .record({
    name,
    type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
    mode: uint32,
    mtime: time,
    atime: time,
    ctime: time,
    uid: uint32,
    gid: uint32,
    user: text,
    group: text,
    inode: uint64,
    deviceId: uint64,
    size: fc.maxSafeNat(),
    links: fc.maxSafeNat(),
    linkTarget: fc.option(name),
    xattrs: fc.array(
      fc.record({ name: name.map(raw => rawFromText(bufferFromRaw(raw).toString())), value: bytes }),
      { maxLength: 3 },
    ),
    genericAttributes: fc.option(
      fc.dictionary(fc.string(), fc.jsonValue()).map(value => JSON.stringify(value)),
    ),
    device: uint64,
    content: fc.array(ids, { maxLength: 3 }),
    subtree: ids,
    error: text,
  })
  .map(node => {
    if (node.type !== 'file')
      return Object.assign(node, { content: null, subtree: node.type === 'dir' ? node.subtree : null })
    return Object.assign(node, { subtree: null })
  })

test('any tree, both ways', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyNode, { selector: node => node.name, maxLength: 6 }), nodes => {
      const encoded = encodeTree(nodes)
      const decoded = decodeTree(encoded)
      expect(decoded).toEqual(nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
      expect(encodeTree(decoded)).toEqual(encoded)
    }),
    { numRuns: 500 },
  )
})

describe('folders too large for one string', () => {
  test('any tree, by parts', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyNode, { selector: node => node.name, maxLength: 8 }),
        fc.nat({ max: 3000 }),
        (nodes, part) => {
          const encoded = encodeTree(nodes)
          expect(encodeTree(nodes, part)).toEqual(encoded)
          expect(decodeTree(encoded, part)).toEqual(decodeTree(encoded))
        },
      ),
    )
  })

  test('restic’s trees', () => {
    for (const { json } of vectors.tree_blobs) {
      expect(decodeTree(Buffer.from(json), 500)).toEqual(decodeText(json))
      expect(decodeTree(Buffer.from(json.trimEnd()), 500)).toEqual(decodeText(json))
    }
  })

  test('order and names are judged over all parts', () => {
    const [a, b] = [nodeText({ name: 'a' }), nodeText({ name: 'b' })]
    expect(decodeTree(Buffer.from(tree(b, a)), 1).map(node => node.name)).toEqual(['a', 'b'])
    expect(() => decodeTree(Buffer.from(tree(a, b, a)), 1)).toThrow(corrupt)
  })

  test.each([
    emptyJson,
    '{"x":1,"nodes":[]}',
    tree(emptyJson).slice(0, -2),
    tree(emptyJson).slice(0, -3),
    `${tree(emptyJson)}x`,
    `{"nodes":[${emptyJson}],"more":1}`,
    tree(`${emptyJson},`),
    tree(`,${emptyJson}`),
    tree(`${emptyJson} ${emptyJson}`),
    tree(emptyJson.slice(0, -1)),
    tree(`${emptyJson}}`),
    tree('"text", "without end'),
    tree('[}'),
  ])('%s is damage', text => {
    expect(() => decodeTree(Buffer.from(text), 1)).toThrow(corrupt)
  })

  test('damage anywhere', () => {
    const valid = Buffer.from(
      tree(emptyJson, nodeText({ name: 'b\\\\', user: 'q"\\' }), nodeText({ name: 'c' })),
    )
    fc.assert(
      fc.property(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(valid.with(at, byte))
        const read = (part?: number) => {
          try {
            return decodeTree(damaged, part)
          } catch (error) {
            expect(error).toEqual(corrupt)
            return null
          }
        }
        const byParts = read(1)
        if (byParts !== null) expect(byParts).toEqual(read()) // never more than the strict reader takes
      }),
      { numRuns: 2000 },
    )
  })
})

test('damage anywhere gives another tree or a clear failure', () => {
  const decodable = (input: Buffer) => {
    try {
      const nodes = decodeTree(input)
      // What can be read can be written and read again.
      expect(decodeTree(encodeTree(nodes))).toEqual(nodes)
    } catch (error) {
      expect(error).toEqual(corrupt)
    }
  }
  const valid = Buffer.from(vectors.tree_blobs.toSorted((a, b) => b.length - a.length)[0]!.json)
  fc.assert(
    fc.property(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const damaged = Buffer.from(valid)
      damaged[at] = byte
      decodable(damaged)
    }),
    { numRuns: 2000 },
  )
  for (let end = 0; end < valid.length; end += 17) {
    expect(() => decodeTree(valid.subarray(0, end))).toThrow(corrupt)
  }
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array().map(list => Buffer.from(list)),
        fc.json().map(json => Buffer.from(`{"nodes":[${json}]}`)),
      ),
      decodable,
    ),
  )
})
