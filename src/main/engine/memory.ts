/**
 * How much memory a run may take, all its threads together: the one setting there is. What a run needs whatever it
 * does (the program, its threads, the packs they fill) is reckoned with the figures below; what is left goes to what
 * makes it faster. Bytes as the system counts them resident.
 */
export const defaultMemoryBytes = 300 * 1000 * 1000

/** The program, the main thread's heap and the little that everything takes. */
const programBytes = 70 * 1000 * 1000
/** A thread by itself: its heap, its code, its kernels. */
const threadBytes = 20 * 1000 * 1000
/** What a storing thread fills: the window it reads through (16 MiB), an open pack of data, and a small one of trees. */
const fillingBytes = 40 * 1000 * 1000
/** A pack that is finished: 16 MiB and its last blob. */
const packBytes = 18 * 1000 * 1000
/** A folder's listing on its way, with its tree of before. */
const folderBytes = 1000 * 1000

const mostFolders = 12
const mostPacksInFlight = 4

/** What each part of a run may take. */
export interface MemoryPlan {
  /** Threads that can be afforded, of those asked for; at least 1, unless none was asked for. */
  readonly threads: number
  /** Of the table of blobs; a larger one lies in a file (blob-index.ts). About 56 bytes a blob. */
  readonly indexBytes: number
  /** Finished packs on their way to the storage at once, of all threads together; at least 1. */
  readonly packsInFlight: number
  /** Buffers that a thread keeps for its next packs: those that come back from flight, so they take nothing more. */
  readonly sparePackBuffers: number
  /** Folders being listed or stored at once; at least 2. */
  readonly foldersAtOnce: number
}

/**
 * Shares out `limitBytes`. A fifth is the index's: at the usual 300 MB that is room for a million blobs. Then as many
 * threads as the rest can feed, a pack in flight for each as far as it goes, then folders. A limit below what one thread
 * needs is not kept: the run goes on with the least of everything.
 * @param threads as many as the machine runs at once, or as were asked for
 */
export function memoryPlan(limitBytes: number, threads: number): MemoryPlan {
  const indexBytes = Math.floor(limitBytes / 5)
  let left = limitBytes - indexBytes - programBytes
  const take = (most: number, least: number, eachBytes: number): number => {
    const taken = Math.max(least, Math.min(most, Math.floor(left / eachBytes)))
    left -= taken * eachBytes
    return taken
  }
  const fed = take(threads, Math.min(1, threads), threadBytes + fillingBytes)
  const packsInFlight = take(Math.min(mostPacksInFlight, Math.max(1, fed)), 1, packBytes)
  return {
    threads: fed,
    indexBytes,
    packsInFlight,
    sparePackBuffers: Math.ceil(packsInFlight / Math.max(1, fed)),
    foldersAtOnce: take(mostFolders, 2, folderBytes),
  }
}
