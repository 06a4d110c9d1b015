import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** The window's own address. A scheme of our own has an origin, so the policy's 'self' means us, and no file: page ever does. */
export const scheme = 'app'
export const host = 'holdfast'
export const startPage = `${scheme}://${host}/index.html`

/**
 * The window talks over the preload's bridge alone, so it may connect to nothing; no script, style sheet, picture or
 * font that is not a file of ours. Inline styles are the component library's; `data:` and `blob:` pictures, previews.
 */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
].join('; ')

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Which file of the built window an address means, as its folders and name; null for anything else. */
export function pagePath(address: string): string[] | null {
  const url = URL.parse(address)
  if (url?.protocol !== `${scheme}:` || url.host !== host || url.username !== '' || url.password !== '')
    return null
  const names = url.pathname.slice(1).split('/')
  // Names as the build makes them: nothing hidden, nothing encoded, nothing that leads up.
  const plain = names.every(name => /^[A-Za-z0-9_-][\w.-]*$/.test(name))
  return plain && Object.hasOwn(contentTypes, extname(names.at(-1)!)) ? names : null
}

/**
 * Answers for the scheme.
 * @param folder of the built window
 */
export const servePages =
  (folder: string) =>
  async ({ method, url }: Pick<Request, 'method' | 'url'>): Promise<Response> => {
    const path = method === 'GET' ? pagePath(url) : null
    if (path === null) return new Response(null, { status: 404 })
    const bytes = await readFile(join(folder, ...path)).catch(() => null)
    if (bytes === null) return new Response(null, { status: 404 })
    return new Response(bytes, {
      headers: {
        'content-type': contentTypes[extname(path.at(-1)!)]!,
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      },
    })
  }
