import type { FastifyReply } from 'fastify'
import type { Reply } from '../../../shared/contract.ts'
import { AppError, failures, toWireError, type WireError } from '../../../shared/errors.ts'

/** After a failure that may pass, unless somebody knows better. */
const retryAfterSeconds = 10

/** A failure as it goes over HTTP: its own status, and `{ code, message, hint }`. */
export function sendFailure(reply: FastifyReply, error: WireError, status?: number): FastifyReply {
  const { http, retry } = failures[error.code]
  if (retry && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfterSeconds)
  return reply.code(status ?? http).send(error)
}

/** 200 with the value, 204 where there is none, or the failure. */
export function sendReply(reply: FastifyReply, answer: Reply, status = 200): FastifyReply {
  if (!answer.ok) return sendFailure(reply, answer.error)
  return answer.value === undefined ? reply.code(204).send() : reply.code(status).send(answer.value)
}

/** Whatever was thrown on the way, by us or by the HTTP library, in the same shape. */
export function sendThrown(reply: FastifyReply, error: unknown): FastifyReply {
  const status = error instanceof AppError ? undefined : statusOf(error)
  if (status === undefined || status < 400 || status >= 500) return sendFailure(reply, toWireError(error))
  if (status === 404) return sendFailure(reply, nothingThere)
  return sendFailure(reply, { code: 'invalid_input', ...(refusals[status] ?? badRequest), ...hint }, status)
}

export const nothingThere: WireError = {
  code: 'not_found',
  message: 'There is nothing at this address.',
  hint: 'The API documentation at /docs lists everything.',
}

// The library's own messages quote what was sent, which may hold a password; these don't.
const badRequest = { message: 'The request could not be understood: it is not valid HTTP or not valid JSON.' }
const refusals: Record<number, { message: string }> = {
  408: { message: 'The request took too long to arrive.' },
  413: { message: 'The request is larger than the server takes.' },
  414: { message: 'The address is longer than the server takes.' },
  415: { message: 'The server takes JSON only.' },
  431: { message: 'The headers of the request are larger than the server takes.' },
}
const hint = { hint: 'Send what the API documentation at /docs shows.' }

const statusOf = (error: unknown): number | undefined => {
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' ? status : undefined
}

/** The answer to what is not even HTTP; there is no request yet, so it goes to the bare socket. */
export function rawRefusal(errorCode: string | undefined): string {
  const status =
    errorCode === 'HPE_HEADER_OVERFLOW' ? 431 : errorCode === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const body = JSON.stringify({ code: 'invalid_input', ...(refusals[status] ?? badRequest), ...hint })
  return [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
