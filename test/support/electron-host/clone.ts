/**
 * Values as the structured clone algorithm carries them, through a channel that takes text alone. Both functions stand
 * for themselves, so that they can be put into a page as source.
 */

/** @throws DataCloneError what can't be cloned: functions, parts of a document */
export function encodeClone(value: unknown): string {
  const seen = new Map<object, number>()
  const pack = (value: unknown): unknown => {
    if (value === undefined) return ['undefined']
    if (typeof value === 'bigint') return ['bigint', String(value)]
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
      return ['number', Object.is(value, -0) ? '-0' : String(value)]
    if (typeof value !== 'object' || value === null) return ['plain', value]
    const before = seen.get(value)
    if (before !== undefined) return ['seen', before]
    seen.set(value, seen.size)
    if (value instanceof Date) return ['date', value.getTime()]
    if (value instanceof Error) return ['error', value.name, value.message]
    if (value instanceof Map) return ['map', [...value].map(pair => pair.map(pack))]
    if (value instanceof Set) return ['set', [...value].map(pack)]
    if (value instanceof ArrayBuffer) return ['bytes', [...new Uint8Array(value)]]
    if (ArrayBuffer.isView(value))
      return ['view', [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]]
    if (Array.isArray(value)) return ['array', value.map(pack)]
    return ['object', Object.entries(value).map(([name, each]) => [name, pack(each)])]
  }
  return JSON.stringify(pack(structuredClone(value)))
}

export function decodeClone(text: string): unknown {
  const seen: unknown[] = []
  const unpack = ([kind, ...rest]: [string, ...unknown[]]): unknown => {
    const first = rest[0] as never
    const keep = <T>(value: T): T => (seen.push(value), value)
    switch (kind) {
      case 'undefined':
        return undefined
      case 'bigint':
        return BigInt(first)
      case 'number':
        return Number(first)
      case 'seen':
        return seen[first]
      case 'date':
        return keep(new Date(first))
      case 'error':
        return keep(Object.assign(new Error(rest[1] as string), { name: first }))
      case 'bytes':
        return keep(new Uint8Array(first).buffer)
      case 'view':
        return keep(new Uint8Array(first))
      case 'map': {
        const map = keep(new Map<unknown, unknown>())
        for (const [key, value] of first as [never, never][]) map.set(unpack(key), unpack(value))
        return map
      }
      case 'set': {
        const set = keep(new Set())
        for (const each of first as never[]) set.add(unpack(each))
        return set
      }
      case 'array': {
        const array = keep<unknown[]>([])
        for (const each of first as never[]) array.push(unpack(each))
        return array
      }
      case 'object': {
        const object = keep<Record<string, unknown>>({})
        for (const [name, each] of first as [string, never][]) object[name] = unpack(each)
        return object
      }
      default:
        return first
    }
  }
  return unpack(JSON.parse(text) as [string, ...unknown[]])
}
