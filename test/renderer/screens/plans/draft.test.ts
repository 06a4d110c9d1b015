import { expect, test } from 'vitest'
import {
  changesBetween,
  draftOf,
  namesOf,
  newDraft,
  newSource,
  problemsOf,
  same,
  scheduleWords,
  spanWords,
} from '../../../../src/renderer/screens/plans/draft.ts'
import { standingOf } from '../../../../src/renderer/screens/plans/standing.ts'
import { PlanDraft, type Plan } from '../../../../src/shared/entities/plan.ts'

const destinationId = '0fd5a6c4-5df5-4b7e-9a1e-2d7d8a0a7f10'
const draft: PlanDraft = PlanDraft.parse({
  name: 'Workstation',
  sources: [{ kind: 'files', paths: ['/home/mara/Documents'] }],
  destinationIds: [destinationId],
  schedules: [{ id: 'daily', when: { kind: 'daily' } }],
})
const plan = (more: Partial<Plan> = {}): Plan => ({
  ...draft,
  id: '1fd5a6c4-5df5-4b7e-9a1e-2d7d8a0a7f10',
  revision: 5,
  createdAtMs: 0,
  pausedUntilMs: null,
  schedule: [],
  ...more,
})
const changes = (after: Partial<PlanDraft>) => changesBetween(draft, { ...draft, ...after }, () => 'NAS')
const source = draft.sources[0]!

test('the draft of a plan is what can be saved again', () => {
  expect(PlanDraft.parse(draftOf(plan()))).toEqual(draft)
})

test('a new plan lacks a name, a folder and a place, and says so in that order', () => {
  expect(problemsOf(newDraft([])).map(({ section }) => section)).toEqual(['what', 'what', 'where'])
  expect(problemsOf({ ...newDraft([destinationId]), name: 'x', sources: [newSource([], ['/a'])] })).toEqual(
    [],
  )
})

test('what the contract refuses is told at its section', () => {
  const hooks = { before: [{ command: ' ', timeoutSeconds: 60 }], after: [], onFailure: [] }
  expect(problemsOf({ ...draft, hooks })).toMatchObject([{ section: 'advanced' }])
  const schedules = [{ ...draft.schedules[0]!, when: { kind: 'daily' as const, time: '25:00' } }]
  expect(problemsOf({ ...draft, schedules })).toMatchObject([{ section: 'when' }])
  expect(problemsOf({ ...draft, sources: [source, source] })).toMatchObject([{ section: 'what' }])
})

test('nothing changed is nothing to say', () => {
  expect(changes({})).toEqual([])
  expect(same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true)
})

test.each<[Partial<PlanDraft>, string[]]>([
  [{ name: 'Laptop' }, ['called “Laptop”']],
  [{ sources: [{ ...source, paths: [...source.paths, '/home/mara/Pictures'] }] }, ['Pictures added']],
  [{ sources: [{ ...source, paths: ['/srv'] }] }, ['srv added', 'Documents no more']],
  [
    { sources: [{ ...source, rules: { ...source.rules, excludes: ['/home/mara/Documents/tmp', '*.mp4'] } }] },
    ['tmp left out', '*.mp4 excluded'],
  ],
  [{ sources: [{ ...source, isConfig: true }] }, ['“files” counts as configuration']],
  [{ sources: [{ ...source, rules: { ...source.rules, oneFileSystem: true } }] }, ['other rules changed']],
  [{ sources: [source, newSource(['files'], ['/etc'])] }, ['source “files-2” added']],
  [
    { schedules: [{ ...draft.schedules[0]!, when: { kind: 'daily', time: '03:00' } }] },
    ['every day at 03:00, was every day at 02:00'],
  ],
  [{ schedules: [] }, ['every day at 02:00 removed']],
  [{ zone: 'Europe/Athens' }, ['times of Europe/Athens']],
  [
    { conditions: { ...draft.conditions, acPower: true, catchUpMinutes: 0 } },
    ['on AC power only', 'no catching up'],
  ],
  [{ destinationIds: ['2fd5a6c4-5df5-4b7e-9a1e-2d7d8a0a7f10'] }, ['to NAS']],
  [
    {
      retention: {
        ...draft.retention,
        standard: { ...draft.retention.standard, daily: 14, maxSizeBytes: null },
      },
    },
    ['keep 14 days, 4 weeks, 3 months'],
  ],
  [{ retention: { ...draft.retention, config: draft.retention.standard } }, ['keep by type changed']],
  [{ hooks: { ...draft.hooks, before: [{ command: 'true', timeoutSeconds: 1 }] } }, ['commands before: 1']],
  [
    { compression: 'max', retries: 0, maxRunMinutes: 90 },
    ['compression max', '90 minutes at most', 'no retries'],
  ],
  [{ tags: ['a'] }, ['tags a']],
])('%j is said', (after, words) => {
  expect(changes(after)).toEqual(words)
})

test('how the editor stands to what is saved', () => {
  const base = { draft, revision: 5 }
  const mine = { ...draft, name: 'Mine' }
  expect(standingOf(null, mine, undefined).kind).toBe('current')
  expect(standingOf(base, mine, undefined).kind).toBe('removed')
  expect(standingOf(base, mine, plan()).kind).toBe('current')
  // a pause is no change of the draft
  expect(standingOf(base, mine, plan({ revision: 6, pausedUntilMs: 'forever' }))).toMatchObject({
    kind: 'behind',
    replacesDraft: false,
  })
  // nothing was changed here: theirs is taken
  expect(standingOf(base, draft, plan({ revision: 6, name: 'Theirs' }))).toMatchObject({
    kind: 'behind',
    replacesDraft: true,
  })
  // what was saved here comes back before the answer does
  expect(standingOf(base, mine, plan({ revision: 6, name: 'Mine' })).kind).toBe('behind')
  expect(standingOf(base, mine, plan({ revision: 6, name: 'Theirs' })).kind).toBe('conflict')
})

test('names, schedules and spans in words', () => {
  expect(namesOf(['/a', '/b', '/c'])).toBe('a, b and c')
  expect(namesOf(['/a', '/b', '/c', '/d'])).toBe('a, b and 2 more')
  expect(scheduleWords(draft)).toBe('every day at 02:00')
  expect(scheduleWords({ schedules: [] })).toBe('when you start it')
  expect([spanWords(10080), spanWords(120), spanWords(90), spanWords(1440)]).toEqual([
    '7 days',
    '2 hours',
    '90 minutes',
    '1 day',
  ])
})
