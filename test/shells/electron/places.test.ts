import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createAutostart } from '../../../src/main/shells/electron/autostart.ts'
import { autostartEntry } from '../../../src/main/shells/electron/desktop-entry.ts'
import { startDrag } from '../../../src/main/shells/electron/drag.ts'
import { createPlaces } from '../../../src/main/shells/electron/places.ts'
import { desktopPower, onOnline } from '../../../src/main/shells/electron/power.ts'
import { createStaging } from '../../../src/main/shells/electron/staging.ts'
import { electronProgram, obstacle } from '../../../scripts/start.ts'
import { tempDir } from '../../support/tmp.ts'

const dayMs = 86_400_000
const nowMs = new Date('2026-11-21').getTime()

test('folders for what is dragged out are private, and go after a day or when told', () => {
  const root = join(tempDir('staging'), 'cache', 'drag')
  const staging = createStaging(root, () => nowMs)
  staging.sweep() // nothing is there yet
  const [old, young] = [staging.make(), staging.make()]
  expect([root, old, young].map(path => statSync(path).mode & 0o777)).toEqual([0o700, 0o700, 0o700])
  expect(readFileSync(join(root, 'CACHEDIR.TAG'), 'utf8')).toMatch(
    /^Signature: 8a477f597d28d172789f06886806bc55/,
  )
  utimesSync(old, nowMs / 1000, (nowMs - dayMs - 1000) / 1000)
  utimesSync(young, nowMs / 1000, (nowMs - dayMs + 1000) / 1000)
  staging.sweep()
  expect([existsSync(old), existsSync(young)]).toEqual([false, true])
  staging.clear()
  expect(existsSync(root)).toBe(false)
  staging.clear()
})

test('only what lies in such a folder is staged', () => {
  const folder = tempDir('staging')
  const root = join(folder, 'drag')
  writeFileSync(join(folder, 'secret'), '')
  const staging = createStaging(root, () => nowMs)
  expect(staging.holds([join(root, 'none')])).toBe(false)
  const own = staging.make()
  writeFileSync(join(own, 'letter'), '')
  mkdirSync(join(own, 'pictures'))
  symlinkSync(folder, join(own, 'out'))
  expect(staging.holds([join(own, 'letter'), join(own, 'pictures'), join(own, 'out')])).toBe(true)
  for (const path of [
    join(folder, 'secret'),
    `${own}/../../secret`,
    join(own, 'out', 'secret'), // through a link
    join(own, 'none'),
    root,
    '/etc/passwd',
    'letter',
    '',
  ])
    expect(staging.holds([join(own, 'letter'), path]), path).toBe(false)
})

test('a drag of anything else does not begin', () => {
  const dragged: unknown[] = []
  const contents = { startDrag: (item: unknown) => void dragged.push(item) }
  const holds = (paths: readonly string[]) => paths.every(path => path.startsWith('/staged/'))
  const drag = (input: unknown) => startDrag(contents, { holds }, 'icon' as never, input)
  for (const input of [
    undefined,
    {},
    { paths: [] },
    { paths: '/staged/a' },
    { paths: ['/staged/a', '/etc/passwd'] },
  ])
    expect(drag(input)).toBe(false)
  expect(dragged).toEqual([])
  expect(drag({ paths: ['/staged/a', '/staged/b'] })).toBe(true)
  expect(dragged).toEqual([{ file: '/staged/a', files: ['/staged/a', '/staged/b'], icon: 'icon' }])
})

test('the file manager shows what the user chose and what a restore wrote, and nothing else', () => {
  const places = createPlaces()
  const restore = (target: object, paths = ['/home/ada/a']) =>
    places.restored({ dryRun: false, restore: { target, paths } as never })
  expect(places.has('/home/ada')).toBe(false)
  places.chosen('/home/ada/chosen/')
  restore({ kind: 'folder', path: '/srv/back' })
  restore({ kind: 'original' }, ['/home/ada/letter', '/'])
  places.restored({ dryRun: true, restore: { target: { kind: 'folder', path: '/etc' }, paths: [] } as never })
  for (const path of ['/home/ada/chosen', '/home/ada/chosen/b', '/srv/back/x/y', '/home/ada/letter'])
    expect(places.has(path), path).toBe(true)
  for (const path of ['/home/ada/chosen2', '/srv/back/../other', '/srv', '/', '/etc/passwd', 'srv/back', ''])
    expect(places.has(path), path).toBe(false)
})

test('on Linux the session starts the app by a desktop entry', () => {
  const config = tempDir('autostart')
  const login = { getLoginItemSettings: () => ({}) as never, setLoginItemSettings: () => {} }
  const autostart = createAutostart(login, 'linux', ['/opt/Hold fast/holdfast'], config)
  expect(autostart.isOn()).toBe(false)
  autostart.set(true)
  expect(autostart.isOn()).toBe(true)
  expect(readFileSync(join(config, 'autostart', 'holdfast.desktop'), 'utf8')).toContain(
    'Exec="/opt/Hold fast/holdfast" --hidden\n',
  )
  autostart.set(false)
  autostart.set(false)
  expect(autostart.isOn()).toBe(false)
})

test('elsewhere the system keeps a login item, which is asked for by the same words', () => {
  const calls: unknown[] = []
  const login = {
    getLoginItemSettings: (item: unknown) => (calls.push(item), { openAtLogin: true }) as never,
    setLoginItemSettings: (item: unknown) => void calls.push(item),
  }
  const autostart = createAutostart(login, 'win32', ['C:\\holdfast.exe'], '')
  autostart.set(true)
  expect(autostart.isOn()).toBe(true)
  const item = { path: 'C:\\holdfast.exe', args: ['--hidden'] }
  expect(calls).toEqual([{ ...item, openAtLogin: true }, item])
})

test('a command in a desktop entry means what it says, whatever is in it', () => {
  const exec = (...command: string[]) => /^Exec=(.*)$/m.exec(autostartEntry(command))?.[1]
  expect(exec('/usr/bin/holdfast', '--hidden')).toBe('/usr/bin/holdfast --hidden')
  expect(exec('/opt/a b/100%')).toBe('"/opt/a b/100%%"')
  const word = `/opt/it's $HOME \`id\` "x" \\ y`
  // undone in the order of the specification: the value's escapes, then the quotes, which are the shell's
  const unescaped = exec(word)!.replace(/\\\\/g, '\\')
  expect(execFileSync('sh', ['-c', `printf %s ${unescaped}`], { encoding: 'utf8' })).toBe(word)
})

test('power comes from Electron, on Linux from the kernel', async () => {
  const heard: string[] = []
  const monitor = {
    onBatteryPower: true,
    on: (name: string) => (heard.push(`on ${name}`), monitor),
    off: (name: string) => (heard.push(`off ${name}`), monitor),
  } as never
  const system = { read: async () => 'ac' as const, onChange: () => () => {} }
  expect(await desktopPower(monitor, 'darwin', system).read()).toBe('battery')
  desktopPower(monitor, 'win32', system).onChange(() => {})()
  expect(heard).toEqual(['on on-ac', 'on on-battery', 'off on-ac', 'off on-battery'])
  expect(await desktopPower(monitor, 'linux', system).read()).toBe('ac')
})

test('npm start says why there is no window, and finds the program where it is', () => {
  const about = (userId: number, environment: Record<string, string>, platform: NodeJS.Platform = 'linux') =>
    obstacle({ platform, userId, environment })
  expect(about(1000, { DISPLAY: ':0' })).toBeNull()
  expect(about(1000, { WAYLAND_DISPLAY: 'wayland-0' })).toBeNull()
  expect(about(1000, {})).toBe('there is no display')
  expect(about(0, { DISPLAY: ':0' })).toBe('Electron does not run as root')
  expect(about(0, {}, 'darwin')).toBeNull()

  const folder = tempDir('electron')
  expect(electronProgram(folder, undefined)).toBeNull()
  writeFileSync(join(folder, 'path.txt'), 'electron\n')
  expect(electronProgram(folder, undefined)).toBeNull()
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist', 'electron'), '')
  expect(electronProgram(folder, undefined)).toBe(join(folder, 'dist', 'electron'))
  expect(electronProgram(folder, '/elsewhere')).toBe('/elsewhere/electron')
})

test('coming back to the network is noticed, and going away is not', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const net = { online: true }
  let woken = 0
  onOnline(net, () => (woken += 1))
  const after = (online: boolean) => {
    net.online = online
    vi.advanceTimersByTime(10_000)
    return woken
  }
  expect([after(true), after(false), after(false), after(true), after(true)]).toEqual([0, 0, 0, 1, 1])
})
