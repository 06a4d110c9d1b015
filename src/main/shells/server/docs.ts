import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** What the documentation needs: its own files, pictures that its style sheet holds, and calls to this server. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Serves the document at /openapi.json and, for people, at /docs; every file comes from here. */
export async function setUpDocs(server: FastifyInstance, document: Record<string, unknown>): Promise<void> {
  server.get('/openapi.json', (_, reply) => reply.send(document))

  await server.register(swagger, {
    mode: 'static',
    specification: { document: document as never }, // its types know OpenAPI 3.0 best; a test checks the document
  })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: policy,
    theme: { title: 'Holdfast: API' },
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      persistAuthorization: false,
      // this function runs in the page, and gets there as text
      requestInterceptor: request => {
        request['headers']['x-holdfast'] = '1'
        return request
      },
    },
  })
}
