import type { App } from 'electron'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { autostartEntry } from './desktop-entry.ts'

/** Whether the app starts with the user's session; then without a window. */
export interface Autostart {
  isOn(): boolean
  set(on: boolean): void
}

/** Said to a start that is to show no window. */
export const hidden = '--hidden'

/**
 * @param command the program and the arguments that start the app here
 * @param configFolder the user's, on Linux
 */
export function createAutostart(
  app: Pick<App, 'getLoginItemSettings' | 'setLoginItemSettings'>,
  platform: NodeJS.Platform,
  command: readonly string[],
  configFolder: string,
): Autostart {
  if (platform === 'linux') {
    const file = join(configFolder, 'autostart', 'holdfast.desktop')
    return {
      isOn: () => existsSync(file),
      set(on) {
        if (!on) return rmSync(file, { force: true })
        mkdirSync(join(configFolder, 'autostart'), { recursive: true, mode: 0o700 })
        writeFileSync(file, autostartEntry([...command, hidden]))
      },
    }
  }
  const [path, ...args] = command
  const item = { path: path!, args: [...args, hidden] }
  return {
    isOn: () => app.getLoginItemSettings(item).openAtLogin,
    set: on => app.setLoginItemSettings({ ...item, openAtLogin: on }),
  }
}
