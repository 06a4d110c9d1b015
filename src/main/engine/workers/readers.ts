import type { AnyReadResult, ReadJob, ReadResult, ReadSetup } from './read-messages.ts'
import { createReader } from './read-work.ts'
import { createRoom } from './room.ts'

/** Threads that read packs, for restore and check. The oldest job goes first. */
export interface Readers {
  /** Jobs worth having under way at once. */
  readonly atOnce: number
  /** @param transfer memory of the job that is given away */
  perform<J extends ReadJob>(job: J, transfer?: ArrayBuffer[]): Promise<ReadResult<J>>
  close(): Promise<void>
}

/** @param threads 0: on the calling thread, without parallelism */
export function createReaders(setup: ReadSetup | Promise<ReadSetup>, threads: number): Readers {
  const room = createRoom<ReadSetup, ReadJob, AnyReadResult>(
    { setup, entry: new URL('read-thread.ts', import.meta.url), create: createReader },
    threads,
  )
  return {
    atOnce: 2 * Math.max(1, threads),
    perform: <J extends ReadJob>(job: J, transfer: ArrayBuffer[] = []) =>
      room.perform(job, { transfer }) as Promise<ReadResult<J>>,
    close: room.close,
  }
}
