/** A 64-bit number with more digits than a double is sure to keep. No key but a bare one ends in `"…":`. */
const longNumber = /(?<!\\)"(inode|device_id|device)":\s*([1-9]\d{15,19})(?=\s*[,}])/g
const rawKey = '"generic_attributes":'

/** Where the object that starts at `at` ends, exclusive; -1 when it does not. */
function endOfObject(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++
    } else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i + 1
  }
  return -1
}

/** Each `"generic_attributes":{…}` with the object as a JSON string of its own text. */
function keepRawObjects(text: string): string {
  const parts: string[] = []
  let from = 0
  for (let key = text.indexOf(rawKey); key >= 0; key = text.indexOf(rawKey, Math.max(from, key + 1))) {
    const start = key + rawKey.length
    if (text[key - 1] === '\\' || text[start] !== '{') continue
    const end = endOfObject(text, start)
    if (end < 0) break // JSON.parse will say so
    parts.push(text.slice(from, start), JSON.stringify(text.slice(start, end)))
    from = end
  }
  parts.push(text.slice(from))
  return parts.join('')
}

/**
 * Puts in quotes what JSON.parse would not keep exactly: long 64-bit numbers, and Windows attributes, whose text
 * is to stay as it came. JSON.parse has a reviver for this, but with one it takes many times as long, and on
 * Windows nearly every file number is long.
 */
export function quoteInexact(text: string): string {
  const kept = text.includes(rawKey) ? keepRawObjects(text) : text
  return kept.replace(longNumber, '"$1":"$2"')
}
