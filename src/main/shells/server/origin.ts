/** Where the server is, as its own pages see it. */
export interface Place {
  readonly scheme: 'http' | 'https'
  /** The address it listens on. */
  readonly address: string
  readonly port: number
  /** Further names it is reached by, `name` or `name:port`: a proxy's, or those of a forwarded port. */
  readonly allowedHosts: readonly string[]
}

/** What a request says about where it comes from. */
export interface Provenance {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`: browsers send them, pages can't forge them. */
  readonly site: string | undefined
  readonly mode: string | undefined
}

export const isLoopback = (address: string): boolean =>
  address === '::1' || address === 'localhost' || /^127(\.\d{1,3}){3}$/.test(address)

const isWildcard = (address: string) => address === '0.0.0.0' || address === '::'
const inUrl = (address: string) => (address.includes(':') ? `[${address}]` : address)

/** The address to give to people. */
export function urlOf({ scheme, address, port }: Pick<Place, 'scheme' | 'address' | 'port'>): string {
  return `${scheme}://${isWildcard(address) ? '127.0.0.1' : inUrl(address)}:${port}/`
}

/**
 * Why a request may not come in, or null. Pure.
 *
 * The Host has to be a name of ours: a foreign name that was made to point here (DNS rebinding) is refused. A page of
 * another origin, on another port of this machine too, may neither call nor embed anything.
 */
export function foreign(place: Place, { method, host, origin, site, mode }: Provenance): string | null {
  const name = host?.toLowerCase() ?? ''
  const allowed = isAllowed(place, name)
  if (!isOwn(place, name) && !allowed) return 'The address it was called by is not one of the server.'

  if (origin !== undefined) {
    const from = origin.toLowerCase()
    // a proxy in front may speak https where the server does not
    const ours = from === `${place.scheme}://${name}` || (allowed && from === `https://${name}`)
    if (!ours) return 'It came from a page of another origin.'
  }
  // following a link from a page of the same site is no call: it changes nothing, and the answer can't be framed
  const follows = site === 'same-site' && mode === 'navigate' && method === 'GET'
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !follows)
    return 'It came from a page of another site.'
  return null
}

function isOwn({ scheme, address, port }: Place, host: string): boolean {
  const names = ['localhost', '127.0.0.1', '[::1]', ...(isWildcard(address) ? [] : [inUrl(address)])]
  const usual = port === (scheme === 'https' ? 443 : 80)
  return names.some(name => host === `${name}:${port}` || (usual && host === name))
}

function isAllowed({ allowedHosts, port }: Place, host: string): boolean {
  return allowedHosts
    .map(name => name.toLowerCase())
    .some(name => host === name || (/^(\[.*\]|[^:]*)$/.test(name) && host === `${name}:${port}`))
}
