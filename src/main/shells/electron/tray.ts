import { nativeImage, Tray as SystemTray, nativeTheme, type NativeImage } from 'electron'
import { join } from 'node:path'
import type { Action } from './entries.ts'
import { buildMenu } from './menu.ts'
import type { Shape, TrayLook } from './tray-menu.ts'

export interface Tray {
  show(look: TrayLook): void
  end(): void
}

/**
 * The sign in the system's bar. Its state is a shape, never a colour: on macOS the system colours it, elsewhere it is
 * black or white as the bar asks for.
 * @param pictures the folder of assets/tray
 */
export function createTray(pictures: string, act: (action: Action) => void): Tray {
  const images = new Map<string, NativeImage>()
  let last: TrayLook | null = null

  function imageOf(shape: Shape): NativeImage {
    const name =
      process.platform === 'darwin'
        ? `${shape}Template.png`
        : `${shape}-${process.platform === 'win32' ? 16 : 22}-${nativeTheme.shouldUseDarkColorsForSystemIntegratedUI ? 'white' : 'black'}.png`
    const image = images.get(name) ?? nativeImage.createFromPath(join(pictures, name))
    images.set(name, image)
    return image
  }

  const tray = new SystemTray(imageOf('waiting'))
  // On macOS a click opens the menu, as everywhere in that bar.
  if (process.platform !== 'darwin') tray.on('click', () => act({ do: 'open' }))
  const redraw = () => last && tray.setImage(imageOf(last.shape))
  nativeTheme.on('updated', redraw)

  return {
    show(look) {
      const before = last
      last = look
      if (before?.shape !== look.shape) redraw()
      if (before?.tooltip !== look.tooltip) tray.setToolTip(look.tooltip)
      // A menu that is open would close when it is replaced.
      if (JSON.stringify(before?.entries) !== JSON.stringify(look.entries))
        tray.setContextMenu(buildMenu(look.entries, act))
    },
    end() {
      nativeTheme.off('updated', redraw)
      tray.destroy()
    },
  }
}
