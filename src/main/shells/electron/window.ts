import { BrowserWindow, dialog, nativeTheme, screen, type WebContents } from 'electron'
import { webPreferences } from './hardening.ts'
import { startPage } from './pages.ts'
import { placeWindow, smallest, type WindowFile } from './window-bounds.ts'

/** The one window. Closed, it is gone with its whole process; what remains is the tray. */
export interface Window {
  /** Shows it, made anew if need be. @param route where to go in it, as `#/plans/ID` */
  open(route?: string): void
  close(): void
  /** Its page, while it is there. */
  contents(): WebContents | null
  send(channel: string, message: unknown): void
}

/** A page that dies this soon after it was loaded would only die again. */
const crashPauseMs = 30_000

export function createWindow({
  preload,
  devTools,
  file,
  now,
}: {
  preload: string
  devTools: boolean
  file: WindowFile
  now: () => number
}): Window {
  let window: BrowserWindow | null = null
  let loadedAtMs = 0

  function make(route: string): BrowserWindow {
    const { primary, others } = displays()
    const { maximized, ...bounds } = placeWindow(file.read(), [primary, ...others])
    const made = new BrowserWindow({
      ...bounds,
      minWidth: smallest.width,
      minHeight: smallest.height,
      show: false,
      title: 'Holdfast',
      backgroundColor: nativeTheme.shouldUseDarkColors ? '#0e1316' : '#f3f4f2',
      // The page draws the title bar; the system only its buttons, in a grey that is seen on both schemes.
      titleBarStyle: 'hidden',
      ...(process.platform === 'darwin'
        ? { titleBarOverlay: { height: 39 }, trafficLightPosition: { x: 14, y: 13 } }
        : {
            titleBarOverlay: { color: '#00000000', symbolColor: '#7a868c', height: 39 },
            autoHideMenuBar: true,
          }),
      webPreferences: webPreferences(preload, devTools),
    })
    made.once('ready-to-show', () => {
      if (maximized) made.maximize()
      made.show()
    })
    made.on('close', () => {
      file.write({ ...made.getNormalBounds(), maximized: made.isMaximized() })
    })
    made.on('closed', () => {
      if (window === made) window = null
    })
    made.webContents.on('render-process-gone', (_, { reason }) => {
      if (reason === 'clean-exit') return
      const soon = now() - loadedAtMs < crashPauseMs
      made.destroy()
      if (!soon) open()
    })
    loadedAtMs = now()
    made.loadURL(startPage + route).catch((error: Error) => {
      if (made.isDestroyed()) return // closed while it was loading
      made.destroy()
      dialog.showErrorBox('The window of Holdfast could not be loaded', error.message)
    })
    return made
  }

  function open(route?: string): void {
    if (!window) {
      window = make(route ?? '')
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
    if (route !== undefined) send('route', route)
  }

  function send(channel: string, message: unknown): void {
    if (window && !window.webContents.isDestroyed()) window.webContents.send(channel, message)
  }

  return { open, send, close: () => window?.close(), contents: () => window?.webContents ?? null }
}

function displays() {
  const primary = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter(({ id }) => id !== primary.id)
  return { primary: primary.workArea, others: others.map(({ workArea }) => workArea) }
}
