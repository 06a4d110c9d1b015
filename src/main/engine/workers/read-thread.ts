import { serveRoom } from './room.ts'

/** The entry of a worker thread that reads packs. */
await serveRoom(async () => (await import('./read-work.ts')).createReader)
