import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decide, isHere, needs, tools } from './needs.ts'

const only =
  (...tools: string[]) =>
  (tool: string): boolean =>
    tools.includes(tool)

test('all tools there: run, in CI too', () => {
  expect(decide(['restic', 'root'], true, only('restic', 'root'))).toEqual({ verdict: 'run', reason: '' })
})

test('one missing: skip here, fail in CI, and say how to get it', () => {
  const reason = 'needs setfacl: apt-get install acl'
  expect(decide(['restic', 'setfacl'], false, only('restic'))).toEqual({ verdict: 'skip', reason })
  expect(decide(['restic', 'setfacl'], true, only('restic'))).toEqual({ verdict: 'fail', reason })
})

test('nothing needed gives the plain test', () => {
  expect(needs().test).toBe(test)
})

test('a program is found on PATH by its name alone', () => {
  expect(isHere('unshare')).toBe(process.platform === 'linux')
  expect(isHere('no-such-program' as 'restic')).toBe(false)
})

test('.ci/run installs every tool that a test may need', () => {
  const script = readFileSync('.ci/run', 'utf8')
  for (const [tool, source] of Object.entries(tools)) {
    const name = /^apt-get install (\S+)$/.exec(source)?.[1]
    if (name !== undefined) expect(script, tool).toContain(`]=${name}\n`)
  }
})
