import { pagePath, startPage } from './pages.ts'

/** What the window may do and where it may lead. Pure. */

/** Whether a message comes from our own page, and not from a frame inside it or from another page in its place. */
export const isOwnFrame = (frame: { url: string; parent: unknown } | null): boolean =>
  frame !== null && frame.parent === null && isOwnPage(frame.url)

/** The only page that the window shows. */
export const isOwnPage = (url: string): boolean => url.split(/[?#]/)[0] === startPage

/** Whether the window may load it at all. */
export const isOwnRequest = (url: string, devTools: boolean): boolean =>
  pagePath(url) !== null ||
  /^(blob:app:\/\/holdfast\/|data:)/.test(url) ||
  (devTools && url.startsWith('devtools://'))

/** Copying to the clipboard is all that our page ever asks for. */
export const isPermitted = (permission: string, from: string): boolean =>
  permission === 'clipboard-sanitized-write' && /^app:\/\/holdfast(\/|$)/.test(from)

/** What it may save as a file: something that the page itself made. */
export const isOwnDownload = (url: string): boolean => url.startsWith('blob:app://holdfast/')

/** Sites that the window links to; they open in the browser. */
const sites = new Set(['restic.net', 'restic.readthedocs.io'])

/** An address that may be handed to the browser, in its normal form; null for all others. */
export function externalLink(address: string): string | null {
  const url = URL.parse(address)
  const plain = url?.protocol === 'https:' && url.username === '' && url.password === '' && url.port === ''
  return plain && sites.has(url.hostname) ? url.href : null
}
