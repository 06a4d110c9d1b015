import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openBackend } from '../../../src/main/engine/index.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository } from '../../support/repo.ts'
import { restic } from '../../support/restic.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { cli, jsonLines } from './cli.ts'

const { test } = needs('restic')

/** What scripts written for restic would meet: every field of restic's is there, with the same value. */
let dir = ''
let repo = ''
let source = ''
let first = ''
let second = ''
beforeAll(async () => {
  dir = makeTemp('json')
  repo = join(dir, 'repo')
  source = join(dir, 'source')
  await (await freshRepository({ backend: openBackend(repo) })).close()
  mkdirSync(join(source, 'sub', 'deep'), { recursive: true })
  writeFileSync(join(source, 'a.txt'), 'one\n')
  writeFileSync(join(source, 'empty.txt'), '')
  writeFileSync(join(source, 'Grüße 📦.txt'), 'odd\n')
  writeFileSync(Buffer.concat([Buffer.from(`${source}/caf`), Buffer.from([0xe9])]), 'not UTF-8\n')
  writeFileSync(join(source, 'sub', 'esc\x1b[31m'), 'control\n')
  writeFileSync(join(source, 'sub', 'deep', 'c.txt'), 'three\n')
  chmodSync(join(source, 'a.txt'), 0o4755)
  chmodSync(join(source, 'sub'), 0o1777)
  linkSync(join(source, 'a.txt'), join(source, 'hard'))
  symlinkSync('a.txt', join(source, 'link'))
  first = await backup('--tag', 'one', '--host', 'atlas')
  appendFileSync(join(source, 'a.txt'), 'two\n')
  chmodSync(join(source, 'empty.txt'), 0o600)
  rmSync(join(source, 'sub', 'deep'), { recursive: true })
  writeFileSync(join(source, 'new.txt'), 'new\n')
  rmSync(join(source, 'link'))
  mkdirSync(join(source, 'link'))
  second = await backup('--tag', 'two,three', '--exclude', '*.o')
})
afterAll(() => removeTree(dir))

async function backup(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['-r', repo, 'backup', '--json', ...args, source])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return jsonLines(stdout).at(-1)!['snapshot_id'] as string
}

/** Ours may say more than restic's, never less or otherwise. */
async function alike(args: string[]): Promise<unknown[]> {
  const theirs = await restic(repo).json(args)
  const { code, stdout, stderr } = await cli(['-r', repo, '--json', ...args])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const ours = jsonLines(stdout)
  expect(ours).toMatchObject(theirs as object)
  expect(theirs).not.toEqual([])
  return ours
}

describe("the same fields as restic's", () => {
  test.each([
    [['snapshots']],
    [['snapshots', 'latest']],
    [['snapshots', '--tag', 'three', '--host', 'nobody']],
    // several groups come from restic in no certain order
    [['snapshots', '--group-by', 'paths']],
    [['snapshots', '--group-by', 'host,paths', '--host', 'atlas']],
    [['snapshots', '--latest', '1']],
    [['ls', 'latest']],
    [['find', '--snapshot', 'latest', '*.txt', 'caf*', 'sub']],
    [['find', '--host', 'atlas', '-i', 'A.TXT']],
    [['find', '--oldest', '2100-01-01', '*']],
    [['find', 'no such file']],
    [['stats']],
    [['stats', 'latest']],
    [['stats', '--mode', 'files-by-contents']],
    [['stats', '--mode', 'blobs-per-file']],
    [['stats', '--mode', 'raw-data']],
    [['key', 'list']],
  ])('%j', async args => void (await alike(args)))

  test('diff', async () => {
    await alike(['diff', first, second])
    const lines = await alike(['diff', '--metadata', first, second])
    expect(lines.map(line => (line as { modifier?: string }).modifier).join('')).toMatch(
      /^(?=.*\+)(?=.*-)(?=.*M)(?=.*T)(?=.*U)/,
    )
  })

  test('ls of folders', async () => {
    const folder = `${source}/sub`
    await alike(['ls', first, folder])
    const deep = await alike(['ls', first, '--recursive', folder])
    expect(deep.map(line => (line as { path?: string }).path)).toContain(`${folder}/deep/c.txt`)
  })
})

describe('text that scripts read too', () => {
  test('find, key list, cat and the body of ls and diff are the same', async () => {
    const key = readdirSync(join(repo, 'keys'))[0]!
    for (const args of [
      ['find', '-l', '*.txt'],
      ['key', 'list'],
      ['cat', 'key', key],
      ['cat', 'config'],
      ['diff', first, second],
    ]) {
      // restic reads snapshots in no certain order
      const blocks = (text: string) => text.trim().split('\n\n').sort()
      expect(blocks((await cli(['-r', repo, ...args])).stdout)).toEqual(blocks(await restic(repo).ok(args)))
    }
    const body = (text: string) => text.split('\n').slice(1).join('\n')
    for (const args of [
      ['ls', first],
      ['ls', '-l', first],
    ]) {
      const theirs = body(await restic(repo).ok(args))
      expect(body((await cli(['-r', repo, ...args])).stdout)).toBe(theirs.replace('\x1b', '\\x1b'))
    }
  })
})

describe('what restic 0.14 has no JSON for, as later versions have it', () => {
  test('a backup: status lines and a summary with every field', async () => {
    const { stdout } = await cli(['-r', repo, 'backup', '--json', '--dry-run', source])
    const lines = jsonLines(stdout)
    expect(lines.slice(0, -1).map(line => line['message_type'])).toContain('status')
    expect(lines.slice(0, -1).every(line => line['message_type'] === 'status')).toBe(true)
    expect(lines.at(-2)).toMatchObject({ percent_done: 1, error_count: 0, total_files: 7, files_done: 7 })
    expect(lines.at(-1)).toEqual({
      message_type: 'summary',
      dry_run: true,
      files_new: 0,
      files_changed: 0,
      files_unmodified: 7,
      dirs_new: 0,
      dirs_changed: expect.any(Number),
      dirs_unmodified: expect.any(Number),
      data_blobs: 0,
      tree_blobs: expect.any(Number),
      data_added: expect.any(Number),
      data_added_packed: expect.any(Number),
      total_files_processed: 7,
      total_bytes_processed: 42,
      backup_start: expect.stringMatching(/^20.*Z$/),
      backup_end: expect.stringMatching(/^20.*Z$/),
      total_duration: expect.any(Number),
    })
  })

  test('a restore: what happens to each item, and a summary', async () => {
    const target = join(dir, 'restored')
    const args = ['-r', repo, 'restore', `${first}:${source}/sub`, '-t', target, '--json', '-vv']
    const lines = jsonLines((await cli(args)).stdout)
    expect(lines).toContainEqual({
      message_type: 'verbose_status',
      action: 'restored',
      item: expect.stringContaining('deep/c.txt'),
      size: 6,
    })
    expect(lines.at(-1)).toMatchObject({
      message_type: 'summary',
      total_files: expect.any(Number),
      files_restored: expect.any(Number),
      files_skipped: 0,
      files_deleted: 0,
      total_bytes: 14,
      bytes_restored: 14,
      bytes_skipped: 0,
    })
  })

  test('check, init, unlock and key changes', async () => {
    expect(
      jsonLines((await cli(['-r', repo, 'check', '--json', '--read-data'])).stdout).at(-1),
    ).toMatchObject({
      message_type: 'summary',
      num_errors: 0,
      snapshots: 2,
    })
    const place = join(dir, 'another')
    const [made] = jsonLines((await cli(['-r', place, 'init', '--json'])).stdout)
    expect(made).toEqual({
      message_type: 'initialized',
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      repository: place,
    })
    expect(jsonLines((await cli(['-r', place, 'unlock', '--json'])).stdout)).toEqual([
      { message_type: 'summary', removed: [], kept: [] },
    ])
  })
})
