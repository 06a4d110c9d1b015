import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

/** The few pages that the server has of its own: no script, no picture, one style. */

const style = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem; color-scheme: light dark }
label { display: block; margin: 1.5rem 0 0.25rem }
input { font: inherit; padding: 0.4rem; width: 100%; box-sizing: border-box }
button { font: inherit; padding: 0.4rem 1rem; margin-top: 0.75rem }
code { font-size: 0.95em }
`
const styleHash = createHash('sha256').update(style).digest('base64')
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`

export const signInPage = page(
  'Holdfast: sign in',
  `<h1>Sign in to Holdfast</h1>
<p>This browser has no session, or it has ended. Open the link that <code>holdfast serve</code> prints when it starts
(it works once, for five minutes), or give the token.</p>
<form method="post" action="/sign-in">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>`,
)

export const noWindowPage = page(
  'Holdfast',
  `<h1>Holdfast is running</h1>
<p>The window is not built into this server. What there is: the <a href="/docs">API and its documentation</a>, and the
command line (<code>holdfast status</code>, <code>holdfast plan list</code>).</p>`,
)

export const sendPage = (reply: FastifyReply, text: string): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('content-security-policy', policy).send(text)
