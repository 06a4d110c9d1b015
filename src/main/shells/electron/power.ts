import type { PowerMonitor } from 'electron'
import type { Power } from '../../services/scheduling/power.ts'

/** Between two looks, where the system does not tell: Electron has no such event on Linux. */
const lookMs = 10_000

/**
 * What the computer runs on, as Electron knows it; on Linux as the kernel does, which tells chargers and batteries of
 * mice apart.
 */
export function desktopPower(
  monitor: Pick<PowerMonitor, 'onBatteryPower' | 'on' | 'off'>,
  platform: NodeJS.Platform,
  system: Power,
): Power {
  if (platform !== 'linux') {
    return {
      read: async () => (monitor.onBatteryPower ? 'battery' : 'ac'),
      onChange(listener) {
        monitor.on('on-ac', listener)
        monitor.on('on-battery', listener)
        return () => {
          monitor.off('on-ac', listener)
          monitor.off('on-battery', listener)
        }
      },
    }
  }
  return {
    read: system.read,
    onChange(listener) {
      let last: string | null = null
      const look = async () => {
        const before = last
        last = await system.read()
        if (before !== null && before !== last) listener()
      }
      void look()
      const timer = setInterval(() => void look(), lookMs)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}

/** Calls when what was asleep is awake, or somebody is back at the machine: then the wall clock has jumped. */
export function onWake(monitor: Pick<PowerMonitor, 'on'>, wake: () => void): void {
  monitor.on('resume', wake)
  monitor.on('unlock-screen', wake)
}

/** Calls when the network comes back. Electron has no event for it in the main process. */
export function onOnline(net: { readonly online: boolean }, wake: () => void): void {
  let before = net.online
  const look = () => {
    const now = net.online
    if (now && !before) wake()
    before = now
  }
  setInterval(look, lookMs).unref()
}
