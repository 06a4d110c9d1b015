import { type App, dialog, type Shell } from 'electron'
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DesktopCall } from '../../../shared/bridge.ts'
import type { Reply } from '../../../shared/contract.ts'
import { AppError, toWireError } from '../../../shared/errors.ts'
import type { Autostart } from './autostart.ts'
import type { Places } from './places.ts'
import type { Staging } from './staging.ts'

interface Ports {
  readonly app: Pick<App, 'getPath'>
  readonly shell: Pick<Shell, 'showItemInFolder'>
  readonly staging: Staging
  readonly places: Places
  readonly autostart: Autostart
}

/** Answers what only a desktop can do. Nothing of the input is believed; never rejects. */
export const desktopCalls =
  (ports: Ports) =>
  async (input: unknown): Promise<Reply> => {
    const call = DesktopCall.safeParse(input)
    try {
      if (!call.success)
        throw new AppError('invalid_input', 'The window asked the desktop for something it can not do.')
      return { ok: true, value: await perform(call.data, ports) }
    } catch (error) {
      return { ok: false, error: toWireError(error) }
    }
  }

async function perform(
  call: DesktopCall,
  { app, shell, staging, places, autostart }: Ports,
): Promise<unknown> {
  switch (call.action) {
    case 'stage':
      return staging.make()
    case 'chooseFolder': {
      const { filePaths } = await dialog.showOpenDialog({
        title: call.title,
        message: call.title,
        properties: ['openDirectory', 'createDirectory'],
      })
      const [chosen] = filePaths
      if (chosen === undefined) return null
      places.chosen(chosen)
      return chosen
    }
    case 'showInFolder':
      if (!places.has(call.path))
        throw new AppError(
          'forbidden',
          'Only what was restored, or what you chose, is shown in the file manager.',
        )
      shell.showItemInFolder(call.path)
      return undefined
    case 'saveFile': {
      const defaultPath = join(app.getPath('documents'), basename(call.name))
      const { canceled, filePath } = await dialog.showSaveDialog({ defaultPath })
      if (canceled || filePath === '') return null
      await save(filePath, call.text)
      places.chosen(filePath)
      return filePath
    }
    case 'opensAtLogin':
      return autostart.isOn()
    case 'setOpensAtLogin':
      autostart.set(call.on)
      return autostart.isOn()
  }
}

/** A recovery kit is among what is saved: nobody else may read it. */
async function save(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600 })
  } catch (error) {
    throw new AppError('backend_refused', `${path} could not be written: ${(error as Error).message}`, {
      hint: 'Choose another place.',
      cause: error,
    })
  }
}
