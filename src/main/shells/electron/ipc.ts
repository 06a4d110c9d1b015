import type { IpcMain, IpcMainEvent, IpcMainInvokeEvent, WebContents } from 'electron'
import { channels } from '../../../shared/channels.ts'
import type { Reply } from '../../../shared/contract.ts'
import { refusal, type LinkState } from './application.ts'
import { isOwnFrame } from './trust.ts'

interface Ears {
  /** The page of the window, while there is one. */
  readonly contents: () => WebContents | null
  readonly call: (name: unknown, input: unknown) => Promise<Reply>
  readonly desktop: (input: unknown) => Promise<Reply>
  readonly drag: (contents: WebContents, input: unknown) => void
  readonly link: () => LinkState
}

/**
 * The only ears of the main process. Whoever speaks has to be the main frame of our window, showing our page: anything
 * else is answered with a refusal and reaches nothing.
 */
export function listenToWindow(ipcMain: Pick<IpcMain, 'handle' | 'on'>, ears: Ears): void {
  const isOurs = ({ sender, senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    sender === ears.contents() && isOwnFrame(senderFrame)
  const refused = refusal('forbidden', 'The call did not come from the window of Holdfast.')

  ipcMain.handle(channels.call, (event, name: unknown, input: unknown) =>
    isOurs(event) ? ears.call(name, input) : refused,
  )
  ipcMain.handle(channels.desktop, (event, input: unknown) => (isOurs(event) ? ears.desktop(input) : refused))
  ipcMain.handle(channels.link, event => (isOurs(event) ? ears.link() : null))
  ipcMain.on(channels.drag, (event, input: unknown) => {
    if (isOurs(event)) ears.drag(event.sender, input)
  })
}
