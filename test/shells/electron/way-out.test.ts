import { expect, test } from 'vitest'
import { quitQuestion, type QuitChoice } from '../../../src/main/shells/electron/quit.ts'
import { createWayOut } from '../../../src/main/shells/electron/way-out.ts'
import type { Run } from '../../../src/shared/entities/run.ts'
import { run } from './samples.ts'

/** A way out whose every effect is written down; questions wait for `answer`. */
function world(runs: Run[] = []) {
  const did: string[] = []
  let answer: (choice: QuitChoice) => void = () => {}
  const gate = Promise.withResolvers<void>()
  const wayOut = createWayOut({
    runsAtWork: async () => runs,
    ask: ({ message }) => {
      did.push(message)
      return new Promise(resolve => (answer = resolve))
    },
    pending: () => void did.push('pending'),
    async end(how) {
      did.push(`end ${how}`)
      if (how === 'finish') await gate.promise
    },
    quit: () => void did.push(wayOut.mayQuit() ? 'quit' : 'refused'),
  })
  const settled = () => new Promise(resolve => setImmediate(resolve))
  return {
    wayOut,
    did,
    runs,
    gate,
    settled,
    async answer(choice: QuitChoice) {
      answer(choice)
      await settled()
    },
  }
}
const going = () => run({ state: 'running' })

test('without runs it ends at once, and only then Electron may quit', async () => {
  const { wayOut, did, settled } = world([run({ state: 'paused' }), run({ state: 'waiting' })])
  expect(wayOut.mayQuit()).toBe(false)
  await settled()
  expect(did).toEqual(['end cancel', 'quit'])
})

test('with a run it asks, once; whoever stays, stays', async () => {
  const { wayOut, did, settled, answer } = world([going()])
  wayOut.mayQuit()
  wayOut.mayQuit()
  await settled()
  expect(did).toEqual(['The backup of Documents is going on.'])
  await answer('stay')
  expect(did).toHaveLength(1)
  wayOut.mayQuit()
  await settled()
  expect(did).toHaveLength(2) // asked anew
})

test('stopped: the run is cut off', async () => {
  const { wayOut, did, settled, answer } = world([going()])
  wayOut.mayQuit()
  await settled()
  await answer('cancel')
  expect(did.slice(1)).toEqual(['end cancel', 'quit'])
})

test('in the background: it ends after the last run, unless somebody comes back', async () => {
  const { wayOut, did, runs, gate, settled, answer } = world([going(), going()])
  wayOut.mayQuit()
  await settled()
  await answer('finish')
  expect([wayOut.isPending(), did.at(-1)]).toEqual([true, 'pending'])
  runs.pop()
  wayOut.look()
  await settled()
  expect(did.at(-1)).toBe('pending')

  wayOut.callOff()
  runs.pop()
  wayOut.look()
  await settled()
  expect([wayOut.isPending(), did.at(-1)]).toEqual([false, 'pending'])

  runs.push(going())
  wayOut.mayQuit()
  await settled()
  await answer('finish')
  runs.pop()
  wayOut.look()
  await settled()
  expect(did.at(-1)).toBe('end finish')
  gate.resolve()
  await settled()
  expect(did.at(-1)).toBe('quit')
})

test('a system that shuts down waits for no answer, and for no run', async () => {
  const { wayOut, did, settled, answer } = world([going()])
  wayOut.mayQuit()
  await settled()
  await wayOut.leave('cancel')
  expect(did.slice(1)).toEqual(['end cancel', 'quit'])
  await answer('stay')
  expect(did).toHaveLength(3)

  const finishing = world([])
  void finishing.wayOut.leave('finish')
  await finishing.settled()
  void finishing.wayOut.leave('cancel')
  await finishing.settled()
  expect(finishing.did).toEqual(['end finish', 'end cancel'])
})

test('an end that fails is an end all the same', async () => {
  const did: string[] = []
  const wayOut = createWayOut({
    runsAtWork: async () => [],
    ask: async () => 'stay',
    pending: () => {},
    end: () => Promise.reject(new Error('the disk is gone')),
    quit: () => void did.push('quit'),
  })
  await expect(wayOut.leave('cancel')).rejects.toThrow('the disk is gone')
  expect(did).toEqual(['quit'])
})

test('the question names what is going on, how far it is, and what else', () => {
  const progress = {
    phase: 'store' as const,
    doneFiles: 1,
    doneBytes: 61,
    totalFiles: 2,
    totalBytes: 100,
    bytesPerSecond: null,
    msLeft: null,
    path: '',
  }
  expect(quitQuestion([run({ state: 'running', progress }), going()])?.message).toBe(
    'The backup of Documents is going on (61.0 %), and so is one more run.',
  )
  expect(quitQuestion([run({ state: 'running', kind: 'restore' })])?.message).toBe('A restore is going on.')
  expect(quitQuestion([run({ state: 'queued' })])).toBeNull()
})
