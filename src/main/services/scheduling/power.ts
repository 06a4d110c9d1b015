import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AskProgram } from './ask-program.ts'

export type PowerSource = 'ac' | 'battery' | 'unknown'

/** What the computer runs on. The desktop shell brings its own, by Electron's powerMonitor. */
export interface Power {
  /** Never rejects. `unknown` is treated as AC. */
  read(): Promise<PowerSource>
  /** Where the system tells of changes; elsewhere it never calls. */
  onChange(listener: () => void): () => void
}

const silent = () => () => {}

export const linuxSupplies = '/sys/class/power_supply'

/** @param folder laid out as /sys/class/power_supply */
export const linuxPower = (folder: string): Power => ({ read: () => readSupplies(folder), onChange: silent })

/**
 * A supply that is online means AC, also a charger by USB. Else a battery that empties, or a supply that is offline,
 * means battery. A computer without either is a desktop one. Batteries of mice and phones (scope Device) don't count.
 */
async function readSupplies(folder: string): Promise<PowerSource> {
  const attribute = (supply: string, name: string): Promise<string> =>
    readFile(join(folder, supply, name), 'utf8').then(
      text => text.trim(),
      () => '',
    )
  let names: string[]
  try {
    names = await readdir(folder)
  } catch {
    return 'unknown'
  }
  let [offline, empties] = [false, false]
  for (const name of names) {
    const [type, scope] = await Promise.all([attribute(name, 'type'), attribute(name, 'scope')])
    if (scope === 'Device') continue
    if (type === 'Battery' || type === 'UPS') empties ||= (await attribute(name, 'status')) === 'Discharging'
    else {
      const online = await attribute(name, 'online')
      if (/^[1-9]/.test(online)) return 'ac'
      // A USB socket with nothing in it says nothing of a computer that has no battery.
      offline ||= type === 'Mains' && online === '0'
    }
  }
  return empties || offline ? 'battery' : 'ac'
}

export const macPower = (ask: AskProgram): Power => ({
  async read() {
    const said = await ask('/usr/bin/pmset', '-g', 'batt')
    if (said === null) return 'unknown'
    if (said.includes("'AC Power'")) return 'ac'
    return /'(Battery|UPS) Power'/.test(said) ? 'battery' : 'unknown'
  },
  onChange: silent,
})

/** Where nothing is known of it, such as on Windows without the desktop. */
export const unknownPower: Power = { read: async () => 'unknown', onChange: silent }

export function systemPower(platform: NodeJS.Platform, ask: AskProgram): Power {
  if (platform === 'linux') return linuxPower(linuxSupplies)
  return platform === 'darwin' ? macPower(ask) : unknownPower
}
