import { serveRoom } from './room.ts'

/** The entry of a worker thread that stores. */
await serveRoom(async () => (await import('./pool.ts')).storing)
