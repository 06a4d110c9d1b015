import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Bridge } from '../../src/shared/bridge.ts'
import { builtMain, startStandIn } from '../support/electron-host/stand-in.ts'
import {
  eventually,
  inside,
  isShown,
  launchDesktop,
  protect,
  routeOf,
  runIs,
  sample,
  startRun,
  type Desktop,
} from './desktop.ts'
import { callFrom, productEnvironment } from './launch.ts'

/** What a desktop app is beside its window. */

/** A call of the bridge's `desktop` part, as the page makes it. */
const onDesktop = <T, R>(
  page: Page,
  act: (bridge: Bridge['desktop'], input: T) => R,
  input: T,
): Promise<Awaited<R>> =>
  page.evaluate(
    // the function is written out in the page, where it finds the bridge
    `(${act.toString()})(globalThis.holdfast.desktop, ${JSON.stringify(input)})`,
  )

inside('a second start shows the window of the first, and goes where its link says', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop()
  await isShown(page)
  async function startAgain(...args: string[]): Promise<void> {
    const env = productEnvironment(dataDirectory, { vault: 'new' })
    const second = await startStandIn({ main: builtMain, args, env, browser: null, context: {} })
    expect(await second.ended).toBe(0)
  }
  await startAgain('holdfast://restore?find=letter.txt')
  await eventually(
    () => routeOf(page),
    route => expect(route).toBe('#/restore?find=letter.txt'),
  )
  await standIn.closeWindow()
  expect(await standIn.windows()).toEqual([])
  await startAgain('holdfast://plan/../../settings') // no link of ours: it only shows the window
  const again = await standIn.page()
  await isShown(again)
  expect(await routeOf(again)).not.toContain('settings')
  expect(await standIn.windows()).toMatchObject([{ visible: true, focused: true }])
})

inside('closing destroys the page; the app goes on, and opens again where the window was', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop()
  const gone = page.waitForEvent('close')
  await standIn.closeWindow()
  await gone
  expect(await standIn.windows()).toEqual([])
  expect(standIn.process.exitCode).toBeNull()
  await eventually(standIn.tray, tray => expect(tray?.tooltip ?? '').toContain('Nothing is backed up yet'))

  const place = { x: 40, y: 60, width: 1000, height: 700 }
  writeFileSync(join(dataDirectory, 'window.json'), JSON.stringify({ ...place, maximized: true }))
  await standIn.click('tray', 'Open Holdfast')
  await isShown(await standIn.page())
  expect(await standIn.windows()).toMatchObject([{ maximized: true, bounds: place }])
})

inside('a page that crashes is not left as an empty window', async () => {
  const { page, standIn } = await launchDesktop()
  const gone = page.waitForEvent('close')
  await standIn.crashPage()
  await gone
  expect(await standIn.windows()).toEqual([]) // it was just opened: no endless loop
  await eventually(standIn.tray, tray => expect(tray?.menu).toContain('Restore a file…'))
  await standIn.click('tray', 'Restore a file…')
  expect(await routeOf(await standIn.page())).toBe('#/restore')
})

inside('starts hidden at login, without a window', async () => {
  const { standIn } = await launchDesktop({ args: ['--hidden'] })
  await eventually(standIn.tray, tray => expect(tray?.tooltip ?? '').toContain('Nothing is backed up yet'))
  expect(await standIn.windows()).toEqual([])
})

inside('the tray says how things stand by its shape, and acts', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop({ vault: 'open' })
  const folder = join(dataDirectory, '..')
  const shape = (wanted: RegExp) =>
    eventually(standIn.tray, tray => expect(tray?.image ?? '').toMatch(wanted))
  await shape(/attention-22-white\.png$/)

  await protect(page, folder, sample(folder))
  await eventually(standIn.tray, tray => expect(JSON.stringify(tray?.menu ?? [])).toContain('Documents'))
  await standIn.click('tray', 'Back up now', 'Documents')
  await shape(/\/ok-22-white\.png$/)
  expect((await standIn.tray())?.tooltip).toMatch(/^Holdfast: Protected, with gaps · /)
  await standIn.click('tray', 'Pause', 'Until I resume')
  await shape(/waiting-22-white\.png$/)
  await standIn.click('tray', 'Resume')
  await shape(/\/ok-22-white\.png$/)
})

inside('a failure is told once, a recovery too, and a click leads to the run', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop({ vault: 'open' })
  const folder = join(dataDirectory, '..')
  const source = sample(folder)
  const plan = await protect(page, folder, source)
  const run = async () => {
    const id = await startRun(page, plan)
    await runIs(page, id, 'ended')
    return id
  }
  rmSync(source, { recursive: true })
  const failed = await run()
  await run()
  sample(folder)
  await run()
  await eventually(standIn.notifications, all =>
    expect(all.map(({ title }) => title)).toEqual([
      'The backup of Documents failed',
      'Documents is backed up again',
    ]),
  )
  await standIn.clickNotification(0)
  await eventually(
    () => routeOf(page),
    route => expect(route).toBe(`#/runs/${failed}`),
  )
})

inside('only what was staged can be dragged out; it is private, and goes with the app', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop()
  const staged = await onDesktop(page, bridge => bridge.stage(), null)
  expect(statSync(staged).mode & 0o777).toBe(0o700)
  const letter = join(staged, 'letter.txt')
  writeFileSync(letter, 'Dear all')
  const drag = (...paths: string[]) =>
    onDesktop(page, (bridge, paths: string[]) => bridge.startDrag(paths), paths)
  await drag(letter, '/etc/passwd')
  await drag(join(staged, '..', '..', '..', 'catalogue.db'))
  await drag(`${staged}/../../../catalogue.db`)
  await drag(join(staged, 'nothing'))
  await drag(letter)
  await eventually(standIn.record, ({ drags }) => expect(drags).toEqual([{ file: letter, files: [letter] }]))
  await standIn.quit()
  expect(await standIn.ended).toBe(0)
  expect(existsSync(join(dataDirectory, 'cache', 'drag'))).toBe(false)
})

inside('files are saved and folders chosen where the user says, and may then be shown', async () => {
  const { page, standIn, dataDirectory } = await launchDesktop()
  const folder = join(dataDirectory, '..')
  const answered = async (value: object) => {
    await eventually(standIn.dialogs, all => expect(all).toHaveLength(1))
    const [asked] = await standIn.dialogs()
    await standIn.answerDialog(value)
    return asked!.options
  }
  const kit = join(folder, 'kit.txt')
  const saved = onDesktop(page, bridge => bridge.saveFile('../../kit.txt', 'secret'), null)
  expect((await answered({ canceled: false, filePath: kit }))['defaultPath']).toMatch(/[^.]\/kit\.txt$/)
  expect(await saved).toBe(kit)
  expect(statSync(kit).mode & 0o777).toBe(0o600)

  const chosen = onDesktop(page, bridge => bridge.chooseFolder('Restore to'), null)
  await answered({ canceled: true, filePaths: [] })
  expect(await chosen).toBeNull()
  await onDesktop(page, (bridge, path: string) => bridge.showInFolder(path), kit)
  expect((await standIn.record()).shown).toEqual([kit])
})

/** A run that is at work until the test lets it end. */
async function heldRun({ page, dataDirectory }: Desktop) {
  const folder = join(dataDirectory, '..')
  const gate = join(folder, 'gate')
  const command = `while [ ! -e '${gate}' ]; do sleep 0.05; done`
  const id = await startRun(page, await protect(page, folder, sample(folder), { before: [{ command }] }))
  await runIs(page, id, 'running')
  return { id, letGo: () => writeFileSync(gate, '') }
}

inside('quitting asks while a run is going on: stay, or finish in the background', async () => {
  const desktop = await launchDesktop({ vault: 'open' })
  const { page, standIn, dataDirectory } = desktop
  const { id, letGo } = await heldRun(desktop)
  const asked = () => eventually(standIn.dialogs, all => expect(all).toHaveLength(1))

  await standIn.quit()
  await asked()
  expect((await standIn.dialogs())[0]!.options).toMatchObject({
    message: expect.stringMatching(/^The backup of Documents is going on/),
    buttons: ['Finish, then quit', 'Stop it and quit', "Don't quit"],
    cancelId: 2,
  })
  await standIn.answerDialog({ response: 2 })
  await isShown(page)

  await standIn.quit()
  await asked()
  const gone = page.waitForEvent('close')
  await standIn.answerDialog({ response: 0 })
  await gone
  await eventually(standIn.tray, tray => expect(tray?.tooltip).toBe('Holdfast: Quits when the run has ended'))
  letGo()
  expect(await standIn.ended).toBe(0)

  const after = await launchDesktop({ dataDirectory })
  expect(await callFrom(after.page, 'run.get', { id })).toMatchObject({ state: 'succeeded' })
})

inside('a signal to end asks nobody: the run is cut off, to be taken up at the next start', async () => {
  const desktop = await launchDesktop({ vault: 'open' })
  const { id } = await heldRun(desktop)
  desktop.standIn.process.kill('SIGTERM')
  expect(await desktop.standIn.ended).toBe(0)
  const after = await launchDesktop({ dataDirectory: desktop.dataDirectory })
  expect(await callFrom(after.page, 'run.get', { id })).toMatchObject({ state: 'interrupted' })
})
