import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackend, openRepository } from '../../../src/main/engine/index.ts'
import { withLock } from '../../../src/main/engine/locks.ts'
import { freshRepository, testPassword } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { cli, jsonLines } from './cli.ts'

const commands = [
  'init',
  'backup',
  'restore',
  'check',
  'snapshots',
  'ls',
  'find',
  'diff',
  'stats',
  'cat',
  'key',
  'unlock',
  'plan',
  'destination',
  'apply',
  'status',
  'search',
  'vault',
  'audit',
  'serve',
  'service',
  'demo',
  'version',
]

let dir = ''
let repo = ''
let source = ''
beforeAll(async () => {
  dir = makeTemp('usage')
  repo = join(dir, 'repo')
  source = join(dir, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), 'content')
  mkdirSync(join(dir, 'empty'))
  await (await freshRepository({ backend: openBackend(repo) })).close()
})
afterAll(() => removeTree(dir))

const snapshotsThere = () => readdirSync(join(repo, 'snapshots')).length

describe('bad input', () => {
  const hint = /\n {7}\S/
  test.each<[name: string, code: number, says: RegExp, args: () => string[], env?: Record<string, string>]>([
    ['a wrong password', 12, /password/i, () => ['-r', repo, 'snapshots'], { HOLDFAST_PASSWORD: 'wrong' }],
    ['no repository', 10, /no repository/i, () => ['-r', join(dir, 'empty'), 'snapshots']],
    ['a place that is not there', 10, /no repository/i, () => ['-r', join(dir, 'nowhere'), 'backup', source]],
    ['no repository named', 2, /no repository was named/i, () => ['snapshots']],
    ['no password', 2, /no password/i, () => ['-r', repo, 'snapshots'], { HOLDFAST_PASSWORD: '' }],
    [
      'an empty new password',
      2,
      /empty password/i,
      () => ['-r', join(dir, 'new'), 'init', '--password-command', 'true'],
    ],
    ['a repository already there', 25, /already/i, () => ['-r', repo, 'init']],
    ['a missing source', 27, /nowhere/, () => ['-r', repo, 'backup', source, join(dir, 'nowhere')]],
    ['nothing to back up', 2, /nothing to back up/i, () => ['-r', repo, 'backup']],
    [
      'an exclude file that is not there',
      2,
      /exclude file/,
      () => ['-r', repo, 'backup', source, '--exclude-file', join(dir, 'no')],
    ],
    [
      'a snapshot that is not there',
      26,
      /snapshot/i,
      () => ['-r', repo, 'restore', 'deadbeef', '-t', join(dir, 'out')],
    ],
    ['no target', 2, /where to restore/, () => ['-r', repo, 'restore', 'latest']],
    [
      'an unknown option',
      2,
      /unknown option '--frobnicate'/,
      () => ['-r', repo, 'backup', '--frobnicate', source],
    ],
    ['an unknown option before the command', 2, /unknown option '--frob'/, () => ['--frob', 'backup']],
    ['an unknown command', 2, /unknown command 'snapshot' \(Did you mean snapshots\?\)/, () => ['snapshot']],
    ['a command of a later version', 2, /unknown command 'prune'/, () => ['prune']],
    ['too many words', 2, /too many arguments/, () => ['version', 'x']],
    ['a missing word', 2, /missing required argument 'snapshot'/, () => ['restore']],
    ['an option without its value', 2, /argument missing/, () => ['snapshots', '--host']],
    ['a wrong choice', 2, /Allowed choices/, () => ['backup', '--compression', 'turbo', source]],
    ['a wrong size', 2, /10m/, () => ['backup', '--exclude-larger-than', 'big', source]],
    ['a wrong subset', 2, /2\/7/, () => ['check', '--read-data-subset', '9/3']],
    [
      'two kinds of check',
      2,
      /exclude each other/,
      () => ['-r', repo, 'check', '--read-data', '--read-data-subset', '1/2'],
    ],
    ['an unknown storage', 2, /not supported/, () => ['-r', 'gopher:x', 'snapshots']],
    ['an object without a name', 2, /which blob/, () => ['-r', repo, 'cat', 'blob']],
    ['an object that is not there', 29, /./, () => ['-r', repo, 'cat', 'blob', 'deadbeef']],
    ['a key that is not there', 29, /./, () => ['-r', repo, 'key', 'remove', 'deadbeef']],
    ['the key in use', 28, /./, () => ['-r', repo, 'key', 'remove', readdirSync(join(repo, 'keys'))[0]!]],
    ['a grouping that is none', 2, /grouped by colour/, () => ['-r', repo, 'snapshots', '-g', 'colour']],
  ])('%s: exit %d', async (_name, code, says, args, env) => {
    const { code: ended, stdout, stderr } = await cli(args(), env ? { env } : {})
    expect({ ended, stdout }).toEqual({ ended: code, stdout: '' })
    expect(stderr).toMatch(/^Error: \S/)
    expect(stderr).toMatch(says)
    expect(stderr).toMatch(hint)
    expect(stderr).not.toMatch(/ at .*\.ts:|node:internal/)
    expect(snapshotsThere()).toBe(0)
  })

  test('a locked repository: exit 11', async () => {
    const run = testRun()
    const opened = await openRepository(openBackend(repo), testPassword, run)
    const result = await withLock(opened, 'exclusive', run, () => cli(['-r', repo, 'backup', source]))
    await opened.close()
    expect(result).toMatchObject({ code: 11, stdout: '' })
    expect(result.stderr).toMatch(/lock/i)
    expect(snapshotsThere()).toBe(0)
  })

  test('in JSON, a failure ends the output, and people still read it on stderr', async () => {
    const wrong = await cli(['--json', '-r', repo, 'snapshots'], { env: { HOLDFAST_PASSWORD: 'wrong' } })
    expect(jsonLines(wrong.stdout)).toEqual([
      { message_type: 'exit_error', code: 12, message: expect.stringMatching(/password/) },
    ])
    expect(wrong.stderr).toMatch(/^Error: /)
    const usage = await cli(['backup', '--json', '--nope'])
    expect(jsonLines(usage.stdout)).toEqual([
      { message_type: 'exit_error', code: 2, message: "unknown option '--nope'" },
    ])
  })
})

describe('options', () => {
  test('stand before or after the command, alone or together; the last one wins', async () => {
    const place = { HOLDFAST_REPOSITORY: join(dir, 'nowhere') }
    for (const args of [
      ['-r', repo, '--json', 'snapshots'],
      ['snapshots', '--repo', repo, '--json'],
      ['-qr', repo, 'snapshots', '--json'],
      [`--repo=${repo}`, 'snapshots', '-q', '--json'],
      [`-r${repo}`, '--json', 'snapshots'],
      ['-r', join(dir, 'nowhere'), 'snapshots', '-qr', repo, '--json'],
    ]) {
      expect(await cli(args, { env: place })).toEqual({ code: 0, stdout: '[]\n', stderr: '' })
    }
    expect(await cli(['snapshots', '--json'], { env: { HOLDFAST_REPOSITORY: repo } })).toMatchObject({
      code: 0,
    })
    expect(await cli(['-r', repo, 'key', '-q', 'list', '--json'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('-- ends them', async () => {
    const { code, stderr } = await cli(['-r', repo, 'backup', '--dry-run', '--', '--odd'], { cwd: dir })
    expect(code).toBe(27)
    expect(stderr).toMatch(/--odd/)
  })
})

describe('help', () => {
  test('at the top: every command, the options, examples, exit codes', async () => {
    const { code, stdout, stderr } = await cli([])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'))
    for (const part of ['--repo', '--password-file', '--json', 'Examples:', 'Exit codes:'])
      expect(stdout).toContain(part)
    expect(await cli(['--help'])).toEqual({ code, stdout, stderr })
    expect(await cli(['help'])).toEqual({ code, stdout, stderr })
    for (const later of ['forget', 'prune', 'copy'])
      expect(stdout).not.toMatch(new RegExp(`^  ${later} `, 'm'))
  })

  test.each(commands.filter(name => name !== 'version'))('of %s: usage, options and examples', async name => {
    const { code, stdout, stderr } = await cli([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: holdfast ${name} `))
    expect(stdout).toMatch(/Examples:\n(.*\n)*? {2}holdfast /)
    expect(stdout.split('\n').filter(line => line.length > 110)).toEqual([])
    expect((await cli(['help', name])).stdout).toBe(stdout)
  })

  test('of a command in two words', async () => {
    expect((await cli(['key', 'add', '--help'])).stdout).toMatch(/^Usage: holdfast key add /)
    expect(await cli(['key'])).toMatchObject({ code: 2, stdout: '' })
  })

  test('the version, in words and for scripts', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
    expect((await cli(['version'])).stdout).toMatch(new RegExp(`^holdfast ${version} `))
    expect((await cli(['--version'])).stdout).toBe((await cli(['version'])).stdout)
    expect(jsonLines((await cli(['version', '--json'])).stdout)).toMatchObject([
      { message_type: 'version', version },
    ])
  })
})
