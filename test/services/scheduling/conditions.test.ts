import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askProgram, type AskProgram } from '../../../src/main/services/scheduling/ask-program.ts'
import { createConditions } from '../../../src/main/services/scheduling/conditions.ts'
import {
  linuxNetwork,
  systemNetwork,
  unknownNetwork,
  type Network,
} from '../../../src/main/services/scheduling/network.ts'
import {
  linuxPower,
  macPower,
  systemPower,
  unknownPower,
  type Power,
} from '../../../src/main/services/scheduling/power.ts'
import { makeTemp, removeTree } from '../../support/tmp.ts'
import { planWith } from './virtual-world.ts'

let folder: string
beforeEach(() => {
  folder = makeTemp('power')
})
afterEach(() => removeTree(folder))

/** `{ BAT0: { type: 'Battery', … } }`, as the kernel lays it out. */
function supplies(made: Record<string, Record<string, string>>): Power {
  for (const [name, attributes] of Object.entries(made)) {
    mkdirSync(join(folder, name))
    for (const [attribute, value] of Object.entries(attributes))
      writeFileSync(join(folder, name, attribute), `${value}\n`)
  }
  return linuxPower(folder)
}
const answering =
  (answers: Record<string, string | null>): AskProgram =>
  async (program, ...args) =>
    answers[[program, ...args].find(word => word in answers) ?? ''] ?? null

test.each<[string, Record<string, Record<string, string>>, string]>([
  ['a desktop computer', {}, 'ac'],
  [
    'a laptop that charges',
    { AC: { type: 'Mains', online: '1' }, BAT0: { type: 'Battery', status: 'Charging' } },
    'ac',
  ],
  [
    'a laptop on battery',
    { AC: { type: 'Mains', online: '0' }, BAT0: { type: 'Battery', status: 'Discharging' } },
    'battery',
  ],
  [
    'full, on its charger by USB-C',
    { BAT0: { type: 'Battery', status: 'Full' }, usb: { type: 'USB', online: '1' } },
    'ac',
  ],
  [
    'charging by USB-C though it empties',
    { BAT0: { type: 'Battery', status: 'Discharging' }, usb: { type: 'USB', online: '1' } },
    'ac',
  ],
  [
    'a laptop that names no mains',
    { BAT0: { type: 'Battery', status: 'Discharging' }, usb: { type: 'USB', online: '0' } },
    'battery',
  ],
  [
    'two batteries, one of them empties',
    { BAT0: { type: 'Battery', status: 'Not charging' }, BAT1: { type: 'Battery', status: 'Discharging' } },
    'battery',
  ],
  [
    'a desktop with the battery of a mouse',
    { mouse: { type: 'Battery', scope: 'Device', status: 'Discharging' } },
    'ac',
  ],
  ['a desktop with an empty USB socket', { usb: { type: 'USB', online: '0' } }, 'ac'],
  ['a server on its UPS', { ups: { type: 'UPS', status: 'Discharging' } }, 'battery'],
  ['a supply that tells nothing', { odd: {} }, 'ac'],
])('power on Linux: %s', async (_what, made, expected) => {
  expect(await supplies(made).read()).toBe(expected)
})

test('power on Linux without that folder is unknown', async () => {
  expect(await linuxPower(join(folder, 'nothing')).read()).toBe('unknown')
})

test.each<[string | null, string]>([
  ["Now drawing from 'AC Power'\n -InternalBattery-0 (id=1)\t100%; charged;", 'ac'],
  ["Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t80%; discharging;", 'battery'],
  ["Now drawing from 'UPS Power'\n", 'battery'],
  ['something else', 'unknown'],
  [null, 'unknown'],
])('power on macOS: %j', async (said, expected) => {
  expect(await macPower(answering({ '/usr/bin/pmset': said })).read()).toBe(expected)
})

test.each<[string, Record<string, string | null>, string]>([
  ['NetworkManager says yes', { busctl: 'u 1\n' }, 'metered'],
  ['guessed yes', { busctl: 'u 3\n' }, 'metered'],
  ['no', { busctl: 'u 2\n' }, 'unmetered'],
  ['guessed no', { busctl: 'u 4\n' }, 'unmetered'],
  ['neither tool is there', {}, 'unknown'],
  ['it does not know, nor does nmcli', { busctl: 'u 0\n', nmcli: '100 (connected)\nunknown\n' }, 'unknown'],
  [
    'only nmcli: a telephone',
    { nmcli: '100 (connected)\nyes (guessed)\n\n30 (disconnected)\nno\n' },
    'metered',
  ],
  [
    'only nmcli: the metered one is not connected',
    { nmcli: '100 (connected)\nno (guessed)\n\n30 (disconnected)\nyes\n' },
    'unmetered',
  ],
  ['nonsense', { busctl: 'Failed to connect to bus', nmcli: 'Error' }, 'unknown'],
])('network on Linux: %s', async (_what, answers, expected) => {
  expect(await linuxNetwork(answering(answers)).read()).toBe(expected)
})

test('the tools of this machine answer or do not, and never fail', async () => {
  expect(['ac', 'battery', 'unknown']).toContain(await systemPower(process.platform, askProgram).read())
  expect(['metered', 'unmetered', 'unknown']).toContain(
    await systemNetwork(process.platform, askProgram).read(),
  )
  expect(await systemPower('win32', askProgram).read()).toBe('unknown')
  expect(await systemNetwork('win32', askProgram).read()).toBe('unknown')
})

test('a program that is not there, or fails, says nothing', async () => {
  expect(await askProgram('/nowhere/no-such-program')).toBeNull()
  expect(await askProgram(process.execPath, '-e', 'process.exit(3)')).toBeNull()
  expect(await askProgram(process.execPath, '-e', 'console.log("yes")')).toBe('yes\n')
})

const on = (source: 'ac' | 'battery' | 'unknown'): Power => ({ ...unknownPower, read: async () => source })
const by = (kind: 'metered' | 'unmetered' | 'unknown'): Network => ({
  ...unknownNetwork,
  read: async () => kind,
})
const away = 'The drive with “Photos” is not connected: /mnt/photos is not there.'

test.each<
  [string, Power, Network, string | null, { acPower?: boolean; unmeteredNetwork?: boolean }, string | null]
>([
  ['asks for nothing', on('battery'), by('metered'), null, {}, null],
  [
    'on battery',
    on('battery'),
    by('unmetered'),
    null,
    { acPower: true },
    'Waiting until the computer is on AC power.',
  ],
  [
    'metered',
    on('ac'),
    by('metered'),
    null,
    { unmeteredNetwork: true },
    'Waiting for a network that is not metered.',
  ],
  ['the drive is away', on('ac'), by('unmetered'), away, {}, away],
  ['all is well', on('ac'), by('unmetered'), null, { acPower: true, unmeteredNetwork: true }, null],
  ['unknown is met', on('unknown'), by('unknown'), null, { acPower: true, unmeteredNetwork: true }, null],
])('%s', async (_what, power, network, presence, conditions, expected) => {
  const watch = createConditions({ power, network, presence: async () => presence })
  expect(await watch.unmet(planWith([], { conditions }))).toBe(expected)
})

test('what can not be told is said, where it is asked for', async () => {
  const watch = createConditions({ power: on('unknown'), network: by('unknown'), presence: async () => null })
  expect(await watch.notes(planWith([], { conditions: { acPower: true, unmeteredNetwork: true } }))).toEqual([
    'Whether the computer is on AC power can not be told here; it is taken to be.',
    'Whether the network is metered can not be told here; it is taken not to be.',
  ])
  expect(await watch.notes(planWith([]))).toEqual([])
})

test('changes are passed on until they are no longer wanted', () => {
  const listeners = new Set<() => void>()
  const power: Power = {
    ...on('ac'),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  let calls = 0
  const end = createConditions({ power, network: by('unknown'), presence: async () => null }).onChange(
    () => void (calls += 1),
  )
  for (const listener of listeners) listener()
  end()
  expect([calls, listeners.size]).toEqual([1, 0])
})
