import { useSyncExternalStore } from 'react'

/** Where in the window we are, kept in the address: `#/plans/ID?section=when`. */
export interface Route {
  /** `home`, `plans`, … */
  readonly page: string
  /** What follows it, decoded. */
  readonly rest: readonly string[]
  readonly query: URLSearchParams
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [page = '', ...rest] = path.split('/').map(decoded)
  return { page: page || 'home', rest, query: new URLSearchParams(query) }
}

/** What somebody typed may be no encoding at all. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function hrefOf(
  page: string,
  rest: readonly string[] = [],
  query: Record<string, string> = {},
): string {
  const search = new URLSearchParams(query).toString()
  return `#/${[page, ...rest].map(encodeURIComponent).join('/')}${search ? `?${search}` : ''}`
}

export function go(page: string, rest: readonly string[] = [], query: Record<string, string> = {}): void {
  location.hash = hrefOf(page, rest, query)
}

/** Another address in the place of this one: what is only looked at on the way is nothing to go back to. */
export function swap(page: string, rest: readonly string[] = [], query: Record<string, string> = {}): void {
  history.replaceState(null, '', hrefOf(page, rest, query))
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function listen(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}

let last = { hash: '', route: parseRoute('') }
/** The same object for the same address, or React would render for ever. */
function current(): Route {
  if (last.hash !== location.hash) last = { hash: location.hash, route: parseRoute(location.hash) }
  return last.route
}

export const useRoute = (): Route => useSyncExternalStore(listen, current)
