import type { BlobType, Id } from '../format/id.ts'

const idWords = 8
const slotWords = 1 + idWords // state, ID
/** Word 0 of the table counts its claims. */
const firstSlot = 1

/** States of a slot. A claim is `writing` only between two instructions of another thread. */
const empty = 0
const writing = 1
const claimed: Record<BlobType, number> = { data: 2, tree: 3 }

/**
 * Which blobs this run has taken in hand, shared by all threads, so that two of them never store the same one: an
 * open-addressing table of whole IDs in shared memory, with a compare-and-swap per new entry and no locks.
 *
 * When a table fills up the coordinator adds a larger one; a thread that has not heard of it yet may store a blob a
 * second time, which is legal and only costs its space.
 */
export interface Claims {
  /** true when the blob was nobody's: the caller must store it. */
  claim(type: BlobType, id: Id): boolean
  /** Takes in a further table. */
  extend(table: SharedArrayBuffer): void
}

export function createClaimTable(slots: number): SharedArrayBuffer {
  return new SharedArrayBuffer((firstSlot + slots * slotWords) * 4)
}

const slotsOf = (words: Int32Array): number => (words.length - firstSlot) / slotWords

/** Whether it is time for a larger table: past this probing gets long, and stragglers still need room. */
export function isFilling(table: SharedArrayBuffer): boolean {
  const words = new Int32Array(table)
  return Atomics.load(words, 0) > slotsOf(words) / 2
}

export function joinClaims(tables: readonly SharedArrayBuffer[]): Claims {
  const joined = tables.map(table => new Int32Array(table))
  const keyBytes = Buffer.alloc(idWords * 4)
  const key = new Int32Array(keyBytes.buffer, keyBytes.byteOffset, idWords)

  /** The slot of the key, or of the first empty one in its probe sequence (negative - 1), or null when full. */
  function find(words: Int32Array, state: number): { at: number; found: boolean } | null {
    const slots = slotsOf(words)
    let slot = (key[0]! >>> 0) % slots
    for (let probes = 0; probes < slots; probes++) {
      const at = firstSlot + slot * slotWords
      let now = Atomics.load(words, at)
      while (now === writing) now = Atomics.load(words, at)
      if (now === empty) return { at, found: false }
      if (now === state && matches(words, at + 1)) return { at, found: true }
      slot = slot + 1 === slots ? 0 : slot + 1
    }
    return null
  }

  function matches(words: Int32Array, at: number): boolean {
    let word = 0
    while (word < idWords && words[at + word] === key[word]) word++
    return word === idWords
  }

  return {
    claim(type, id) {
      keyBytes.write(id, 'hex')
      const state = claimed[type]
      const newest = joined.at(-1)!
      for (const words of joined) if (words !== newest && find(words, state)?.found) return false
      for (;;) {
        const place = find(newest, state)
        if (place === null) return true // full: stored once more than needed, at worst
        if (place.found) return false
        if (Atomics.compareExchange(newest, place.at, empty, writing) !== empty) continue // lost a race: look again
        newest.set(key, place.at + 1)
        Atomics.store(newest, place.at, state)
        Atomics.add(newest, 0, 1)
        return true
      }
    },

    extend(table) {
      joined.push(new Int32Array(table))
    },
  }
}
