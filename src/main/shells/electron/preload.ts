import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { Bridge, DesktopCall } from '../../../shared/bridge.ts'
import { channels } from '../../../shared/channels.ts'

/** The window's only way out: a few functions, which the main process checks call by call. */

type Answer = { ok: true; value: unknown } | { ok: false; error: { message: string } }

async function ask<T>(call: DesktopCall): Promise<T> {
  const answer = (await ipcRenderer.invoke(channels.desktop, call)) as Answer
  if (!answer.ok) throw new Error(answer.error.message)
  return answer.value as T
}

/** Of the page; this side of the border has no types of a browser. */
declare const location: { hash: string }

/** Whether the application answers: asked once, then told. */
let link: 'live' | 'lost' | null = null
const linkListeners = new Set<(state: 'live' | 'lost') => void>()
function takeLink(state: unknown): void {
  if (state !== 'live' && state !== 'lost') return
  link = state
  for (const listener of linkListeners) listener(state)
}
ipcRenderer.on(channels.link, (_, state: unknown) => takeLink(state))
// What was told meanwhile is newer than the answer.
void ipcRenderer.invoke(channels.link).then((state: unknown) => link === null && takeLink(state))

ipcRenderer.on(channels.route, (_, route: unknown) => {
  if (typeof route === 'string' && route.startsWith('#/')) location.hash = route
})

const bridge: Bridge = {
  call: (name, input) => ipcRenderer.invoke(channels.call, name, input),
  onEvent(listener) {
    const hear = (_: unknown, event: unknown) => listener(event)
    ipcRenderer.on(channels.event, hear)
    return () => void ipcRenderer.off(channels.event, hear)
  },
  onLink(listener) {
    linkListeners.add(listener)
    if (link !== null) listener(link)
    return () => void linkListeners.delete(listener)
  },
  desktop: {
    pathOf: file => webUtils.getPathForFile(file),
    stage: () => ask({ action: 'stage' }),
    startDrag: paths => ipcRenderer.send(channels.drag, { paths: [...paths] }),
    chooseFolder: title => ask({ action: 'chooseFolder', title }),
    showInFolder: path => ask({ action: 'showInFolder', path }),
    saveFile: (name, text) => ask({ action: 'saveFile', name, text }),
    opensAtLogin: () => ask({ action: 'opensAtLogin' }),
    setOpensAtLogin: on => ask({ action: 'setOpensAtLogin', on }),
  },
}

contextBridge.exposeInMainWorld('holdfast', bridge)
