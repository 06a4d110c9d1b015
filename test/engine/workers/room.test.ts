import { expect, test } from 'vitest'
import { createRoom } from '../../../src/main/engine/workers/room.ts'

test('what fails while jobs are in hand fails them, and their replies, still to come, disturb nothing', async () => {
  const room = createRoom<null, number, number>(
    {
      setup: null,
      entry: new URL('file:///none'),
      create: () => ({ perform: n => n }),
    },
    0,
  )
  const jobs = [1, 2, 3].map(n => room.perform(n))
  room.hold(Promise.reject(new Error('the disk is full')))
  expect(await Promise.allSettled(jobs)).toMatchObject(
    jobs.map(() => ({ status: 'rejected', reason: { message: 'the disk is full' } })),
  )
  await new Promise(resolve => setTimeout(resolve, 20))
  await expect(room.perform(4)).rejects.toThrow('the disk is full')
  await room.close()
})
