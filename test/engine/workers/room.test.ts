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

test('jobs wait for a setup that is still to come, and fail with it', async () => {
  const plan = {
    entry: new URL('file:///none'),
    create: (by: number) => ({ perform: (n: number) => n * by }),
  }
  const setup = Promise.withResolvers<number>()
  const room = createRoom<number, number, number>({ ...plan, setup: setup.promise }, 0)
  const jobs = [1, 2].map(n => room.perform(n))
  setup.resolve(10)
  expect(await Promise.all(jobs)).toEqual([10, 20])
  expect(await room.perform(3)).toBe(30)

  const never = createRoom<number, number, number>(
    { ...plan, setup: Promise.reject(new Error('wrong password')) },
    0,
  )
  await expect(never.perform(1)).rejects.toThrow('wrong password')
})
