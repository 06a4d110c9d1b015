import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { openBackend } from '../../../src/main/engine/index.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository, testPassword } from '../../support/repo.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { environment, live, main, slowFolder } from './cli.ts'

const { test } = needs('linux', 'unshare') // util-linux, which `script` is of too

let dir = ''
let repo = ''
let large = ''
beforeAll(async () => {
  dir = makeTemp('terminal')
  repo = join(dir, 'repo')
  await (await freshRepository({ backend: openBackend(repo) })).close()
  mkdirSync(join(dir, 'source'))
  writeFileSync(join(dir, 'source', 'esc\x1b]0;title\x07'), 'x')
  large = slowFolder(join(dir, 'large'), 300e6)
})
afterAll(() => removeTree(dir))

/** A terminal of 100 columns, made by util-linux' script. */
function terminal(args: string[], env: Record<string, string | undefined> = {}) {
  const quoted = [process.execPath, main, ...args].map(arg => `'${arg}'`).join(' ')
  return live('script', ['-qec', `stty cols 100; exec ${quoted}`, '/dev/null'], environment(env))
}

const clear = '\x1b[K'

test('one line of progress, redrawn calmly, and gone at the end', async () => {
  const startedAt = performance.now()
  const run = terminal(['-r', repo, 'backup', large])
  expect(await run.exited).toBe(0)
  const seconds = (performance.now() - startedAt) / 1000
  const said = run.said()
  const drawn = said.split('\r').filter(line => line.endsWith(clear) && line !== clear)
  expect(drawn.length).toBeGreaterThan(1)
  expect(drawn.length).toBeLessThan(seconds * 10 + 2)
  for (const line of drawn) {
    expect(line).not.toContain('\n')
    expect([...line.replace(clear, '')].length).toBeLessThan(100)
  }
  expect(drawn.join('\n')).toMatch(/Backing up +\d/)
  const shares = drawn.flatMap(line => /([\d.]+) %/.exec(line)?.[1] ?? []).map(Number)
  expect(shares.length).toBeGreaterThan(1)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  // what stands last is the result, on lines of its own
  expect(said.slice(said.lastIndexOf(clear) + clear.length)).toMatch(
    /^(no parent|using parent)[^\r]*\r\n[^]*saved\r\n$/,
  )
})

test.each([
  ['a dumb terminal', ['-r'], { TERM: 'dumb' }],
  ['--quiet', ['-qr'], {}],
])('%s: no progress', async (_name, flags, env) => {
  const run = terminal([...flags, repo, 'backup', '--full', large], env)
  expect(await run.exited).toBe(0)
  expect(run.said()).not.toContain('\x1b')
})

test('NO_COLOR is heeded, and without it an error is red', async () => {
  const nowhere = ['-r', join(dir, 'nowhere'), 'snapshots']
  const plain = terminal(nowhere, { NO_COLOR: '1' })
  expect(await plain.exited).toBe(10)
  expect(plain.said()).not.toContain('\x1b[')
  const coloured = terminal(nowhere)
  await coloured.exited
  expect(coloured.said()).toContain('\x1b[31mError:\x1b[39m')
})

test('a name on a terminal does not steer it', async () => {
  await terminal(['-r', repo, 'backup', join(dir, 'source')]).exited
  const run = terminal(['-r', repo, 'ls', 'latest'])
  await run.exited
  expect(run.said()).toContain('esc\\x1b]0;title\\x07')
  expect(run.said()).not.toContain('\x1b]0')
})

test('a password is asked for, unseen, three times at most', async () => {
  const run = terminal(['-r', repo, 'snapshots', '--json'], { HOLDFAST_PASSWORD: undefined })
  await run.until(/Password of the repository: $/)
  run.child.stdin!.write('wrong\r')
  await run.until(/fits this password[^]*Password of the repository: $/)
  run.child.stdin!.write(`x\x15${testPassword}x\x7f\r`)
  expect(await run.exited).toBe(0)
  expect(run.said()).not.toContain('wrong')
  expect(run.said()).not.toContain('correct')
  expect(run.said()).toMatch(/\[.*\]\r\n$/)

  const never = terminal(['-r', repo, 'snapshots'], { HOLDFAST_PASSWORD: undefined })
  await never.until(/: $/)
  never.child.stdin!.write('a\rb\rc\rd\r')
  expect(await never.exited).toBe(12)
})

test('a missing repository is reported before anybody types a password', async () => {
  const run = terminal(['-r', join(dir, 'nowhere'), 'snapshots'], { HOLDFAST_PASSWORD: undefined })
  expect(await run.exited).toBe(10)
  expect(run.said()).not.toContain('Password of')
})

test('a new password is asked for twice', async () => {
  const place = join(dir, 'new')
  const env = { HOLDFAST_PASSWORD: undefined }
  const different = terminal(['-r', place, 'init'], env)
  await different.until(/: $/)
  different.child.stdin!.write('one\rtwo\r')
  expect(await different.exited).toBe(2)
  expect(different.said()).toContain('not the same')
  const same = terminal(['-r', place, 'init'], env)
  await same.until(/: $/)
  same.child.stdin!.write('pass\r')
  await same.until(/again: $/)
  same.child.stdin!.write('pass\r')
  expect(await same.exited).toBe(0)
  expect(same.said()).toContain('created repository')
})

test('Ctrl-C at the prompt: exit 130', async () => {
  const run = terminal(['-r', repo, 'snapshots'], { HOLDFAST_PASSWORD: undefined })
  await run.until(/: $/)
  run.child.stdin!.write('\x03')
  expect(await run.exited).toBe(130)
})
