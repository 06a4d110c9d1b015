import type { AnyEvent, Client, Output } from '../../../shared/contract.ts'
import { AppError, type WireError } from '../../../shared/errors.ts'
import type { App } from '../../services/app.ts'
import { dispatch, type Caller } from '../../services/dispatch.ts'

/** A failure that came as a value, as an error again. */
export const fromWireError = ({ code, message, hint }: WireError): AppError =>
  new AppError(code, message, hint === undefined ? {} : { hint })

/** The application in this very process, by the same door as everybody else: nothing gets around `dispatch`. */
export function insideClient(app: Pick<App, 'api' | 'audit' | 'now' | 'subscribe'>, caller: Caller): Client {
  const leave = new Set<() => void>()
  return {
    async call(name, input) {
      const reply = await dispatch(app, caller, name, input)
      if (!reply.ok) throw fromWireError(reply.error)
      return reply.value as Output<typeof name>
    },
    subscribe(listener, { onConnect }) {
      let heard = true
      const stopHearing = app.subscribe((event: AnyEvent) => listener(event))
      const stop = () => {
        heard = false
        leave.delete(stop)
        stopHearing()
      }
      leave.add(stop)
      queueMicrotask(() => heard && onConnect())
      return stop
    },
    close() {
      for (const stop of leave) stop()
      return Promise.resolve()
    },
  }
}
