import type { AskProgram } from './ask-program.ts'

export type NetworkKind = 'metered' | 'unmetered' | 'unknown'

/** Whether bytes cost money here. */
export interface Network {
  /** Never rejects. `unknown` is treated as not metered. */
  read(): Promise<NetworkKind>
  onChange(listener: () => void): () => void
}

const silent = () => () => {}
const property = [
  'org.freedesktop.NetworkManager',
  '/org/freedesktop/NetworkManager',
  'org.freedesktop.NetworkManager',
  'Metered',
] as const

/**
 * By NetworkManager: its own judgement of the connection in use (NMMetered: 1 yes, 2 no, 3 and 4 the same, guessed);
 * where there is no busctl, any connected device that nmcli calls metered.
 */
export const linuxNetwork = (ask: AskProgram): Network => ({
  async read() {
    const said = await ask('busctl', '--system', '--timeout=2', 'get-property', ...property)
    const value = /^u (\d)\s*$/.exec(said ?? '')?.[1]
    if (value === '1' || value === '3') return 'metered'
    if (value === '2' || value === '4') return 'unmetered'
    const devices = await ask(
      'env',
      'LC_ALL=C',
      'nmcli',
      '-g',
      'GENERAL.STATE,GENERAL.METERED',
      'device',
      'show',
    )
    const connected = (devices ?? '').split(/\n\s*\n/).filter(device => device.startsWith('100 '))
    if (connected.some(device => /\nyes\b/.test(device))) return 'metered'
    return connected.some(device => /\nno\b/.test(device)) ? 'unmetered' : 'unknown'
  },
  onChange: silent,
})

export const unknownNetwork: Network = { read: async () => 'unknown', onChange: silent }

export const systemNetwork = (platform: NodeJS.Platform, ask: AskProgram): Network =>
  platform === 'linux' ? linuxNetwork(ask) : unknownNetwork
