import { createClaimTable, isFilling } from './claims.ts'
import type { Job, Reply, ResultOf, Setup } from './messages.ts'
import { giveWay } from './priority.ts'
import { createRoom, type Tell, type Worker } from './room.ts'
import { createWorker } from './work.ts'

/** What a thread hears of without being asked to do anything. */
export type Note = { kind: 'claims'; table: SharedArrayBuffer } | { kind: 'recycle'; buffer: ArrayBuffer }

const firstClaimSlots = 1 << 18

/**
 * Threads that do a backup's jobs. The newest job goes first, so a deep tree is finished branch by branch and little
 * is open at a time; `first` ones, on which others wait, go before all.
 */
export interface Pool {
  /** @param options `transfer`: memory of the job that is given away */
  perform<J extends Job>(
    job: J,
    options?: { first?: boolean; transfer?: ArrayBuffer[] },
  ): Promise<Reply & { result: ResultOf<J> }>
  /** Closes the open packs of every thread. Only when no other job is under way. */
  flush(): Promise<Reply[]>
  /** A pack's buffer that is free again. */
  recycle(buffer: ArrayBuffer): void
  /** No job is started while `gate` is pending; a rejection is passed on to the jobs that wait. */
  hold(gate: Promise<void>): void
  close(): Promise<void>
}

export type PoolSetup = Omit<Setup, 'claims'>

/**
 * @param setup threads start and load their code before it is there
 * @param threads 0: on the calling thread, without parallelism; for tests and for where threads can't be had
 */
export function createPool(setup: PoolSetup | Promise<PoolSetup>, threads: number): Pool {
  const tables = [createClaimTable(firstClaimSlots)]
  const withClaims = (setup: PoolSetup): Setup => ({ ...setup, claims: tables })
  /** Which thread filled a buffer: it gets it back, so that none hoards what another must make anew. */
  const owners = new WeakMap<ArrayBuffer, Tell<Note>>()
  const room = createRoom<Setup, Job, Reply, Note>(
    {
      setup: setup instanceof Promise ? setup.then(withClaims) : withClaims(setup),
      entry: new URL('thread.ts', import.meta.url),
      create: storing,
      order: 'newest',
      answered({ packs }, tell) {
        for (const { buffer } of packs) owners.set(buffer, tell)
        if (!isFilling(tables.at(-1)!)) return
        const table = createClaimTable(((tables.at(-1)!.byteLength / 36) | 0) * 4)
        tables.push(table)
        room.tellAll({ kind: 'claims', table })
      },
    },
    threads,
  )
  return {
    perform: <J extends Job>(job: J, options?: { first?: boolean; transfer?: ArrayBuffer[] }) =>
      room.perform(job, options) as Promise<Reply & { result: ResultOf<J> }>,
    flush: () => room.performOnEach({ kind: 'flush' }),
    recycle: buffer => owners.get(buffer)?.({ kind: 'recycle', buffer }, [buffer]),
    hold: room.hold,
    close: room.close,
  }
}

/** One thread's worker, as a room has it. */
export function storing(setup: Setup): Worker<Job, Reply, Note> {
  if (setup.lowPriority === true) giveWay()
  const worker = createWorker(setup)
  return {
    perform: worker.perform,
    hear(note) {
      if (note.kind === 'claims') worker.extendClaims(note.table)
      else worker.recycle(note.buffer)
    },
    gives: ({ packs }) => packs.flatMap(({ buffer, header }) => [buffer, header.buffer as ArrayBuffer]),
  }
}
