/** Two processes that ask each other for things, over a channel that clones values (`fork` with `advanced`). */

type Frame =
  | { kind: 'ask'; id: number; name: string; args: unknown[] }
  | { kind: 'answer'; id: number; value: unknown }
  | { kind: 'failure'; id: number; message: string }

export type Answers = Record<string, (...args: never[]) => unknown>

export interface Peer {
  send(frame: Frame): void
  on(hear: (frame: Frame) => void): void
}

/** @returns how to ask the other side; what it asks for is answered by `answers` */
export function createAsking(
  peer: Peer,
  answers: Answers,
): { ask: <T>(name: string, ...args: unknown[]) => Promise<T>; fail: (reason: Error) => void } {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let nextId = 0
  let ended: Error | null = null

  async function answer({ id, name, args }: Extract<Frame, { kind: 'ask' }>): Promise<void> {
    try {
      if (!Object.hasOwn(answers, name)) throw new Error(`nobody answers ${name}`)
      peer.send({ kind: 'answer', id, value: await answers[name]!(...(args as never[])) })
    } catch (error) {
      peer.send({ kind: 'failure', id, message: error instanceof Error ? error.message : String(error) })
    }
  }

  peer.on(frame => {
    if (frame.kind === 'ask') return void answer(frame)
    const asked = waiting.get(frame.id)
    waiting.delete(frame.id)
    if (frame.kind === 'answer') asked?.resolve(frame.value)
    else asked?.reject(new Error(frame.message))
  })
  return {
    ask: <T>(name: string, ...args: unknown[]) =>
      new Promise<T>((resolve, reject) => {
        if (ended) return reject(ended)
        const id = nextId++
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
        peer.send({ kind: 'ask', id, name, args })
      }),
    fail(reason) {
      ended = reason
      for (const { reject } of waiting.values()) reject(reason)
      waiting.clear()
    },
  }
}
