import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackend } from '../../../src/main/engine/index.ts'
import { isHere, needs } from '../../support/needs.ts'
import { freshRepository } from '../../support/repo.ts'
import { restic } from '../../support/restic.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { cli, environment, jsonLines, live, main, slowFolder } from './cli.ts'

/** That each option reaches the engine and does there what its name says. */
let dir = ''
let repo = ''
let source = ''
beforeAll(async () => {
  dir = makeTemp('options')
  repo = join(dir, 'repo')
  source = join(dir, 'source')
  await (await freshRepository({ backend: openBackend(repo) })).close()
  const files: Record<string, string> = {
    'keep.txt': 'kept',
    'junk.tmp': 'x',
    'SHOUT.LOG': 'x',
    'listed/by-file.o': 'x',
    'large.bin': 'y'.repeat(5000),
    'cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
    'cache/entry': 'x',
    'marked/.nobackup': '',
    'marked/entry': 'x',
    'a/one.txt': '1',
    'a/two.md': '2',
    'b/three.txt': '3',
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(source, name, '..'), { recursive: true })
    writeFileSync(join(source, name), content)
  }
  writeFileSync(join(dir, 'patterns'), '# objects\n*.o\n\n')
})
afterAll(() => removeTree(dir))

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['-r', repo, ...args], { cwd: dir })
  expect({ code, stderr: stderr.replace(/^(would restore|restoring) .*\n/, '') }).toEqual({
    code: 0,
    stderr: '',
  })
  return stdout
}

const backup = async (...args: string[]) => jsonLines(await ok('backup', '--json', ...args)).at(-1)!
const listed = async () => (await ok('ls', '-q', 'latest')).split('\n').filter(line => line !== '')

describe('backup', () => {
  const excludes = () => [
    ['--exclude', '*.tmp'],
    ['--iexclude', '*.log'],
    ['--exclude-file', join(dir, 'patterns')],
    ['--exclude-caches'],
    ['--exclude-if-present', '.nobackup'],
    ['--exclude-larger-than', '4k'],
    ['--one-file-system'],
  ]

  needs('restic').test('leaves out what restic leaves out for the same options', async () => {
    await backup(source, ...excludes().flat(), '--host', 'ours')
    const ours = await listed()
    await restic(repo).backup([source], [...excludes().flat(), '--host', 'theirs'])
    expect(ours).toEqual(await listed())
    const names = ours.map(path => path.slice(source.length + 1))
    expect(names).toContain('keep.txt')
    expect(names).toContain('cache/CACHEDIR.TAG')
    for (const name of [
      'junk.tmp',
      'SHOUT.LOG',
      'listed/by-file.o',
      'large.bin',
      'cache/entry',
      'marked/entry',
    ]) {
      expect(names).not.toContain(name)
    }
    const noted = async (host: string) =>
      JSON.parse(await ok('snapshots', '--json', '--host', host))[0].excludes as unknown
    expect(await noted('ours')).toEqual(await noted('theirs'))
  })

  test('tags, host, parent, --full, --dry-run, --skip-if-unchanged', async () => {
    const first = await backup(source, '--tag', 'x, y', '--tag', 'z', '--host', 'tagged')
    const id = first['snapshot_id'] as string
    expect(JSON.parse(await ok('snapshots', '--json', id))).toMatchObject([
      { tags: ['x', 'y', 'z'], hostname: 'tagged' },
    ])
    expect(await backup(source, '--host', 'other')).toMatchObject({ files_unmodified: 0 })
    expect(await backup(source, '--host', 'another', '--parent', id.slice(0, 8))).toMatchObject({
      files_unmodified: 12,
    })
    expect(await backup(source, '--host', 'tagged', '--full')).toMatchObject({ files_unmodified: 0 })
    expect(await backup(source, '--host', 'tagged', '-f')).toMatchObject({ files_unmodified: 0 })
    const before = readdirSync(join(repo, 'snapshots')).length
    expect(await backup(source, '--host', 'tagged', '--skip-if-unchanged')).not.toHaveProperty('snapshot_id')
    expect(await backup(source, '-n')).not.toHaveProperty('snapshot_id')
    expect(readdirSync(join(repo, 'snapshots'))).toHaveLength(before)
    expect(await ok('backup', source, '--host', 'tagged')).toMatch(/^using parent snapshot [0-9a-f]{8}\n/)
    expect(await ok('backup', source, '--host', 'tagged', '-q')).toBe('')
  })

  test('--files-from: comments, blank lines, patterns; what matches nothing is missed', async () => {
    const list = join(dir, 'list')
    writeFileSync(list, `# these\n\n${source}/a\n  ${source}/b/*.txt\r\n`)
    expect(await backup('--files-from', list)).toMatchObject({ files_new: 3 })
    writeFileSync(list, `${source}/nothing*\n`)
    expect(await cli(['-r', repo, 'backup', '--files-from', list])).toMatchObject({ code: 27 })
  })

  test('--compression', async () => {
    const size = async (mode: string) => {
      writeFileSync(join(dir, mode), `${mode} `.repeat(50_000))
      return (await backup(join(dir, mode), '--compression', mode))['data_added_packed'] as number
    }
    expect(await size('off')).toBeGreaterThan(200_000)
    expect(await size('default')).toBeLessThan(20_000)
    expect(await size('max')).toBeLessThan(20_000)
  })
})

describe('restore', () => {
  let id = ''
  beforeAll(async () => (id = (await backup(source, '--tag', 'restore'))['snapshot_id'] as string))
  const here = (target: string) => readdirSync(target, { recursive: true, encoding: 'utf8' }).sort()
  let nth = 0
  const restore = async (...args: string[]) => {
    const target = join(dir, `out${nth++}`)
    return { target, stdout: await ok('restore', `${id}:${source}`, '--target', target, ...args) }
  }

  test('--include and --exclude choose', async () => {
    expect(here((await restore('--include', '*.txt')).target)).toEqual(
      ['a', 'a/one.txt', 'b', 'b/three.txt', 'keep.txt'].sort(),
    )
    expect(here((await restore('--iinclude', 'shout.log')).target)).toEqual(['SHOUT.LOG'])
    const without = here((await restore('--exclude', '*.txt', '--iexclude', 'SHOUT*')).target)
    expect(without).toContain('junk.tmp')
    expect(without.filter(name => /txt|SHOUT/.test(name))).toEqual([])
  })

  test('--dry-run tells and writes nothing; --verify reads again', async () => {
    const dry = await restore('--dry-run')
    expect(dry.stdout).toMatch(/create +file +4 B +.*keep\.txt\n/)
    expect(dry.stdout).toMatch(/would restore .*nothing was written\n$/)
    expect(readdirSync(dir)).not.toContain(dry.target.slice(dir.length + 1))
    expect((await restore('--verify')).stdout).toMatch(/verified 12 files/)
  })

  test('--overwrite and --delete', async () => {
    const { target } = await restore()
    const again = (...args: string[]) => ok('restore', `${id}:${source}`, '--target', target, ...args)
    writeFileSync(join(target, 'keep.txt'), 'mine')
    writeFileSync(join(target, 'stranger'), '')
    await again('--overwrite', 'never')
    expect(readFileSync(join(target, 'keep.txt'), 'utf8')).toBe('mine')
    await again('--overwrite', 'if-newer')
    expect(readFileSync(join(target, 'keep.txt'), 'utf8')).toBe('mine')
    expect(here(target)).toContain('stranger')
    await again('--delete')
    expect(readFileSync(join(target, 'keep.txt'), 'utf8')).toBe('kept')
    expect(here(target)).not.toContain('stranger')
  })

  test('latest of those that match', async () => {
    const target = join(dir, 'latest')
    await ok(
      'restore',
      'latest',
      '--tag',
      'restore',
      '--path',
      source,
      '--target',
      target,
      '--include',
      'keep.txt',
    )
    expect(here(target).at(-1)).toMatch(/keep\.txt$/)
    const none = await cli(['-r', repo, 'restore', 'latest', '--host', 'nobody', '--target', target])
    expect(none.code).toBe(26)
  })
})

test('check reads what it is told to', async () => {
  const read = async (...args: string[]) => jsonLines(await ok('check', '--json', ...args)).at(-1)!
  const all = (await read('--read-data'))['packs_read'] as number
  expect((await read())['packs_read']).toBe(0)
  expect(all).toBeGreaterThan(2)
  const halves = [await read('--read-data-subset', '1/2'), await read('--read-data-subset', '2/2')]
  expect(halves.reduce((sum, half) => sum + (half['packs_read'] as number), 0)).toBe(all)
})

describe('init', () => {
  test('--repository-version and --copy-chunker-params', async () => {
    const config = async (place: string) => JSON.parse((await cli(['-r', place, 'cat', 'config'])).stdout)
    const [old, twin] = [join(dir, 'old'), join(dir, 'twin')]
    expect(await cli(['-r', old, 'init', '--repository-version', '1'])).toMatchObject({ code: 0 })
    expect((await config(old)).version).toBe(1)
    const args = ['-r', twin, 'init', '--copy-chunker-params', '--from-repo', old]
    expect((await cli(args, { env: { HOLDFAST_FROM_PASSWORD: undefined } })).code).toBe(2)
    const from = { HOLDFAST_FROM_PASSWORD: environment()['HOLDFAST_PASSWORD'] }
    expect(await cli(args, { env: from })).toMatchObject({ code: 0 })
    expect((await config(twin)).chunker_polynomial).toBe((await config(old)).chunker_polynomial)
    expect((await config(twin)).version).toBe(2)
  })
})

test('unlock removes the lock of a process that was killed', async () => {
  const slow = slowFolder(join(dir, 'slow'), 300e6)
  const run = live(process.execPath, [main, '-r', repo, 'backup', '--json', slow], environment())
  await run.until(/"message_type":"status"/)
  run.child.kill('SIGKILL')
  await run.exited
  expect(readdirSync(join(repo, 'locks'))).toHaveLength(1)
  expect(await ok('unlock')).toBe('removed 1 lock\n')
  expect(readdirSync(join(repo, 'locks'))).toEqual([])
  expect(await ok('unlock')).toBe('no locks were removed\n')
  if (isHere('restic')) await restic(repo).check()
})
