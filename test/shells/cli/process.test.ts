import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackend } from '../../../src/main/engine/index.ts'
import { isHere, needs } from '../../support/needs.ts'
import { freshRepository } from '../../support/repo.ts'
import { execute, restic, testPassword } from '../../support/restic.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { cli, environment, jsonLines, live, main, slowFolder } from './cli.ts'

let dir = ''
let repo = ''
let source = ''
let slow = ''
beforeAll(async () => {
  dir = makeTemp('process')
  repo = join(dir, 'repo')
  source = join(dir, 'source')
  slow = slowFolder(join(dir, 'slow'), 400e6)
  await (await freshRepository({ backend: openBackend(repo) })).close()
  mkdirSync(source)
  for (let i = 0; i < 300; i++) writeFileSync(join(source, `file ${i}`), `content ${i}`)
  writeFileSync(join(source, 'esc\x1b]0;title\x07'), 'x')
  expect(await cli(['-r', repo, 'backup', source])).toMatchObject({ code: 0, stderr: '' })
})
afterAll(() => removeTree(dir))

const snapshotsThere = () => readdirSync(join(repo, 'snapshots')).length

describe('interrupted', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: exit 130, a valid repository, no lock, no snapshot',
    async signal => {
      const before = snapshotsThere()
      const run = live(process.execPath, [main, '-r', repo, 'backup', '--json', slow], environment())
      await run.until(/"message_type":"status"/)
      const sentAt = performance.now()
      run.child.kill(signal)
      expect(await run.exited).toBe(130)
      expect(performance.now() - sentAt).toBeLessThan(5000)
      expect(run.said()).toMatch(/Error: Interrupted\.\n {7}Run it again/)
      expect(run.said()).toContain('{"message_type":"exit_error","code":130,')
      expect(snapshotsThere()).toBe(before)
      expect(readdirSync(join(repo, 'locks'))).toEqual([])
      expect(await cli(['-r', repo, 'check', '-q'])).toEqual({ code: 0, stdout: '', stderr: '' })
      if (isHere('restic')) await restic(repo).check()
    },
  )

  test('while a password command runs', async () => {
    const env = environment({ HOLDFAST_PASSWORD: undefined })
    const run = live(
      process.execPath,
      [main, '-r', repo, '--password-command', "sh -c 'echo up >&2; exec sleep 60'", 'snapshots'],
      env,
    )
    await run.until(/up/)
    run.child.kill('SIGINT')
    expect(await run.exited).toBe(130)
  })
})

const { test: linuxTest } = needs('linux')

describe('a part of the source that cannot be read', () => {
  // a regular file that can be opened, but not read from its beginning, by anybody
  const unreadable = `/proc/${process.pid}/mem`

  linuxTest('exit 3: named at once, counted at the end, the rest saved', async () => {
    const { code, stdout, stderr } = await cli(['-r', repo, 'backup', source, unreadable])
    expect(code).toBe(3)
    expect(stderr).toMatch(
      new RegExp(`^error: ${unreadable}: .*\n1 item could not be read and is not in the snapshot\\.\n$`),
    )
    expect(stdout).toMatch(/snapshot [0-9a-f]{8} saved\n$/)
    expect((await cli(['-r', repo, 'ls', 'latest'])).stdout).toContain(`${source}/file 7\n`)
  })

  linuxTest('in JSON: an error line, and still a summary', async () => {
    const { code, stdout } = await cli(['-r', repo, 'backup', '--json', source, unreadable])
    expect(code).toBe(3)
    const lines = jsonLines(stdout)
    expect(lines).toContainEqual({
      message_type: 'error',
      error: { message: expect.any(String) },
      during: 'archival',
      item: unreadable,
    })
    expect(lines.at(-1)).toMatchObject({ message_type: 'summary', snapshot_id: expect.any(String) })
  })
})

test('check: damage is exit 1, each problem named', async () => {
  const broken = join(dir, 'broken')
  await execute('cp', ['-r', repo, broken])
  const packs = join(broken, 'data')
  const pack = readdirSync(packs, { recursive: true, encoding: 'utf8' }).find(name =>
    /[0-9a-f]{64}$/.test(name),
  )!
  const bytes = readFileSync(join(packs, pack))
  bytes[10]! ^= 1
  await execute('chmod', ['-R', 'u+w', packs])
  writeFileSync(join(packs, pack), bytes)
  const { code, stderr } = await cli(['-r', broken, 'check', '--read-data'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: .*[0-9a-f]{8}/m)
  expect(stderr).toMatch(/The repository has \d+ errors?\.\n$/)
  const json = await cli(['-r', broken, 'check', '--read-data', '--json'])
  expect(json.code).toBe(1)
  expect(jsonLines(json.stdout).at(-1)).toMatchObject({ message_type: 'summary' })
  expect(jsonLines(json.stdout).at(-1)!['num_errors']).toBeGreaterThan(0)
})

describe('in a pipe', () => {
  test('there is no progress and nothing that steers a terminal', async () => {
    const result = await cli(['-r', repo, 'backup', '--full', source])
    expect(result).toMatchObject({ code: 0, stderr: '' })
    // oxlint-disable-next-line no-control-regex
    expect(result.stdout).not.toMatch(/[\x1b\r]/)
    // oxlint-disable-next-line no-control-regex
    expect((await cli(['-r', repo, 'ls', 'latest'])).stdout).not.toMatch(/[\x1b\x07]/)
  })

  test('a reader that has seen enough is no failure', async () => {
    const line = `"$0" "$1" -r "$2" ls latest | head -1; echo "$\{PIPESTATUS[0]}"`
    const result = await execute('bash', ['-c', line, process.execPath, main, repo], { env: environment() })
    expect(result.stdout).toMatch(/^snapshot [0-9a-f]{8} of .*\n0\n$/)
    expect(result.stderr).toBe('')
  })

  linuxTest('a full disk behind the output is one', async () => {
    const line = '"$0" "$1" version > /dev/full'
    const result = await execute('bash', ['-c', line, process.execPath, main], { env: environment() })
    expect(result).toMatchObject({ code: 23 })
    expect(result.stderr).toMatch(/^Error: The result could not be written/)
  })
})

describe('secrets', () => {
  const canary = 'canary-7c1f5a'

  test('never reach outputs, errors or arguments', async () => {
    const file = join(dir, 'canary')
    writeFileSync(file, `${canary}\n`)
    const env = { HOLDFAST_PASSWORD: canary, HOLDFAST_NEW_PASSWORD: canary }
    for (const args of [
      ['-r', repo, 'snapshots'],
      ['-r', repo, 'snapshots', '-p', file, '--json'],
      ['-r', repo, 'backup', '-vv', '--password-command', `cat ${file}`, source],
      ['-r', repo, 'snapshots', `--password=${canary}`],
      ['-r', join(dir, 'nowhere'), 'check'],
    ]) {
      const { code, stdout, stderr } = await cli(args, { env })
      expect(code).not.toBe(0)
      expect(stdout + stderr).not.toContain(canary)
    }
  })

  test('are not handed on to child processes', async () => {
    const env = { HOLDFAST_PASSWORD: canary, HOLDFAST_FROM_PASSWORD: canary }
    const spy = join(dir, 'environment')
    const command = `sh -c 'env > ${spy}; echo ${testPassword.replaceAll(' ', '\\ ')}'`
    expect(await cli(['-r', repo, '--password-command', command, 'snapshots'], { env })).toMatchObject({
      code: 0,
    })
    expect(readFileSync(spy, 'utf8')).toContain('PATH=')
    expect(readFileSync(spy, 'utf8')).not.toContain(canary)
  })
})

describe('keys', () => {
  test('a password is changed, added and removed; the old one no longer opens', async () => {
    const place = join(dir, 'keys')
    await (await freshRepository({ backend: openBackend(place) })).close()
    const use = (args: string[], env: Record<string, string> = {}) => cli(['-r', place, ...args], { env })
    expect(await use(['key', 'add'], { HOLDFAST_NEW_PASSWORD: 'second' })).toMatchObject({ code: 0 })
    expect(await use(['key', 'passwd', '--new-password-command', 'echo third'])).toMatchObject({ code: 0 })
    expect(await use(['snapshots'])).toMatchObject({ code: 12 })
    expect(await use(['snapshots'], { HOLDFAST_PASSWORD: 'second' })).toMatchObject({ code: 0 })
    const listed = await use(['key', 'list', '--json'], { HOLDFAST_PASSWORD: 'third' })
    const keys = JSON.parse(listed.stdout) as { id: string; current: boolean }[]
    expect(keys.map(key => key.current).sort()).toEqual([false, true])
    const other = keys.find(key => !key.current)!.id
    expect(await use(['key', 'remove', other], { HOLDFAST_PASSWORD: 'third' })).toMatchObject({ code: 0 })
    expect(await use(['snapshots'], { HOLDFAST_PASSWORD: 'second' })).toMatchObject({ code: 12 })
  })
})
