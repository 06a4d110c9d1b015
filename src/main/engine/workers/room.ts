import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { parentPort, Worker as Thread, workerData } from 'node:worker_threads'
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts'

/** What works on one thread, one job after the other. Nothing in it waits for anything but its files. */
export interface Worker<Job, Reply, Note = never> {
  perform(job: Job): Reply
  /** Takes in what needs no answer. */
  hear?(note: Note): void
  /** The memory of a reply that is given away, so that it need not be copied. */
  gives?(reply: Reply): ArrayBuffer[]
}

export type Tell<Note> = (note: Note, transfer: ArrayBuffer[]) => void

/** How a kind of worker is set up: the same on every thread. What `setup` has can be cloned or is shared memory. */
export interface RoomPlan<Setup, Job, Reply, Note> {
  /** When it is still to come, threads start and load their code meanwhile. A rejection fails all jobs. */
  readonly setup: Setup | Promise<Setup>
  /** A file that calls `serveRoom`. */
  readonly entry: URL
  readonly create: (setup: Setup) => Worker<Job, Reply, Note>
  /** Which of the jobs that wait goes first; the oldest when absent. */
  readonly order?: 'oldest' | 'newest'
  /** Called for each reply, with a way to tell something to the thread it came from. */
  readonly answered?: (reply: Reply, tell: Tell<Note>) => void
}

/** Threads with the same tools, to which jobs are handed out. */
export interface Room<Job, Reply, Note = never> {
  /** @param options `first`: before all that wait; `transfer`: memory of the job that is given away */
  perform(job: Job, options?: { first?: boolean; transfer?: ArrayBuffer[] }): Promise<Reply>
  /** The same job for each thread. Only when no other is under way. */
  performOnEach(job: Job): Promise<Reply[]>
  tellAll(note: Note): void
  /** No job is started while `gate` is pending; a rejection is passed on to the jobs that wait. */
  hold(gate: Promise<void>): void
  close(): Promise<void>
}

/** Jobs a thread has in hand: one it does, one it will find at once when that is done. */
const inHand = 2

type ToThread<Setup, Job, Note> = { setup: Setup } | { job: Job } | { note: Note } | 'end'
type FromThread<Reply> =
  { ok: true; reply: Reply } | { ok: false; error: WireError; stack: string | undefined }

/** What a room needs of one thread. */
interface Hand<Job, Note> {
  send(message: { job: Job } | { note: Note }, transfer: ArrayBuffer[]): void
  close(): Promise<unknown>
}

interface Order<Job, Reply> {
  job: Job
  transfer: ArrayBuffer[]
  resolve: (reply: Reply) => void
  reject: (error: unknown) => void
}

/** @param threads 0: on the calling thread, without parallelism; for tests and for where threads can't be had */
export function createRoom<Setup, Job, Reply, Note = never>(
  plan: RoomPlan<Setup, Job, Reply, Note>,
  threads: number,
): Room<Job, Reply, Note> {
  const urgent: Order<Job, Reply>[] = []
  const waiting: Order<Job, Reply>[] = []
  let closing = false
  let broken: unknown
  let gate: Promise<void> | null = null

  const hands: { hand: Hand<Job, Note>; orders: Order<Job, Reply>[] }[] = []

  /** Starts a thread. Each costs a tenth of a second, so only the first is started before there is work for it. */
  function engage(): void {
    const orders: Order<Job, Reply>[] = []
    const hand = threads === 0 ? inlineHand(plan, answer, fail) : threadHand(plan, answer, fail)
    hands.push({ hand, orders })

    function answer(message: FromThread<Reply>): void {
      const order = orders.shift()!
      if (message.ok) {
        plan.answered?.(message.reply, (note, transfer) => hand.send({ note }, transfer))
        order.resolve(message.reply)
      } else order.reject(revived(message))
      dispatch()
    }
  }
  engage()

  function fail(error: unknown): void {
    if (closing) return
    broken ??= error
    // Those in hand stay in line: their replies are still to come, and must find their own order.
    for (const { orders } of hands) for (const order of orders) order.reject(error)
    for (const order of [...urgent.splice(0), ...waiting.splice(0)]) order.reject(error)
  }

  const next = (): Order<Job, Reply> | undefined =>
    urgent.shift() ?? (plan.order === 'newest' ? waiting.pop() : waiting.shift())

  function dispatch(): void {
    if (gate) return
    for (let round = 1; round <= inHand; round++) {
      for (const { hand, orders } of hands) {
        if (orders.length >= round) continue
        const order = next()
        if (!order) return
        orders.push(order)
        hand.send({ job: order.job }, order.transfer)
      }
    }
    if (urgent.length + waiting.length > 0 && hands.length < threads) {
      engage()
      dispatch()
    }
  }

  return {
    perform(job, { first = false, transfer = [] } = {}) {
      return new Promise((resolve, reject) => {
        if (broken) return reject(broken)
        ;(first ? urgent : waiting).push({ job, transfer, resolve, reject })
        dispatch()
      })
    },

    performOnEach: job =>
      Promise.all(
        hands.map(
          ({ hand, orders }) =>
            new Promise<Reply>((resolve, reject) => {
              if (broken) return reject(broken)
              orders.push({ job, transfer: [], resolve, reject })
              hand.send({ job }, [])
            }),
        ),
      ),

    tellAll(note) {
      for (const { hand } of hands) hand.send({ note }, [])
    },

    hold(until) {
      const mine = until.then(
        () => {
          if (gate === mine) gate = null
          dispatch()
        },
        (error: unknown) => {
          gate = null
          fail(error)
        },
      )
      gate = mine
    },

    async close() {
      closing = true
      await Promise.all(hands.map(({ hand }) => hand.close()))
    },
  }
}

function threadHand<Setup, Job, Reply, Note>(
  { entry, setup }: RoomPlan<Setup, Job, Reply, Note>,
  answer: (message: FromThread<Reply>) => void,
  fail: (error: unknown) => void,
): Hand<Job, Note> {
  const thread = new Thread(entry, {
    workerData: { codeCache: getCompileCacheDir() },
    // A small young generation: less memory to touch, and garbage is short-lived here.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
  thread.on('message', answer)
  thread.on('error', fail)
  const ended = new Promise<void>(resolve => {
    thread.on('exit', code => {
      if (code !== 0) fail(new Error(`a worker thread ended with code ${code}`))
      resolve()
    })
  })
  const send = (message: ToThread<Setup, Job, Note>, transfer: ArrayBuffer[] = []) =>
    thread.postMessage(message, transfer)
  const ready = whenReady(setup, setup => send({ setup }), fail)
  return {
    send: (message, transfer) => ready(() => send(message, transfer)),
    close() {
      // Never by force: a native add-on that is being loaded meanwhile takes the whole process with it.
      thread.postMessage('end')
      return ended
    },
  }
}

function inlineHand<Setup, Job, Reply, Note>(
  { create, setup }: RoomPlan<Setup, Job, Reply, Note>,
  answer: (message: FromThread<Reply>) => void,
  fail: (error: unknown) => void,
): Hand<Job, Note> {
  let worker: Worker<Job, Reply, Note>
  const ready = whenReady(setup, setup => (worker = create(setup)), fail)
  return {
    send: message =>
      ready(() => {
        if ('note' in message) worker.hear?.(message.note)
        // Between two jobs the thread is free for everything else it has to do.
        else setImmediate(() => answer(performed(() => worker.perform(message.job))))
      }),
    close: () => Promise.resolve(),
  }
}

/** What is done once `setup` is there, in order; at once from then on. */
function whenReady<Setup>(
  setup: Setup | Promise<Setup>,
  begin: (setup: Setup) => void,
  fail: (error: unknown) => void,
): (act: () => void) => void {
  if (!(setup instanceof Promise)) {
    begin(setup)
    return act => act()
  }
  let waiting: (() => void)[] | null = []
  setup
    .then(setup => {
      begin(setup)
      const acts = waiting!
      waiting = null
      for (const act of acts) act()
    })
    .catch(fail)
  return act => (waiting === null ? act() : waiting.push(act))
}

/**
 * The whole of a worker thread's entry: jobs in, replies out.
 * @param load brings the code that does the work, from the compile cache of the thread that started this one
 */
export async function serveRoom<Setup, Job, Reply, Note = never>(
  load: () => Promise<(setup: Setup) => Worker<Job, Reply, Note>>,
): Promise<void> {
  const port = parentPort!
  const { codeCache } = workerData as { codeCache: string | undefined }
  if (codeCache !== undefined) enableCompileCache(dirname(codeCache)) // it adds a folder for this version of Node
  const create = await load()
  let worker: Worker<Job, Reply, Note>
  port.on('message', (message: ToThread<Setup, Job, Note>) => {
    if (message === 'end') return port.close()
    if ('setup' in message) {
      worker = create(message.setup)
      return
    }
    if ('note' in message) return worker.hear?.(message.note)
    const answer = performed(() => worker.perform(message.job))
    port.postMessage(answer, answer.ok ? (worker.gives?.(answer.reply) ?? []) : [])
  })
}

function performed<Reply>(act: () => Reply): FromThread<Reply> {
  try {
    return { ok: true, reply: act() }
  } catch (error) {
    return { ok: false, error: toWireError(error), stack: error instanceof Error ? error.stack : undefined }
  }
}

function revived({ error, stack }: Extract<FromThread<never>, { ok: false }>): Error {
  if (error.code !== 'internal') {
    return new AppError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint })
  }
  return Object.assign(new Error(error.message), { stack })
}
