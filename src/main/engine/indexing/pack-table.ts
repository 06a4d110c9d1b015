import { idFrom, idWords } from '../format/index-columns.ts'
import type { Id } from '../format/id.ts'

/** The packs of an index by number, and the rows of each. Some 60 bytes a pack: there may be a million of small ones. */
export interface PackTable {
  readonly count: number
  /** The number of the pack whose ID lies there; -1 when it is unknown. */
  find(words: Uint32Array, at: number): number
  add(words: Uint32Array, at: number): number
  id(pack: number): Id
  /** A further `count` rows of the pack; by ascending offset. */
  addRun(pack: number, firstRow: number, count: number): void
  /** Pairs of first row and count; nearly always one. */
  runs(pack: number): readonly (readonly [firstRow: number, count: number])[]
}

/** IDs that are asked for again and again keep their text. */
const keptTexts = 4096

export function createPackTable(): PackTable {
  let count = 0
  let capacity = 64
  let ids = new Uint32Array(capacity * idWords)
  let firstRuns = new Uint32Array(capacity * 2)
  let next = new Uint32Array(capacity) // pack + 1 of the next in the chain; 0 ends it
  let heads = new Uint32Array(capacity)
  const moreRuns = new Map<number, [number, number][]>()
  const texts = new Map<number, Id>()

  function grow(): void {
    capacity *= 2
    const grown = (old: Uint32Array, length: number) => {
      const larger = new Uint32Array(length)
      larger.set(old)
      return larger
    }
    ids = grown(ids, capacity * idWords)
    firstRuns = grown(firstRuns, capacity * 2)
    next = new Uint32Array(capacity)
    heads = new Uint32Array(capacity)
    for (let pack = 0; pack < count; pack++) link(pack)
  }

  function link(pack: number): void {
    const bucket = ids[pack * idWords]! & (capacity - 1)
    next[pack] = heads[bucket]!
    heads[bucket] = pack + 1
  }

  return {
    get count() {
      return count
    },

    find(words, at) {
      for (let link = heads[words[at]! & (capacity - 1)]!; link !== 0; link = next[link - 1]!) {
        const base = (link - 1) * idWords
        let word = 0
        while (word < idWords && ids[base + word] === words[at + word]) word++
        if (word === idWords) return link - 1
      }
      return -1
    },

    add(words, at) {
      if (count === capacity) grow()
      for (let word = 0; word < idWords; word++) ids[count * idWords + word] = words[at + word]!
      link(count)
      return count++
    },

    id(pack) {
      const known = texts.get(pack)
      if (known !== undefined) return known
      const text = idFrom(ids, pack * idWords)
      if (texts.size >= keptTexts) texts.clear()
      texts.set(pack, text)
      return text
    },

    addRun(pack, firstRow, count) {
      if (firstRuns[pack * 2 + 1] === 0) {
        firstRuns[pack * 2] = firstRow
        firstRuns[pack * 2 + 1] = count
        return
      }
      const more = moreRuns.get(pack)
      if (more) more.push([firstRow, count])
      else moreRuns.set(pack, [[firstRow, count]])
    },

    runs(pack) {
      const firstCount = firstRuns[pack * 2 + 1]!
      if (firstCount === 0) return []
      return [[firstRuns[pack * 2]!, firstCount], ...(moreRuns.get(pack) ?? [])]
    },
  }
}
