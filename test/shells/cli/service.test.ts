import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  launchdPlist,
  systemdPlanService,
  systemdPlanTimer,
  systemdService,
  windowsTask,
  type ServiceFile,
  type ServiceProgram,
} from '../../../src/main/shells/cli/service-files.ts'
import { PlanDraft, type Plan, type When } from '../../../src/shared/entities/plan.ts'
import { needs } from '../../support/needs.ts'
import { execute } from '../../support/restic.ts'
import { tempDir } from '../../support/tmp.ts'
import { cli } from './cli.ts'

const odd: ServiceProgram = {
  command: ['/usr/bin/node', `/opt/a "b" & <c> 100% $d 'e' \\f/main.ts`],
  home: '/home/ada/50% of "it"',
  user: 'root',
}
const plain: ServiceProgram = { command: ['/usr/bin/env'], home: null, user: 'root' }

const plan = (...whens: When[]): Plan => ({
  ...PlanDraft.parse({
    name: 'Ada’s "papers" 100%',
    sources: [{ kind: 'files', paths: ['/home/ada'] }],
    destinationIds: ['6b1f8f4e-0d35-4f3c-9b64-0f2f0a3f2f10'],
    schedules: whens.map((when, i) => ({ id: `s${i}`, when })),
  }),
  id: '9d2d5a0e-37c9-4f0e-8f0c-3c1f3e5d7a11',
  revision: 1,
  createdAtMs: 0,
  pausedUntilMs: null,
  schedule: [],
})

const { describe: withSystemd } = needs('systemd-analyze')
withSystemd('systemd takes what is printed', () => {
  const verify = async (files: ServiceFile[]) => {
    const folder = tempDir('units')
    for (const { name, content } of files) writeFileSync(join(folder, name), content)
    return execute('systemd-analyze', ['verify', '--man=no', ...files.map(({ name }) => join(folder, name))])
  }

  test.each([true, false])('for the system: %s', async system => {
    // systemd looks whether the program is there; /usr/bin/env is
    for (const program of [plain, { ...odd, command: ['/usr/bin/env', odd.command[1]!] }]) {
      const daily = plan({ kind: 'daily', time: '02:00' })
      expect(await verify([systemdService(program, system)])).toMatchObject({ code: 0, stderr: '' })
      const units = [systemdPlanService(program, system, daily), systemdPlanTimer(system, daily)]
      expect(await verify(units)).toMatchObject({ code: 0, stderr: '' })
    }
  })

  test.each<[When, RegExp]>([
    [{ kind: 'hourly', minute: 5 }, /^\*-\*-\* \*:05:00$/],
    [{ kind: 'daily', time: '02:00' }, /^\*-\*-\* 02:00:00$/],
    [{ kind: 'weekly', weekday: 0, time: '03:00' }, /^Sun \*-\*-\* 03:00:00$/],
    [{ kind: 'monthly', day: 1, time: '04:00' }, /^\*-\*-01 04:00:00$/],
    [{ kind: 'monthly', day: 31, time: '04:00' }, /^\*-\*~01 04:00:00$/],
    [{ kind: 'minutes', every: 15 }, /^\*-\*-\* \*:00\/15:00$/],
    [{ kind: 'minutes', every: 120 }, /^\*-\*-\* 00\/2:00:00$/],
  ])('%o', async (when, normal) => {
    const { content } = systemdPlanTimer(false, plan(when))
    const line = /^OnCalendar=(.*)$/m.exec(content)![1]!
    const { code, stdout } = await execute('systemd-analyze', ['calendar', line])
    expect(code).toBe(0)
    expect(/Normalized form: (.*)/.exec(stdout)![1]).toMatch(normal)
  })
})

test.each<When>([
  { kind: 'cron', expression: '0 2 * * *' },
  { kind: 'minutes', every: 7 },
  { kind: 'monthly', day: 30, time: '04:00' },
])('a timer cannot say %o, and says so', when => {
  expect(() => systemdPlanTimer(false, plan(when))).toThrow(
    expect.objectContaining({ code: 'invalid_input', hint: expect.stringContaining('serve') }),
  )
})

test('the command line comes out of ExecStart as it went in', () => {
  const words = /^ExecStart=(.*)$/m.exec(systemdService(odd, false).content)![1]!
  const read = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) =>
    word!.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  )
  expect(read).toEqual([...odd.command, 'serve'])
})

/** Elements closed in order, and texts without their escapes; null when it is not well-formed. */
function texts(xml: string): string[] | null {
  const open: string[] = []
  const found: string[] = []
  let at = 0
  const token = /<\?[^?]*\?>|<!DOCTYPE[^>]*>|<(\/?)([A-Za-z]+)((?:\s[A-Za-z]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  for (let match = token.exec(xml); match; match = token.exec(xml)) {
    at = token.lastIndex
    const [, closing, name, , empty, text] = match
    if (text !== undefined) {
      if (/&(?!(lt|gt|amp|quot|apos);)/.test(text)) return null
      if (text.trim() !== '') {
        found.push(
          text
            .replaceAll('&lt;', '<')
            .replaceAll('&gt;', '>')
            .replaceAll('&quot;', '"')
            .replaceAll('&apos;', "'")
            .replaceAll('&amp;', '&'),
        )
      }
    } else if (closing === '/' && open.pop() !== name) return null
    else if (name !== undefined && closing === '' && empty === '') open.push(name)
  }
  return at === xml.length && open.length === 0 ? found : null
}

describe('XML', () => {
  test('a property list that is well-formed and holds the command', () => {
    const found = texts(launchdPlist(odd).content)
    for (const word of [...odd.command, 'serve', odd.home]) expect(found).toContain(word)
    expect(texts(launchdPlist(plain).content)).not.toContain('HOLDFAST_HOME')
  })

  test('a task that is well-formed and holds the command', () => {
    const windows = {
      command: ['C:\\Program Files\\node.exe', 'C:\\h\\main.ts'],
      home: null,
      user: 'PC\\Ada & Bob',
    }
    const found = texts(windowsTask(windows).content)
    expect(found).toContain('C:\\Program Files\\node.exe')
    expect(found).toContain('C:\\h\\main.ts serve')
    expect(found).toContain('PC\\Ada & Bob')
    expect(texts(windowsTask({ ...windows, home: 'D:\\Holdfast data' }).content)).toContain(
      `/d /s /c "set "HOLDFAST_HOME=D:\\Holdfast data" && "C:\\Program Files\\node.exe" C:\\h\\main.ts serve"`,
    )
  })
})

test('the command prints the file to stdout, and to stderr where it goes', async () => {
  const { code, stdout, stderr } = await cli(['service', 'launchd'])
  expect(code).toBe(0)
  expect(texts(stdout.trimEnd())).toContain('serve')
  expect(stderr).toMatch(/^Put it into ~\/Library\/LaunchAgents\/.*plist, then:\n {2}launchctl /)
  const json = await cli(['service', 'systemd', '--system', '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ name: 'holdfast.service', folder: '/etc/systemd/system' })
})
