import { expect, test } from 'vitest'
import { checksOf, type Known } from '../../../../src/renderer/screens/health/checks.ts'
import { reportOf } from '../../../../src/renderer/screens/health/report.ts'
import type { Plan } from '../../../../src/shared/entities/plan.ts'
import { aDestination, aPlan, aRun, idOf, someTime } from '../../../services/catalogue/samples.ts'

const hourMs = 3_600_000
const planId = idOf('plan')
const diskId = idOf('disk')

const plan = (change: Partial<Plan> = {}): Plan => ({
  ...aPlan({ id: planId, name: 'Documents', destinationIds: [diskId] }),
  schedule: [
    {
      id: 'daily',
      words: 'every day at 02:00',
      nextDueAtMs: null,
      consecutiveFailures: 0,
      disabledBecause: null,
    },
  ],
  ...change,
})
const known = (change: Partial<Known> = {}, newestMs: number | null = someTime - 7 * hourMs): Known => ({
  plans: [plan()],
  destinations: [
    {
      ...aDestination({ id: diskId, name: 'Disk', presence: 'present' }),
      hasPassword: true,
      refreshedAtMs: 1,
    },
  ],
  status: {
    revision: 1,
    state: 'gaps',
    sentence: '',
    runningRunIds: [],
    plans: [
      {
        planId,
        name: 'Documents',
        state: 'gaps',
        sentence: '',
        newestSnapshotAtMs: newestMs,
        nextDueAtMs: null,
        lastRunId: null,
      },
    ],
  },
  vault: { kind: 'keychain', state: 'open', explanation: 'In the keychain.' },
  pausedUntilMs: null,
  runs: [],
  tested: {},
  askedAtMs: someTime,
  nowMs: someTime,
  ...change,
})
const bad = (of: Known) => checksOf(of).filter(check => check.bad)

test('nothing is bad where all is as it must be, and nothing is green that no drill has proven', () => {
  const checks = checksOf(known())
  expect(checks.map(({ fact }) => fact)).toEqual([
    'Documents is on schedule',
    'Documents has not been restored as a trial yet',
    'Disk is connected',
    'Passwords can be read',
  ])
  expect(bad(known())).toEqual([])
  expect(checks.filter(({ look }) => look === 'proven')).toEqual([])
})

test('a snapshot older than two periods is behind, and can be made up for', () => {
  expect(bad(known({}, someTime - 49 * hourMs))).toMatchObject([
    {
      fact: 'Documents is behind its schedule',
      measured: '2 days',
      limit: '2 days',
      mend: { kind: 'run', planId },
    },
  ])
  expect(bad(known({}, null))).toMatchObject([{ fact: 'Documents has no snapshot yet' }])
})

test('a schedule that was turned off, a pause, and a plan without any', () => {
  const [state] = plan().schedule
  const off = plan({ schedule: [{ ...state!, disabledBecause: 'Three failures in a row.' }] })
  expect(bad(known({ plans: [off] }))).toMatchObject([
    { more: 'Three failures in a row.', mend: { kind: 'enable', scheduleId: 'daily' } },
  ])
  expect(bad(known({ plans: [plan({ pausedUntilMs: 'forever' })] }))).toMatchObject([
    { fact: 'Documents is paused', mend: { kind: 'resume', planId } },
  ])
  expect(bad(known({ pausedUntilMs: someTime + 1 }))).toMatchObject([{ mend: { planId: null } }])
  expect(bad(known({ pausedUntilMs: someTime - 1 }))).toEqual([])
  expect(checksOf(known({ plans: [plan({ schedules: [], schedule: [] })] }))).toContainEqual(
    expect.objectContaining({ look: 'note', bad: false }),
  )
})

test('only the last backup counts, not a dry run or a restore after it', () => {
  const error = { code: 'disk_full' as const, message: 'No space is left.' }
  const failed = aRun({ planId, state: 'failed', counts: null, error })
  const after = [aRun({ planId, dryRun: true }), aRun({ planId, kind: 'restore' })]
  expect(bad(known({ runs: [...after, failed] }))).toMatchObject([
    {
      fact: 'The last run of Documents failed',
      more: 'No space is left.',
      mend: { page: 'runs', rest: [failed.id] },
    },
  ])
  expect(bad(known({ runs: [aRun({ planId }), failed] }))).toEqual([])
  expect(bad(known({ runs: [aRun({ planId, state: 'partial', warnings: 1 })] }))).toMatchObject([
    { fact: '1 file of Documents could not be read' },
  ])
})

test('a missed run is made up for, or waits for its drive', () => {
  const missed = aRun({ planId, state: 'missed', waitingFor: 'Asleep.' })
  expect(bad(known({ runs: [missed] }))).toMatchObject([{ mend: { kind: 'run' } }])
  const [disk] = known().destinations
  const away = bad(known({ runs: [missed], destinations: [{ ...disk!, presence: 'absent' }] }))
  expect(away).toMatchObject([
    { mend: { kind: 'go', page: 'storage' } },
    { fact: 'Disk is not connected', mend: { rest: [diskId] } },
  ])
})

test('a lost password is told, but not while all are out of reach', () => {
  const destinations = known().destinations.map(disk => ({ ...disk, hasPassword: false }))
  expect(bad(known({ destinations }))).toMatchObject([{ fact: 'The password of Disk is lost here' }])
  const vault = { kind: 'sealed-file' as const, state: 'locked' as const, explanation: 'Sealed.' }
  expect(bad(known({ destinations, vault }))).toMatchObject([{ fact: 'Passwords can not be read' }])
})

test('success under 95 % of the last thirty days is bad; too few runs say nothing', () => {
  const runs = (failures: number) =>
    Array.from({ length: 20 }, (_, nth) =>
      aRun({ planId: idOf('another'), state: nth < failures ? 'failed' : 'succeeded' }),
    )
  expect(bad(known({ runs: runs(1) }))).toEqual([])
  expect(bad(known({ runs: runs(2) }))).toMatchObject([{ measured: '90 %', limit: '95 %' }])
  expect(bad(known({ runs: runs(2).slice(0, 4) }))).toEqual([])
})

test('what a test found wrong is a row each, and the report has it all without a secret', () => {
  const rows = [
    { what: '/home', ok: true, message: 'It is there.', hint: null },
    { what: 'Disk', ok: false, message: '/mnt is not there.', hint: 'Connect the drive.' },
  ]
  const checks = checksOf(known({ tested: { [planId]: { atMs: someTime, rows } } }))
  expect(checks.filter(check => check.bad)).toMatchObject([
    { fact: 'Documents: Disk', more: '/mnt is not there. Connect the drive.' },
  ])
  const report = reportOf(checks, null, someTime)
  expect(report).toContain('[!] Documents: Disk')
  expect(report.split('\n').filter(line => /\[[ !]\]/.test(line))).toHaveLength(checks.length)
})
