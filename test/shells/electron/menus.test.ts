import { expect, test } from 'vitest'
import { applicationMenu } from '../../../src/main/shells/electron/application-menu.ts'
import { labelOf, type Entry } from '../../../src/main/shells/electron/entries.ts'
import { pauseUntil, trayLook, type Known } from '../../../src/main/shells/electron/tray-menu.ts'
import type { Status } from '../../../src/shared/entities/application.ts'
import { settings, status } from './samples.ts'

const nowMs = new Date('2026-11-21T12:00:00').getTime()
const hourMs = 3_600_000
const known = (more: Partial<Known>): Known => ({
  link: 'live',
  status: null,
  settings,
  leaving: false,
  ...more,
})
const look = (
  state: Status['state'],
  newest: number | null = nowMs - 2 * hourMs,
  more: Partial<Known> = {},
) => trayLook(known({ status: status(state, newest), ...more }), nowMs)
const labels = (entries: readonly Entry[]): string[] =>
  entries.flatMap(entry => (entry === 'line' || !('label' in entry) ? [] : [entry.label]))

test.each([
  ['protected', 'ok', 'Protected · 2 hours ago'],
  ['gaps', 'ok', 'Protected, with gaps · 2 hours ago'],
  ['working', 'working', 'Working · 2 hours ago'],
  ['waiting', 'waiting', 'Waiting · 2 hours ago'],
  ['attention', 'attention', 'Needs attention · 2 hours ago'],
] as const)('%s: a %s, and "%s"', (state, shape, headline) => {
  expect(look(state)).toMatchObject({ shape, headline, tooltip: `Holdfast: ${headline}` })
})

test('a plan without any snapshot is no whole grip', () => {
  expect(look('gaps', null)).toMatchObject({ shape: 'attention', headline: 'Protected, with gaps' })
})

test('without plans, link or knowledge it does not claim anything', () => {
  const none = { ...status('not-set-up', null), plans: [] }
  expect(trayLook(known({ status: none }), nowMs)).toMatchObject({
    shape: 'attention',
    headline: 'Nothing is backed up yet',
  })
  expect(trayLook(known({ link: 'connecting' }), nowMs)).toMatchObject({
    shape: 'waiting',
    headline: 'Starting',
  })
  expect(look('protected', nowMs, { link: 'lost' })).toMatchObject({
    shape: 'attention',
    headline: 'Holdfast does not answer',
  })
  expect(labels(look('protected', nowMs, { link: 'lost' }).entries)).not.toContain('Back up now')
})

test('a pause is seen, and ends by itself; but what is wrong is more important', () => {
  const until = { settings: { ...settings, pausedUntilMs: nowMs + hourMs } }
  expect(look('protected', nowMs, until)).toMatchObject({ shape: 'waiting', headline: 'Paused until 13:00' })
  expect(labels(look('protected', nowMs, until).entries)).toContain('Resume')
  expect(look('attention', nowMs, until).shape).toBe('attention')
  const over = { settings: { ...settings, pausedUntilMs: nowMs } }
  expect(look('protected', nowMs, over)).toMatchObject({ shape: 'ok' })
  expect(labels(look('protected', nowMs, over).entries)).toContain('Pause')
})

test('the menu starts plans, pauses, restores, opens and quits', () => {
  const { entries } = look('protected')
  expect(labels(entries)).toEqual([
    'Protected · 2 hours ago',
    'Back up now',
    'Pause',
    'Restore a file…',
    'Open Holdfast',
    'Quit',
  ])
  expect(entries).toContainEqual({
    label: 'Back up now',
    entries: [
      { label: 'Documents', action: { do: 'start', planId: status('protected', 0).plans[0]!.planId } },
    ],
  })
})

test('that it quits when the run has ended is said', () => {
  expect(look('working', nowMs, { leaving: true }).headline).toBe('Quits when the run has ended')
})

test('a name steers no menu', () => {
  expect(labelOf('Ada & Co')).toBe('Ada && Co')
  expect(labelOf('a\u202egnp.exe\n')).toBe('a\\u202egnp.exe\\n')
  expect(labelOf('x'.repeat(100))).toHaveLength(60)
})

test('a pause is counted from the moment it is chosen', () => {
  expect(pauseUntil('hour', nowMs)).toBe(nowMs + hourMs)
  expect(pauseUntil('day', nowMs)).toBe(new Date('2026-11-22T00:00:00').getTime())
  expect(pauseUntil('forever', nowMs)).toBe('forever')
})

test('the menu has every place with its key, and tools for developers only in development', () => {
  const keys = (entries: readonly Entry[]): string[] =>
    entries.flatMap(entry =>
      entry === 'line'
        ? []
        : 'entries' in entry
          ? keys(entry.entries)
          : 'key' in entry && entry.key
            ? [entry.key]
            : [],
    )
  for (const mac of [true, false]) {
    const all = keys(applicationMenu({ mac, devTools: true }))
    expect(new Set(all).size).toBe(all.length)
    expect(all).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6, 7].map(at => `CmdOrCtrl+${at}`)))
    expect(all).toEqual(expect.arrayContaining(['CmdOrCtrl+Q', 'CmdOrCtrl+W', 'CmdOrCtrl+,', 'CmdOrCtrl+N']))
    expect(JSON.stringify(applicationMenu({ mac, devTools: false }))).not.toContain('toggleDevTools')
  }
})
