import type { ServerResponse } from 'node:http'
import { events } from '../../../shared/contract.ts'
import type { App } from '../../services/app.ts'

const heartbeatMs = 15_000
/** What may wait for a reader who does not keep up, beside one event; then the reader is cut off and connects anew. */
const mostWaitingBytes = 1_048_576

export interface EventStreams {
  /** @param stillIn asked at each heartbeat: whether the reader may go on listening */
  add(response: ServerResponse, stillIn: () => boolean): void
  end(): void
}

/**
 * The events of the application as server-sent events, for any number of readers. Nothing is kept for those who are not
 * there: events carry whole states, and who connects (again) loads everything first.
 */
export function createEventStreams(subscribe: App['subscribe']): EventStreams {
  const readers = new Map<ServerResponse, () => boolean>()

  function send(reader: ServerResponse, text: string): void {
    if (reader.writableLength > mostWaitingBytes) reader.destroy()
    else reader.write(text)
  }

  const unsubscribe = subscribe(({ name, value }) => {
    if (readers.size === 0) return
    const parsed = events[name].safeParse(value) // as with answers: no field gets out that the contract does not name
    if (!parsed.success) {
      // what can't be told in the agreed shape is not passed over in silence: all connect anew and load
      for (const reader of readers.keys()) reader.destroy()
      return
    }
    const text = `event: ${name}\ndata: ${JSON.stringify(parsed.data)}\n\n`
    for (const reader of readers.keys()) send(reader, text)
  })

  const heart = setInterval(() => {
    for (const [reader, stillIn] of readers) {
      if (stillIn()) send(reader, ':\n\n')
      else reader.end()
    }
  }, heartbeatMs)
  heart.unref()

  return {
    add(response, stillIn) {
      response.on('close', () => readers.delete(response))
      response.on('error', () => response.destroy()) // the reader is gone; there is nobody to tell
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no', // a proxy in front must not collect them
      })
      response.write('retry: 1000\n:\n\n')
      readers.set(response, stillIn)
    },
    end() {
      unsubscribe()
      clearInterval(heart)
      for (const reader of readers.keys()) reader.end()
    },
  }
}
