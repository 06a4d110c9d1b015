/**
 * Put into the page before anything of it runs: the part of `electron` that a preload uses, and the built preload.
 * Electron runs a preload in a world of its own. Here it runs in the page's, inside a function, so that the page sees of
 * it what `exposeInMainWorld` gives and nothing else.
 */
export function pageScript(preload: string, clone: { encode: string; decode: string }): string {
  return `(() => {
  if (window !== window.top) return // a preload runs in the main frame alone
  const encode = ${clone.encode}
  const decode = ${clone.decode}
  const post = globalThis.electronHost
  delete globalThis.electronHost
  const require = (${preparePage.toString()})(encode, decode, post)
  ;(function (require, module, exports) {
${preload}
  })(require, { exports: {} }, {})
})()`
}

type Hear = (event: object, ...args: unknown[]) => void
type Post = (message: { kind: string; channel: string; args: string }) => Promise<string>

function preparePage(
  encode: (value: unknown) => string,
  decode: (text: string) => unknown,
  post: Post,
): (name: string) => unknown {
  const listeners = new Map<string, Set<Hear>>()
  const page = globalThis as Record<string, unknown> & typeof globalThis

  Object.defineProperty(page, 'electronHostHears', {
    value(channel: string, text: string) {
      const args = decode(text) as unknown[]
      for (const hear of listeners.get(channel) ?? []) hear({}, ...args)
    },
  })

  const ipcRenderer = {
    async invoke(channel: string, ...args: unknown[]) {
      return decode(await post({ kind: 'invoke', channel, args: encode(args) }))
    },
    send(channel: string, ...args: unknown[]) {
      void post({ kind: 'send', channel, args: encode(args) })
    },
    on(channel: string, hear: Hear) {
      listeners.set(channel, (listeners.get(channel) ?? new Set<Hear>()).add(hear))
    },
    off(channel: string, hear: Hear) {
      listeners.get(channel)?.delete(hear)
    },
  }

  /** As the bridge between the worlds does it: functions are called across, everything else is copied. */
  function across(value: unknown): unknown {
    if (typeof value === 'function') {
      return (...args: unknown[]) => {
        const result: unknown = (value as (...args: unknown[]) => unknown)(...args.map(across))
        return result instanceof Promise ? result.then(across) : across(result)
      }
    }
    if (value instanceof Blob) return value
    if (Object.prototype.toString.call(value) === '[object Object]')
      return Object.freeze(
        Object.fromEntries(Object.entries(value as object).map(([name, each]) => [name, across(each)])),
      )
    return structuredClone(value)
  }

  const electron = {
    ipcRenderer,
    contextBridge: {
      exposeInMainWorld(name: string, api: unknown) {
        Object.defineProperty(page, name, { value: across(api), enumerable: true })
      },
    },
    webUtils: {
      // A file that a test drops has no path, unless the test says one.
      getPathForFile: (file: Blob & { pathForTest?: string }) => file.pathForTest ?? '',
    },
  }
  return name => {
    if (name === 'electron') return electron
    throw new Error(`a sandboxed preload can't load ${name}`)
  }
}
