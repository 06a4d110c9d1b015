import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError, toWireError } from '../../../shared/errors.ts'
import type { App } from '../../services/app.ts'
import { DownloadRequest } from '../../services/download.ts'

/**
 * `GET /api/download?destination=…&snapshot=…&path=…`, with a `path` for each item: a link that a browser follows, and so
 * no call of the contract. It is noted in the audit log: it takes data out.
 */
export function setUpDownload(
  server: FastifyInstance,
  app: Pick<App, 'audit' | 'download'>,
  now: () => number,
): void {
  server.get('/api/download', { exposeHeadRoute: false }, async (request, reply) => {
    const wanted = requestOf(request)
    const note = (detail: string) =>
      app.audit.append({
        atMs: now(),
        who: request.caller?.who ?? '',
        action: 'download',
        subject: wanted.snapshotId,
        detail,
      })
    const download = await app.download(wanted).catch((error: unknown) => {
      note(`failed: ${toWireError(error).code}`)
      throw error
    })
    note('begun')
    const { filename, mime, sizeBytes, stream } = download
    reply
      .header('content-type', mime) // never the file's own: nothing of it is to be shown as ours
      .header('content-disposition', disposition(filename))
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
    if (sizeBytes !== null) reply.header('content-length', sizeBytes)
    return reply.send(stream)
  })
}

function requestOf({ query }: FastifyRequest): DownloadRequest {
  const { destination, snapshot, path, ...others } = query as Record<string, unknown>
  const paths = typeof path === 'string' ? [path] : path
  const parsed = DownloadRequest.safeParse({ destinationId: destination, snapshotId: snapshot, paths })
  if (parsed.success && Object.keys(others).length === 0) return parsed.data
  throw new AppError(
    'invalid_input',
    'A download names one destination, one snapshot, and one path or more.',
    {
      hint: 'Write /api/download?destination=…&snapshot=…&path=…, each encoded.',
    },
  )
}

/** A name from a snapshot may hold anything: quotes, line ends, other scripts, marks that turn text around. */
export function disposition(filename: string): string {
  const safe = filename.replace(/[\p{C}/\\]/gu, '_')
  const plain = safe.replace(/[^\x20-\x7e]|["%;]/g, '_')
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, each => `%${each.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
