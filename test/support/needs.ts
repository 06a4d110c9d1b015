import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, test } from 'vitest'

/** Programs that tests call, and where they come from. `.ci/run` installs all of them. */
export const tools = {
  restic: 'apt-get install restic',
  getfattr: 'apt-get install attr',
  setfattr: 'apt-get install attr',
  setfacl: 'apt-get install acl',
  'mkfs.ext4': 'apt-get install e2fsprogs',
  mount: 'apt-get install mount',
  unshare: 'apt-get install util-linux',
  'dbus-daemon': 'apt-get install dbus',
  'gnome-keyring-daemon': 'apt-get install gnome-keyring',
  'secret-tool': 'apt-get install libsecret-tools',
  chromium: 'apt-get install chromium',
  openssl: 'apt-get install openssl',
  'systemd-analyze': 'apt-get install systemd',
  root: 'run the tests as root',
  linux: 'run the tests on Linux',
} as const
export type Tool = keyof typeof tools

export function isHere(tool: Tool): boolean {
  if (tool === 'linux') return process.platform === 'linux'
  if (tool === 'root') return process.getuid?.() === 0
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'].some(folder => {
    try {
      accessSync(join(folder, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** What to do with tests that need `wanted`: run them, skip them with a reason, or fail (in CI). Pure. */
export function decide(
  wanted: readonly Tool[],
  ci: boolean,
  here: (tool: Tool) => boolean,
): { verdict: 'run' | 'skip' | 'fail'; reason: string } {
  const missing = wanted.filter(tool => !here(tool))
  const reason = missing.map(tool => `needs ${tool}: ${tools[tool]}`).join(', ')
  return { verdict: missing.length === 0 ? 'run' : ci ? 'fail' : 'skip', reason }
}

/**
 * The `test` and `describe` to use for what needs these tools:
 *
 *     const { test } = needs('restic')
 *
 * Where one is missing they skip, and a skipped test named after the reason stands in the report.
 * Under CI=true the test file fails instead: there a skip would be a promise nobody checked.
 */
export function needs(...wanted: Tool[]): { test: typeof test; describe: typeof describe } {
  const { verdict, reason } = decide(wanted, process.env['CI'] === 'true', isHere)
  if (verdict === 'fail') throw new Error(`Under CI=true nothing may be skipped, but this ${reason}`)
  if (verdict === 'run') return { test, describe }
  test.skip(reason)
  return { test: test.skip as typeof test, describe: describe.skip as typeof describe }
}
