import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { tarHeader } from '../../src/main/services/tar.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { tempDir } from '../support/tmp.ts'
import { application } from './application.ts'

async function world(
  files: Record<string, string | Buffer>,
  more: (source: string) => void = () => undefined,
) {
  const app = await application()
  const source = join(app.folder, 'documents')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(source, name)), { recursive: true })
    writeFileSync(join(source, name), content)
  }
  more(source)
  const destination = await app.call('destination.create', {
    draft: { name: 'Disk', location: { kind: 'local', path: join(app.folder, 'disk') } },
    password: 'canary',
    create: true,
  })
  const plan = await app.call('plan.create', {
    draft: { name: 'Docs', sources: [{ kind: 'files', paths: [source] }], destinationIds: [destination.id] },
  })
  const { snapshotId } = await app.ended((await app.call('run.start', { planId: plan.id })).id)
  const download = (...paths: string[]) =>
    app.app.download({ destinationId: destination.id, snapshotId: snapshotId!, paths })
  return { app, source, download }
}

function unpacked(archive: Buffer): string {
  const folder = tempDir('unpacked')
  execFileSync('tar', ['-x', '--same-permissions', '-C', folder], { input: archive })
  return folder
}

test('one file comes as it is, its size known', async () => {
  const large = noise('large', 5 * 1024 * 1024)
  const { source, download } = await world({ 'large.bin': large, 'empty.txt': '' })
  const file = await download(join(source, 'large.bin'))
  expect(file).toMatchObject({
    filename: 'large.bin',
    mime: 'application/octet-stream',
    sizeBytes: large.length,
  })
  expect((await buffer(file.stream)).equals(large)).toBe(true)
  const empty = await download(join(source, 'empty.txt'))
  expect([empty.sizeBytes, (await buffer(empty.stream)).length]).toEqual([0, 0])
})

test('a folder comes as an archive that tar unpacks to what it was', async () => {
  const long = `${'deep folder/'.repeat(20)}end.txt`
  const files = {
    'plan.txt': 'plan',
    'grün ✓.txt': 'grün',
    [long]: 'the end',
    'large.bin': noise('x', 700_000),
    empty: '',
  }
  const { source, download } = await world(files, source => {
    symlinkSync('plan.txt', join(source, 'link'))
    symlinkSync('ü'.repeat(80), join(source, 'long link'))
  })
  const archive = await download(source)
  expect(archive).toMatchObject({ filename: 'documents.tar', mime: 'application/x-tar', sizeBytes: null })
  const folder = unpacked(await buffer(archive.stream))
  const differences = manifestDifferences(readManifest(source), readManifest(join(folder, 'documents')), {
    ignore: ['mtimeNs', 'uid', 'gid'],
  })
  expect(differences).toEqual([])
  const seconds = (path: string) => Math.floor(statSync(path).mtimeMs / 1000)
  expect(seconds(join(folder, 'documents/plan.txt'))).toBe(seconds(join(source, 'plan.txt')))
})

test('several items keep the folders that tell them apart', async () => {
  const { source, download } = await world({ 'a/x.txt': 'one', 'b/x.txt': 'two', 'b/y.txt': 'no' })
  const archive = await download(join(source, 'a'), join(source, 'b/x.txt'))
  const folder = unpacked(await buffer(archive.stream))
  expect(readdirSync(folder).toSorted()).toEqual(['a', 'b'])
  expect(readdirSync(join(folder, 'b'))).toEqual(['x.txt'])
  expect(readFileSync(join(folder, 'b/x.txt'), 'utf8')).toBe('two')
})

test('what is not there is told before anything is sent; the next one works', async () => {
  const { source, download } = await world({ 'a.txt': 'one' })
  await expect(download(join(source, 'a.txt'), join(source, 'b.txt'))).rejects.toMatchObject({
    code: 'not_found',
  })
  expect((await buffer((await download(join(source, 'a.txt'))).stream)).toString()).toBe('one')
})

test('a damaged blob breaks the stream off', async () => {
  const { app, source, download } = await world({ 'large.bin': noise('large', 5 * 1024 * 1024) })
  const data = join(app.folder, 'disk/data')
  for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' })) {
    const path = join(data, name)
    if (!statSync(path).isFile() || statSync(path).size < 100_000) continue
    const bytes = readFileSync(path)
    bytes[50_000]! ^= 1
    execFileSync('chmod', ['600', path])
    writeFileSync(path, bytes)
  }
  const { stream } = await download(join(source, 'large.bin'))
  await expect(buffer(stream)).rejects.toMatchObject({ code: 'data_corrupt' })
})

test('whoever goes away in the middle is in nobody’s way', async () => {
  const { source, download } = await world({
    'large.bin': noise('large', 9 * 1024 * 1024),
    'b.txt': 'two',
  })
  const { stream } = await download(join(source, 'large.bin'))
  stream.on('error', () => undefined)
  await new Promise(resolve => stream.once('data', resolve))
  stream.destroy()
  expect((await buffer((await download(join(source, 'b.txt'))).stream)).toString()).toBe('two')
})

test('a length that counts itself, at each border', () => {
  for (let length = 80; length < 1200; length++) {
    const path = 'ü'.repeat(length)
    const header = tarHeader({
      path,
      type: 'file',
      sizeBytes: 0,
      permissions: 0o644,
      modifiedAtMs: 0,
      linkTarget: '',
    })
    const record = header
      .subarray(512, header.length - 512)
      .toString()
      .replace(/\0+$/, '')
    expect(Number(/^\d+/.exec(record)![0])).toBe(Buffer.byteLength(record))
  }
})
