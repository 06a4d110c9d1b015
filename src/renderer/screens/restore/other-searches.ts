/** What else could be searched for where nothing was found. Pure. */
export function otherSearches(query: string): { what: string; query: string }[] {
  const name = query.slice(query.lastIndexOf('/') + 1)
  const ways: { what: string; query: string }[] = []
  const add = (what: string, other: string) => {
    if (other !== query && !ways.some(way => way.query === other)) ways.push({ what, query: other })
  }
  if (name !== query && name !== '') add('Search the name in all folders', name)
  const plain = name.replace(/[*?]/g, '')
  const dot = plain.lastIndexOf('.')
  const ending = dot >= 0 ? plain.slice(dot + 1) : ''
  const stem = dot > 0 ? plain.slice(0, dot) : plain
  if (/^[\p{L}\p{N}]{1,8}$/u.test(ending)) {
    if (stem !== '') add('Search the name with any ending', `${stem}.*`)
    add(`Search all ${ending.toUpperCase()} files instead`, `*.${ending}`)
  }
  const words = stem.split(/[\s_.\-–()[\]]+/).filter(word => [...word].length >= 3)
  if (words.length > 1) for (const word of words.slice(0, 2)) add('Search a part of the name', word)
  const letters = [...(words[0] ?? stem)]
  if (letters.length >= 5) add('Search by how it begins', `${letters.slice(0, 3).join('')}*`)
  return ways.slice(0, 4)
}
