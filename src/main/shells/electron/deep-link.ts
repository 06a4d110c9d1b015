/**
 * `holdfast://plan/ID` and `holdfast://restore?…`, as other programs and pages may open them. A link only leads
 * somewhere in the window; it starts, changes and restores nothing. Pure.
 */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** What a link to Restore may say, and how. */
const restoreQuery: Record<string, RegExp> = {
  destination: uuid,
  plan: uuid,
  snapshot: /^[0-9a-f]{8,64}$/,
  path: /^\/[^\0]{0,4095}$/,
  find: /^(?=.*\S)[^\0]{1,500}$/,
}
const longest = 16_384

/** Where a link leads, as a route of the window (`#/plans/ID`); null for whatever is not such a link. */
export function routeOfLink(link: string): string | null {
  if (link.length > longest) return null
  const url = URL.parse(link)
  if (url?.protocol !== 'holdfast:' || url.username !== '' || url.port !== '' || url.hash !== '') return null
  if (url.hostname === 'plan') {
    const id = url.pathname.slice(1)
    return uuid.test(id) && url.search === '' ? `#/plans/${id}` : null
  }
  if (url.hostname !== 'restore' || !['', '/'].includes(url.pathname)) return null
  const query = [...url.searchParams]
  const names = query.map(([name]) => name)
  const known = query.every(
    ([name, value]) => Object.hasOwn(restoreQuery, name) && restoreQuery[name]!.test(value),
  )
  if (!known || new Set(names).size < names.length) return null
  return query.length === 0 ? '#/restore' : `#/restore?${new URLSearchParams(query).toString()}`
}

/** The link among a program's arguments, as the system passes it when one is opened. */
export const linkAmong = (argv: readonly string[]): string | null =>
  argv.find(word => /^holdfast:/i.test(word)) ?? null
