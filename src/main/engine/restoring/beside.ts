import { bufferFromRaw, rawFromBuffer, rawFromText, type Raw } from '../format/raw.ts'
import { below } from './target.ts'

/** What a file system takes as one name, in bytes. */
const mostBytes = 255
/** What stands behind the last dot is an ending only when it is short. */
const longestEnding = 20

/**
 * Names for what is put beside something of the same name: `name (label).ending`, then `name (label 2).ending`, and
 * so on. What would be too long loses the end of its stem, never half a character.
 */
function* namesBeside(name: Raw, label: string): Generator<Raw> {
  const dot = name.lastIndexOf('.')
  const hasEnding = dot > 0 && name.length - dot <= longestEnding
  const [stem, ending] = hasEnding ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let nth = 1; ; nth++) {
    const mark = rawFromText(` (${label}${nth === 1 ? '' : ` ${nth}`})`)
    yield (cut(stem as Raw, mostBytes - mark.length - ending.length) + mark + ending) as Raw
  }
}

function cut(name: Raw, bytes: number): Raw {
  const buffer = bufferFromRaw(name)
  if (buffer.length <= bytes) return name
  let end = bytes
  while (end > 0 && (buffer[end]! & 0xc0) === 0x80) end--
  return rawFromBuffer(buffer.subarray(0, end))
}

/** Where things come beside what has their name, in one restore. */
export interface Beside {
  /** Places that nothing of this restore has; the best name first, without end. */
  places(location: Raw, isMeant: (name: Raw) => boolean): Iterable<Raw>
  /** It is given away. */
  take(place: Raw): void
}

export function createBeside(label: string): Beside {
  const taken = new Set<Raw>()
  return {
    *places(location, isMeant) {
      const end = location.lastIndexOf('/')
      for (const name of namesBeside(location.slice(end + 1) as Raw, label)) {
        const place = below(location.slice(0, end) as Raw, name)
        if (!taken.has(place) && !isMeant(name)) yield place
      }
    },
    take: place => void taken.add(place),
  }
}
