import { expect, test } from 'vitest'
import { attentionOf } from '../../../../src/renderer/screens/home/attention.ts'
import { heroOf } from '../../../../src/renderer/screens/home/hero.ts'
import type { Status } from '../../../../src/shared/entities/application.ts'
import { aDestination, aPlan, aRun, idOf, someTime } from '../../../services/catalogue/samples.ts'

const destinations = [
  { ...aDestination({ id: idOf('disk'), name: 'Disk', presence: 'present' }), hasPassword: true },
  { ...aDestination({ id: idOf('shelf'), name: 'Shelf', presence: 'absent' }), hasPassword: true },
]
const plans = ['Documents', 'Music'].map((name, at) => ({
  ...aPlan({ id: idOf(name), name, destinationIds: [destinations[at]!.id] }),
  schedule: [],
}))
const status: Status = {
  revision: 1,
  state: 'gaps',
  sentence: 'In the words of the application.',
  runningRunIds: [],
  plans: plans.map(({ id, name }) => ({
    planId: id,
    name,
    state: 'gaps',
    sentence: '',
    newestSnapshotAtMs: someTime,
    nextDueAtMs: null,
    lastRunId: null,
  })),
}
const vault = { kind: 'keychain', state: 'open', explanation: '' } as const
const attention = (change: Partial<Parameters<typeof attentionOf>[0]> = {}) =>
  attentionOf({
    plans,
    destinations: [destinations[0]!],
    status,
    lastRuns: {},
    vault,
    nowMs: someTime,
    ...change,
  })

test('all is backed up, and that it is not proven is said', () => {
  expect(heroOf(status, attention())).toMatchObject({
    title: 'Backed up, not proven yet',
    sign: 'whole',
    sentence: 'Documents and Music are backed up. No restore drill has proven it yet.',
  })
})

test('a gap names what is fine and what is not; a drive that is away is told once, with who waits for it', () => {
  const missed = aRun({ planId: plans[1]!.id, state: 'missed', waitingFor: null })
  const found = attention({ destinations, lastRuns: { [plans[1]!.id]: missed } })
  expect(found).toMatchObject([
    {
      fact: 'Music missed its backup: Shelf is not connected.',
      fix: { act: { kind: 'go', page: 'storage' } },
    },
  ])
  expect(heroOf(status, found)).toMatchObject({
    title: 'Backed up, with gaps',
    sign: 'attention',
    sentence:
      'Documents is backed up. Music missed its backup: Shelf is not connected. No restore drill has proven it yet.',
  })
})

test('a file that could not be read is a note, and no gap', () => {
  const partial = aRun({ planId: plans[0]!.id, state: 'partial', warnings: 1 })
  const found = attention({ lastRuns: { [plans[0]!.id]: partial } })
  expect(found).toMatchObject([
    { look: 'note', fact: '1 file could not be read in the last run of Documents.' },
  ])
  expect(heroOf(status, found).title).toBe('Backed up, not proven yet')
})

test('any other state is said in the words of the application', () => {
  expect(heroOf({ ...status, state: 'attention' }, [])).toMatchObject({
    title: 'Needs attention',
    sentence: status.sentence,
  })
})
