import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAsking } from './asking.ts'
import { decodeClone, encodeClone } from './clone.ts'

/**
 * The part of Electron that the main process uses, for a plain Node process. Windows are pages of a Chromium that
 * another process drives (stand-in.ts); everything here only keeps the semantics: what can be prevented, what is cloned,
 * who is the sender, in which order things end. What can't be had without Electron is written down, to be looked at.
 */

const root = fileURLToPath(new URL('../../../', import.meta.url))
const { ELECTRON_HOST_PACKAGED, ELECTRON_HOST_DARK } = process.env

/** What happened that nobody but the system would see. */
const record = {
  opened: [] as string[],
  shown: [] as string[],
  drags: [] as unknown[],
  errors: [] as string[],
}

const { ask } = createAsking(
  {
    send: frame => void process.send?.(frame),
    on: hear => void process.on('message', hear),
  },
  {
    page: (url: string, method: string) => answerPage(url, method),
    request: (url: string) => isCancelled(url),
    willNavigate: (id: number, url: string) => prevented(contentsOf(id), 'will-navigate', { url }),
    windowOpen: (id: number, url: string) => contentsOf(id).openHandler?.({ url }) ?? { action: 'allow' },
    permission: async (permission: string, from: string) => ({
      request: await asked(permission, from),
      check: session.defaultSession.check?.(null, permission, from, {}) ?? true,
    }),
    ipc: (message: IpcMessage) => receive(message),
    emit: (target: 'app' | 'powerMonitor' | 'nativeTheme', event: string, ...args: unknown[]) => {
      const happening = preventable()
      ;({ app, powerMonitor, nativeTheme })[target].emit(event, happening, ...args)
      return happening.prevented()
    },
    windows: () => [...windows.values()].map(window => window.facts()),
    closeWindow: (id: number) => windows.get(id)?.close(),
    crash: (id: number) =>
      void contentsOf(id).emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 }),
    tray: () => trays.at(-1)?.facts() ?? null,
    menu: () => labels(Menu.application?.items ?? []),
    click: (where: 'tray' | 'menu', path: string[]) =>
      click(where === 'tray' ? (trays.at(-1)?.menu?.items ?? []) : (Menu.application?.items ?? []), path),
    notifications: () => notifications.map(({ title, body }) => ({ title, body })),
    clickNotification: (at: number) => void notifications[at]?.emit('click', {}),
    dialogs: () => dialogs.map(({ kind, options }) => ({ kind, options })),
    answerDialog: (value: unknown) => dialogs.shift()?.resolve(value),
    record: () => record,
    quit: () => app.quit(),
  },
)

interface Preventable {
  preventDefault(): void
  prevented(): boolean
}
function preventable<T extends object>(more?: T): Preventable & T {
  let is = false
  return Object.assign({ preventDefault: () => void (is = true), prevented: () => is }, more as T)
}
function prevented(emitter: EventEmitter, name: string, more?: object): boolean {
  const happening = preventable(more)
  emitter.emit(name, happening)
  return happening.prevented()
}

// app

const paths = new Map<string, string>([['userData', join(homedir(), '.config', 'Holdfast')]])
let quitting = false

export const app = Object.assign(new EventEmitter(), {
  isPackaged: ELECTRON_HOST_PACKAGED === '1',
  getVersion: () =>
    (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version,
  getAppPath: () => root,
  getPath: (name: string) => paths.get(name) ?? homedir(),
  setPath: (name: string, path: string) => void paths.set(name, path),
  setAppUserModelId: () => undefined,
  setAsDefaultProtocolClient: () => true,
  enableSandbox: () => undefined,
  getLoginItemSettings: () => ({ openAtLogin: false }),
  setLoginItemSettings: () => undefined,
  // a task later than the main module, as Electron's is
  whenReady: () => new Promise<void>(resolve => setTimeout(resolve, 0)),
  requestSingleInstanceLock: () => takeLock(paths.get('userData')!),
  quit,
  exit(code = 0) {
    quitting = true
    process.exit(code)
  },
})

function quit(): void {
  if (quitting || prevented(app, 'before-quit')) return
  for (const window of windows.values()) window.close()
  if (windows.size > 0 || prevented(app, 'will-quit')) return
  quitting = true
  app.emit('quit', {}, 0)
  process.exit(0)
}

/** The first process of a profile gets it; a later one leaves what it was started with, where the first one looks. */
function takeLock(profile: string): boolean {
  mkdirSync(profile, { recursive: true })
  const lock = join(profile, 'SingletonLock')
  const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0)
  if (holder !== 0 && isAlive(holder)) {
    writeFileSync(join(profile, `second-${process.pid}.new`), JSON.stringify(process.argv))
    writeFileSync(join(profile, `second-${process.pid}.json`), JSON.stringify(process.argv))
    return false
  }
  writeFileSync(lock, String(process.pid))
  process.on('exit', () => rmSync(lock, { force: true }))
  setInterval(() => {
    for (const name of readdirSync(profile).filter(name => /^second-\d+\.json$/.test(name))) {
      const argv: unknown = JSON.parse(readFileSync(join(profile, name), 'utf8'))
      rmSync(join(profile, name))
      app.emit('second-instance', {}, argv, process.cwd(), null)
    }
  }, 50).unref()
  return true
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

// windows

const windows = new Map<number, BrowserWindow>()
let nextId = 1

interface Options {
  x: number
  y: number
  width: number
  height: number
  show?: boolean
  webPreferences: Record<string, unknown>
}

const contentsOf = (id: number): WebContents => windows.get(id)?.webContents ?? new WebContents(-1)

class WebContents extends EventEmitter {
  readonly id: number
  openHandler: ((details: { url: string }) => { action: string }) | null = null
  url = ''
  constructor(id: number) {
    super()
    this.id = id
  }
  send = (channel: string, ...args: unknown[]) => void ask('send', this.id, channel, encodeClone(args))
  setWindowOpenHandler(handler: WebContents['openHandler']) {
    this.openHandler = handler
  }
  isDestroyed = () => !windows.has(this.id)
  getURL = () => this.url
  startDrag = (item: { file: string; files: string[] }) =>
    void record.drags.push({ file: item.file, files: item.files })
}

export class BrowserWindow extends EventEmitter {
  readonly id = nextId++
  readonly webContents = new WebContents(this.id)
  readonly #options: Options
  #visible = false
  #focused = false
  #maximized = false
  #minimized = false
  constructor(options: Options) {
    super()
    this.#options = options
    windows.set(this.id, this)
    app.emit('web-contents-created', {}, this.webContents)
  }
  async loadURL(url: string) {
    this.webContents.url = url
    const { width, height, webPreferences } = this.#options
    await ask('load', this.id, url, { width, height, preload: webPreferences['preload'] })
    this.emit('ready-to-show')
  }
  show = () => ((this.#visible = true), (this.#focused = true))
  focus = () => void (this.#focused = true)
  isMinimized = () => this.#minimized
  minimize = () => void (this.#minimized = true)
  restore = () => void (this.#minimized = false)
  maximize = () => void (this.#maximized = true)
  isMaximized = () => this.#maximized
  isDestroyed = () => !windows.has(this.id)
  getNormalBounds() {
    const { x, y, width, height } = this.#options
    return { x, y, width, height }
  }
  close() {
    if (!this.isDestroyed() && !prevented(this, 'close')) this.destroy()
  }
  destroy() {
    if (!windows.delete(this.id)) return
    void ask('close', this.id)
    this.webContents.emit('destroyed')
    this.emit('closed')
    if (windows.size === 0 && !quitting) app.emit('window-all-closed')
  }
  facts = () => ({
    id: this.id,
    visible: this.#visible,
    focused: this.#focused,
    maximized: this.#maximized,
    bounds: this.getNormalBounds(),
    webPreferences: this.#options.webPreferences,
  })
}

// what the page asks for

interface IpcMessage {
  id: number
  kind: 'invoke' | 'send'
  channel: string
  args: string
  frame: { url: string; isMain: boolean } | null
}

const handlers = new Map<string, (event: unknown, ...args: unknown[]) => unknown>()
export const ipcMain = Object.assign(new EventEmitter(), {
  handle: (channel: string, handler: (event: unknown, ...args: unknown[]) => unknown) =>
    void handlers.set(channel, handler),
})

async function receive({ id, kind, channel, args, frame }: IpcMessage): Promise<string> {
  const parameters = decodeClone(args) as unknown[]
  const event = {
    sender: contentsOf(id),
    senderFrame: frame && { url: frame.url, parent: frame.isMain ? null : {} },
  }
  if (kind === 'send') {
    ipcMain.emit(channel, event, ...parameters)
    return encodeClone(undefined)
  }
  const handler = handlers.get(channel)
  if (!handler) throw new Error(`Error invoking remote method '${channel}': No handler registered`)
  return encodeClone(await handler(event, ...parameters))
}

const schemes = new Map<string, (request: Request) => Promise<Response>>()
export const protocol = {
  registerSchemesAsPrivileged: () => undefined,
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) =>
    void schemes.set(scheme, handler),
}

async function answerPage(url: string, method: string) {
  const handler = schemes.get(new URL(url).protocol.slice(0, -1))
  if (!handler) return null
  const response = await handler({ url, method } as Request) // Node's own Request takes no scheme of ours
  const body = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, headers: Object.fromEntries(response.headers), body }
}

type Check = (contents: unknown, permission: string, from: string, details: object) => boolean
type OnRequest = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: { requestingUrl: string },
) => void
type BeforeRequest = (details: { url: string }, answer: (response: { cancel: boolean }) => void) => void

class Session extends EventEmitter {
  check: Check | null = null
  onRequest: OnRequest | null = null
  beforeRequest: BeforeRequest | null = null
  setPermissionRequestHandler = (handler: OnRequest) => void (this.onRequest = handler)
  setPermissionCheckHandler = (handler: Check) => void (this.check = handler)
  setDevicePermissionHandler = () => undefined
  webRequest = { onBeforeRequest: (handler: BeforeRequest) => void (this.beforeRequest = handler) }
}
export const session = { defaultSession: new Session() }

const asked = (permission: string, from: string): Promise<boolean> =>
  new Promise(resolve => {
    const { onRequest } = session.defaultSession
    if (onRequest) onRequest(null, permission, resolve, { requestingUrl: from })
    else resolve(true)
  })
const isCancelled = (url: string): Promise<boolean> =>
  new Promise(resolve => {
    const { beforeRequest } = session.defaultSession
    if (beforeRequest) beforeRequest({ url }, ({ cancel }) => resolve(cancel))
    else resolve(false)
  })

// menus, tray, notifications, dialogs

interface Item {
  type?: string
  label?: string
  role?: string
  enabled?: boolean
  accelerator?: string
  submenu?: Item[]
  click?: () => void
}
export class Menu {
  static application: Menu | null = null
  readonly items: Item[]
  constructor(items: Item[]) {
    this.items = items
  }
  static buildFromTemplate = (items: Item[]) => new Menu(items)
  static setApplicationMenu = (menu: Menu) => void (Menu.application = menu)
}

const labels = (items: Item[]): unknown[] =>
  items.map(({ type, label, role, submenu, accelerator }) =>
    submenu
      ? { label, items: labels(submenu) }
      : (type ?? (accelerator ? { label, accelerator } : (label ?? `role ${role}`))),
  )

function click(items: Item[], [label, ...rest]: string[]): void {
  const item = items.find(item => item.label === label)
  if (!item) throw new Error(`no "${label}" among ${JSON.stringify(labels(items))}`)
  if (rest.length > 0) return click(item.submenu ?? [], rest)
  if (item.enabled === false) throw new Error(`"${label}" is not enabled`)
  item.click?.()
}

const trays: Tray[] = []
interface NativeImage {
  path: string
}
export const nativeImage = {
  createFromPath(path: string): NativeImage {
    if (!existsSync(path)) throw new Error(`there is no picture ${path}`)
    return { path }
  },
}

export class Tray extends EventEmitter {
  #image: NativeImage
  #tooltip = ''
  menu: Menu | null = null
  constructor(image: NativeImage) {
    super()
    this.#image = image
    trays.push(this)
  }
  setImage = (image: NativeImage) => void (this.#image = image)
  setToolTip = (text: string) => void (this.#tooltip = text)
  setContextMenu = (menu: Menu) => void (this.menu = menu)
  destroy = () => void trays.splice(trays.indexOf(this), 1)
  facts = () => ({ image: this.#image.path, tooltip: this.#tooltip, menu: labels(this.menu?.items ?? []) })
}

const notifications: Notification[] = []
export class Notification extends EventEmitter {
  static isSupported = () => true
  readonly title: string
  readonly body: string
  constructor({ title, body }: { title: string; body: string }) {
    super()
    this.title = title
    this.body = body
  }
  show = () => void notifications.push(this)
}

const dialogs: { kind: string; options: unknown; resolve: (value: unknown) => void }[] = []
/** Stays open until the test answers it. */
const dialogOf = (kind: string) => (options: unknown) =>
  new Promise(resolve => void dialogs.push({ kind, options, resolve }))
export const dialog = {
  showMessageBox: dialogOf('message'),
  showOpenDialog: dialogOf('open'),
  showSaveDialog: dialogOf('save'),
  showErrorBox(title: string, content: string) {
    record.errors.push(`${title}: ${content}`)
    process.stderr.write(`${title}: ${content}\n`)
  },
}

// the rest of the system

export const shell = {
  openExternal: async (url: string) => void record.opened.push(url),
  showItemInFolder: (path: string) => void record.shown.push(path),
}
export const net = { online: true }
export const powerMonitor = Object.assign(new EventEmitter(), { onBatteryPower: false })
export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: ELECTRON_HOST_DARK === '1',
  shouldUseDarkColorsForSystemIntegratedUI: true,
})
export const screen = {
  getPrimaryDisplay: () => ({ id: 1, workArea: { x: 0, y: 28, width: 1920, height: 1052 } }),
  getAllDisplays: () => [screen.getPrimaryDisplay()],
}
