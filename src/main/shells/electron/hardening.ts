import type { App, Session, Shell, WebContents, WebPreferences } from 'electron'
import { externalLink, isOwnDownload, isOwnPage, isOwnRequest, isPermitted } from './trust.ts'

/** What every window is made with. The page sees the bridge and nothing else of the system. */
export const webPreferences = (preload: string, devTools: boolean): WebPreferences => ({
  preload,
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false, // its dictionaries would be fetched from the network
  devTools,
})

/** No page but ours, in no other window, with nothing that it has not brought along. */
export function hardenSession(session: Session, devTools: boolean): void {
  session.setPermissionRequestHandler((_, permission, answer, { requestingUrl }) =>
    answer(isPermitted(permission, requestingUrl)),
  )
  session.setPermissionCheckHandler((_, permission, from) => isPermitted(permission, from))
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isOwnRequest(url, devTools) }))
  session.on('will-download', (event, item) => {
    if (!isOwnDownload(item.getURL())) event.preventDefault()
  })
}

/** For every page that ever comes to be, whoever made it. */
export function hardenPages(app: App, shell: Pick<Shell, 'openExternal'>): void {
  app.on('web-contents-created', (_, contents) => hardenPage(contents, shell))
}

function hardenPage(contents: WebContents, shell: Pick<Shell, 'openExternal'>): void {
  // The page changes its own address by fragments, which is no navigation; it may load itself anew.
  const stay = (event: { url: string; preventDefault(): void }) => {
    if (!isOwnPage(event.url)) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-redirect', stay)
  contents.on('will-attach-webview', event => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    const link = externalLink(url)
    if (link !== null) void shell.openExternal(link)
    return { action: 'deny' }
  })
}
