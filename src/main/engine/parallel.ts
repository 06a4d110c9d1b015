/**
 * Does `work` on every item, `limit` of them at a time, in order of starting.
 * The first failure stops new ones from being started and is thrown once those under way have ended.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.iterator]()
  let failed = false
  async function lane(): Promise<void> {
    for (let turn = source.next(); !turn.done && !failed; turn = source.next()) {
      try {
        signal.throwIfAborted()
        await work(turn.value)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: limit }, lane))
  for (const end of lanes) if (end.status === 'rejected') throw end.reason
}

/** Both at once; neither is under way any more when a failure of one is thrown. */
export async function both<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b])
  return Promise.all([a, b])
}

/** Lets timers and input have their turn, in the midst of work that never waits. */
export const breathe = (): Promise<void> => new Promise(resume => setImmediate(resume))
