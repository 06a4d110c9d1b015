import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { joinClaims } from '../../../src/main/engine/workers/claims.ts'

/** A thread that claims a list of blobs as fast as it can, and says which it got. */
interface Task {
  table: SharedArrayBuffer
  /** Counts those who are ready: nobody begins before all are. */
  start: SharedArrayBuffer
  threads: number
  count: number
  seed: number
}
const { table, start, threads, count, seed } = workerData as Task
const claims = joinClaims([table])
const ready = new Int32Array(start)
Atomics.add(ready, 0, 1)
while (Atomics.load(ready, 0) < threads) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
const got: number[] = []
for (let i = 0; i < count; i++) {
  const nr = (i * 7919 + seed) % count // every thread in another order
  if (claims.claim('data', createHash('sha256').update(String(nr)).digest('hex'))) got.push(nr)
}
parentPort!.postMessage(got)
