import {
  app,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  net,
  powerMonitor,
  protocol,
  session,
  shell,
  type MessageBoxOptions,
} from 'electron'
import { homedir, hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { channels } from '../../../shared/channels.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { askProgram } from '../../services/scheduling/ask-program.ts'
import { systemPower } from '../../services/scheduling/power.ts'
import { surroundings } from '../data-directory.ts'
import { openApp } from '../local/host.ts'
import { createActions } from './actions.ts'
import { applicationMenu } from './application-menu.ts'
import { openApplication, type Application } from './application.ts'
import { createAutostart, hidden } from './autostart.ts'
import { linkAmong, routeOfLink } from './deep-link.ts'
import { desktopCalls } from './desktop-calls.ts'
import { startDrag } from './drag.ts'
import { hardenSession } from './hardening.ts'
import { listenToWindow } from './ipc.ts'
import { buildMenu } from './menu.ts'
import { createNotices } from './notices.ts'
import { createNotifier } from './notify.ts'
import { scheme, servePages } from './pages.ts'
import { createPlaces } from './places.ts'
import { desktopPower, onOnline, onWake } from './power.ts'
import { quitChoices, type QuitChoice, type QuitQuestion } from './quit.ts'
import { createStaging } from './staging.ts'
import { createTray } from './tray.ts'
import { trayLook, type Known } from './tray-menu.ts'
import { createWayOut } from './way-out.ts'
import { windowFile } from './window-bounds.ts'
import { createWindow } from './window.ts'

export interface Desktop {
  /** Shows the window; a link of ours leads somewhere in it, any other only shows it. */
  show(link: string | null): void
}

/** Of the folder that `out/` is in: the checkout, or the app's archive. */
const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const hourMs = 3_600_000

/** Wires the desktop together once Electron is ready. @throws what `openApp` throws the first time */
export async function startDesktop(dataDirectory: string, argv: readonly string[]): Promise<Desktop> {
  const { platform, env } = process
  const devTools = !app.isPackaged
  const now = Date.now

  hardenSession(session.defaultSession, devTools)
  protocol.handle(scheme, servePages(fromRoot('out/renderer')))
  const opening = openApplication(signal => openApp(hosting(dataDirectory, signal)))

  const staging = createStaging(join(dataDirectory, 'cache', 'drag'), now)
  staging.clear()
  setInterval(() => staging.sweep(), hourMs).unref()
  const places = createPlaces()
  const configFolder = env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  const autostart = createAutostart(app, platform, startCommand(), configFolder)
  if (app.isPackaged) app.setAsDefaultProtocolClient('holdfast')

  const window = createWindow({
    preload: fromRoot('out/preload/preload.cjs'),
    devTools,
    file: windowFile(join(dataDirectory, 'window.json')),
    now,
  })
  let link: Application['link'] = () => 'connecting'
  const dragIcon = nativeImage.createFromPath(fromRoot('assets/icons/64x64.png'))
  listenToWindow(ipcMain, {
    contents: window.contents,
    call: async (name, input) => (await opening).untrusted(name, input),
    desktop: desktopCalls({ app, shell, staging, places, autostart }),
    drag: (contents, input) => void startDrag(contents, staging, dragIcon, input),
    link: () => link(),
  })

  const wayOut = createWayOut({
    async runsAtWork() {
      const application = await opening
      if (!application.isOwner()) return []
      return (await application.call('run.list', { states: ['running', 'cancelling'], limit: 100 })).runs
    },
    ask: askToQuit,
    pending() {
      window.close()
      redraw()
    },
    async end(runs) {
      window.close()
      await (await opening).end(runs)
      staging.clear()
    },
    quit: () => app.quit(),
  })
  app.on('window-all-closed', () => undefined) // the tray stays, and with it the schedules
  app.on('before-quit', event => {
    if (!wayOut.mayQuit()) event.preventDefault()
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void wayOut.leave('cancel'))
  powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault() // the system waits a few seconds: enough to let go of a repository
    void wayOut.leave('cancel')
  })

  function open(route?: string): void {
    wayOut.callOff() // whoever opens the window again has thought better of it
    redraw()
    window.open(route)
  }
  const show = (link: string | null) => open((link !== null && routeOfLink(link)) || undefined)

  const known: { -readonly [K in keyof Known]: Known[K] } = {
    link: 'connecting',
    status: null,
    settings: null,
    leaving: false,
  }
  let draw = () => {}
  const redraw = () => draw()

  // The window loads while the application opens.
  const asked = linkAmong(argv)
  if (asked !== null || !argv.includes(hidden)) show(asked)
  const application = await opening
  link = application.link

  const notify = createNotifier(open)
  const act = createActions({ app, shell, application, window: { ...window, open }, notify, now })
  const tray = createTray(fromRoot('assets/tray'), act)
  draw = () => tray.show(trayLook({ ...known, leaving: wayOut.isPending() }, now()))
  Menu.setApplicationMenu(buildMenu(applicationMenu({ mac: platform === 'darwin', devTools }), act))

  const notices = createNotices()
  application.onEvent(event => {
    window.send(channels.event, event)
    if (event.name === 'status.changed') known.status = event.value
    if (event.name === 'settings.changed') known.settings = event.value
    if (event.name === 'status.changed' || event.name === 'settings.changed') redraw()
    if (event.name === 'run.changed') {
      places.restored(event.value)
      if (hasEnded(event.value.state)) wayOut.look()
    }
    const note = notices.hear(event)
    if (note && !(note.onlyWhenAway && window.contents())) notify(note)
  })
  application.onLink(takeLink)
  takeLink(application.link())

  function takeLink(state: Known['link']): void {
    known.link = state
    window.send(channels.link, state)
    redraw()
    if (state === 'live') void learn()
  }

  async function learn(): Promise<void> {
    try {
      const [status, settings, plans, { runs }] = await Promise.all([
        application.call('app.status', undefined),
        application.call('settings.get', undefined),
        application.call('plan.list', undefined),
        application.call('run.list', { limit: 500 }),
      ])
      Object.assign(known, { status, settings })
      notices.learn(plans, runs)
      for (const run of runs) places.restored(run)
      redraw()
    } catch {
      // the link was lost again: it is learned when it comes back
    }
  }

  onWake(powerMonitor, application.wake)
  onOnline(net, application.wake)
  void application.stopped.then(runs => wayOut.leave(runs))
  return { show }
}

const hosting = (dataDirectory: string, signal: AbortSignal) => ({
  dataDirectory,
  host: 'desktop' as const,
  surroundings: surroundings(process.env),
  environment: process.env,
  home: homedir(),
  hostname: hostname(),
  username: userName(),
  version: app.getVersion(),
  pid: process.pid,
  now: Date.now,
  who: `desktop ${userName()}`.trimEnd(),
  attach: true,
  listens: true,
  notice: () => undefined, // it stands in the log; what a person must know comes as a notification
  power: desktopPower(powerMonitor, process.platform, systemPower(process.platform, askProgram)),
  signal,
})

/** The program and the arguments that start the app here. An AppImage runs from a place that is gone later. */
function startCommand(): string[] {
  const image = process.env['APPIMAGE']
  if (image !== undefined && image !== '') return [image]
  return app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()]
}

async function askToQuit({ message, detail, buttons }: QuitQuestion): Promise<QuitChoice> {
  const options: MessageBoxOptions = {
    type: 'question',
    title: 'Holdfast',
    message,
    detail,
    buttons: [...buttons],
    defaultId: 0,
    cancelId: quitChoices.length - 1,
    noLink: true,
  }
  const { response } = await dialog.showMessageBox(options)
  return quitChoices[response] ?? 'stay'
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '' // a user without an entry in the password file has no name
  }
}
