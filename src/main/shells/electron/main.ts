import { app, dialog, protocol, shell } from 'electron'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { toWireError } from '../../../shared/errors.ts'
import { dataDirectory } from '../data-directory.ts'
import { linkAmong } from './deep-link.ts'
import { startDesktop, type Desktop } from './desktop.ts'
import { hardenPages } from './hardening.ts'
import { scheme } from './pages.ts'

/** What has to happen before Electron is ready; then the desktop starts, in the first process of a data directory only. */

const home = dataDirectory(process.env)
mkdirSync(home, { recursive: true, mode: 0o700 })
// One desktop for each data directory: the lock and the browser's own files lie where its data is.
app.setPath('userData', join(home, 'desktop'))
app.setAppUserModelId('app.holdfast.desktop') // Windows shows notifications under this name
app.enableSandbox()
protocol.registerSchemesAsPrivileged([
  { scheme, privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true } },
])
hardenPages(app, shell)

let desktop: Desktop | null = null
let wanted: { link: string | null } | null = null
/** Shows the window, once there is one. */
function show(link: string | null): void {
  if (desktop) desktop.show(link)
  else wanted = { link }
}

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_, argv) => show(linkAmong(argv)))
  app.on('open-url', (event, url) => {
    event.preventDefault()
    show(url)
  })
  app.on('activate', () => show(null))
  // Not awaited: the app is ready only when this module has been run to its end.
  app
    .whenReady()
    .then(
      async () => {
        desktop = await startDesktop(home, process.argv)
        if (wanted) desktop.show(wanted.link)
      },
      (error: unknown) => fail(error),
    )
    .catch(fail)
} else {
  app.quit() // the first has been told, and shows its window
}

function fail(error: unknown): void {
  const { message, hint } = toWireError(error)
  dialog.showErrorBox('Holdfast could not start', hint === undefined ? message : `${message}\n\n${hint}`)
  app.exit(1)
}
