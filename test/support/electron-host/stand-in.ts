import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page, Request, Route } from 'playwright-core'
import { createAsking } from './asking.ts'
import { decodeClone, encodeClone } from './clone.ts'
import { pageScript } from './page-script.ts'

/**
 * Electron's place is taken by two things that are there: the built main bundle runs in Node, its `electron` replaced
 * (electron.ts), and each window is a page of a real Chromium, with the built preload put in and the built renderer
 * served by the main process's own scheme handler. Chromium without Electron knows no scheme of ours, so `app://holdfast`
 * is called `https://holdfast` in the page, and nowhere else.
 */

const inPage = 'https://holdfast'
const inApp = 'app://holdfast'
const toPage = (url: string): string => (url.startsWith(`${inApp}/`) ? inPage + url.slice(inApp.length) : url)
const toApp = (url: string): string => (url.startsWith(`${inPage}/`) ? inApp + url.slice(inPage.length) : url)

export interface WindowFacts {
  id: number
  visible: boolean
  focused: boolean
  maximized: boolean
  bounds: { x: number; y: number; width: number; height: number }
  webPreferences: Record<string, unknown>
}

/** What only the system or a person at the machine does to a desktop app, and what they would see of it. */
export interface StandIn {
  readonly process: ChildProcess
  /** Settles when it has ended. */
  readonly ended: Promise<number | null>
  /** Everything it wrote to its streams. */
  said(): string
  /** The page of the one window; waits until there is one. */
  page(): Promise<Page>
  windows(): Promise<WindowFacts[]>
  closeWindow(): Promise<void>
  crashPage(): Promise<void>
  tray(): Promise<{ image: string; tooltip: string; menu: unknown[] } | null>
  menu(): Promise<unknown[]>
  click(where: 'tray' | 'menu', ...path: string[]): Promise<void>
  notifications(): Promise<{ title: string; body: string }[]>
  clickNotification(at: number): Promise<void>
  dialogs(): Promise<{ kind: string; options: Record<string, unknown> }[]>
  answerDialog(value: unknown): Promise<void>
  record(): Promise<{ opened: string[]; shown: string[]; drags: { files: string[] }[]; errors: string[] }>
  /** Returns whether its default was prevented. */
  emit(target: 'app' | 'powerMonitor' | 'nativeTheme', event: string, ...args: unknown[]): Promise<boolean>
  permission(name: string, from: string): Promise<{ request: boolean; check: boolean }>
  request(url: string): Promise<boolean>
  /** A message to the main process as another frame, page or window could send it. */
  message(message: {
    window?: number
    kind?: 'invoke' | 'send'
    channel: string
    args: unknown[]
    frame: { url: string; isMain: boolean } | null
  }): Promise<unknown>
  quit(): Promise<void>
  close(): Promise<void>
}

interface Load {
  width: number
  height: number
  preload: string
}

/**
 * @param main the built main module
 * @param env of the process; HOLDFAST_HOME among it
 */
export async function startStandIn({
  main,
  args,
  env,
  browser,
  context: contextOptions,
}: {
  main: string
  args: readonly string[]
  env: Record<string, string | undefined>
  /** null: it is not going to open a window. */
  browser: Browser | null
  context: Parameters<Browser['newContext']>[0]
}): Promise<StandIn> {
  const context = (await browser?.newContext(contextOptions)) ?? null
  const pages = new Map<number, { page: Page; loading: string | null }>()
  let arrived = () => {}
  let failed: Error | null = null

  const child = fork(main, [...args], {
    env,
    execArgv: ['--import', new URL('hook.ts', import.meta.url).href],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  child.stdout!.on('data', (part: Buffer) => (text += part.toString()))
  child.stderr!.on('data', (part: Buffer) => (text += part.toString()))

  const { ask, fail } = createAsking(
    {
      send: frame => void (child.connected && child.send(frame)),
      on: hear => void child.on('message', hear as never),
    },
    {
      load: (id: number, url: string, options: Load) => load(id, url, options),
      close: async (id: number) => {
        const open = pages.get(id)
        pages.delete(id)
        await open?.page.close()
      },
      send: (id: number, channel: string, args: string) => sendToPage(pages.get(id)?.page, channel, args),
    },
  )
  const ended = new Promise<number | null>(resolve =>
    child.once('exit', code => {
      fail(new Error(`the main process ended\n${text}`))
      for (const { page } of pages.values()) void page.close()
      pages.clear()
      resolve(code)
    }),
  )

  async function load(id: number, url: string, { width, height, preload }: Load): Promise<void> {
    const page = await context!.newPage()
    await page.setViewportSize({ width, height })
    await page.exposeBinding('electronHost', ({ frame }, { kind, channel, args }: Record<string, string>) =>
      ask('ipc', {
        id,
        kind,
        channel,
        args,
        frame: { url: toApp(frame.url()), isMain: frame === page.mainFrame() },
      }),
    )
    await page.addInitScript({
      content: pageScript(readFileSync(preload, 'utf8'), {
        encode: encodeClone.toString(),
        decode: decodeClone.toString(),
      }),
    })
    const open = { page, loading: toPage(url) as string | null }
    pages.set(id, open)
    try {
      await page.goto(toPage(url))
    } catch (error) {
      failed = error as Error
      throw error
    } finally {
      open.loading = null
      arrived()
    }
  }

  await context?.route('**/*', answer)
  async function answer(route: Route, request: Request): Promise<void> {
    try {
      const url = toApp(request.url())
      const [id, open] = [...pages].find(([, { page }]) => page === pageOf(request)) ?? [-1, null]
      if (!open) {
        // A window that our page opened: Electron asks before there is one.
        const [opener] = pages.keys()
        const { action } = await ask<{ action: string }>('windowOpen', opener, url)
        if (action === 'deny') await pageOf(request)?.close()
        return await route.abort('blockedbyclient')
      }
      const isMove = request.isNavigationRequest() && request.frame() === open.page.mainFrame()
      if (isMove && request.url().split('#')[0] !== open.loading?.split('#')[0]) {
        if (await ask('willNavigate', id, url)) return await route.abort('aborted')
      }
      if (await ask('request', url)) return await route.abort('blockedbyclient')
      const response = await ask<{
        status: number
        headers: Record<string, string>
        body: Uint8Array
      } | null>('page', url, request.method())
      if (!response) return await route.abort('addressunreachable')
      await route.fulfill({ ...response, body: Buffer.from(response.body) })
    } catch {
      await route.abort().catch(() => undefined) // the page or the process is gone
    }
  }

  const standIn: StandIn = {
    process: child,
    ended,
    said: () => text,
    async page() {
      for (;;) {
        const [open] = pages.values()
        if (failed) throw failed
        if (open?.loading === null) return open.page
        await Promise.race([
          new Promise<void>(resolve => (arrived = resolve)),
          ended.then(() => {
            throw new Error(`the main process ended\n${text}`)
          }),
        ])
      }
    },
    windows: () => ask('windows'),
    async closeWindow() {
      const [id] = pages.keys()
      await ask('closeWindow', id)
    },
    async crashPage() {
      const [id] = pages.keys()
      await ask('crash', id)
    },
    tray: () => ask('tray'),
    menu: () => ask('menu'),
    click: (where, ...path) => ask('click', where, path),
    notifications: () => ask('notifications'),
    clickNotification: at => ask('clickNotification', at),
    dialogs: () => ask('dialogs'),
    answerDialog: value => ask('answerDialog', value),
    record: () => ask('record'),
    emit: (target, event, ...more) => ask('emit', target, event, ...more),
    permission: (name, from) => ask('permission', name, from),
    request: url => ask('request', url),
    async message({ window = [...pages.keys()][0] ?? -1, kind = 'invoke', channel, args, frame }) {
      const message = { id: window, kind, channel, args: encodeClone(args), frame }
      return decodeClone(await ask<string>('ipc', message))
    },
    quit: () => ask('quit').then(undefined, () => undefined) as Promise<void>,
    async close() {
      child.kill('SIGKILL')
      await ended
      await context?.close()
    },
  }
  return standIn
}

async function sendToPage(page: Page | undefined, channel: string, args: string): Promise<void> {
  // A page that is gone hears nothing, as in Electron.
  await page
    ?.evaluate(
      ([channel, args]) =>
        (
          globalThis as unknown as { electronHostHears(channel: string, args: string): void }
        ).electronHostHears(channel!, args!),
      [channel, args],
    )
    .catch(() => undefined)
}

function pageOf(request: Request): Page | null {
  try {
    return request.frame().page()
  } catch {
    return null // it is closed already, or its first request is still without a frame
  }
}

export const builtMain = fileURLToPath(new URL('../../../out/main/shells/electron/main.js', import.meta.url))
