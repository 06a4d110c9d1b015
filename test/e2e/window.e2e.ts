import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, vi } from 'vitest'
import type { Page } from 'playwright-core'
import { needs } from '../support/needs.ts'
import { plugIn, runEnded, type Sample } from './sample.ts'
import { freshSample, openWindow, seriousFaults, sideways, type SampleWindow } from './sample-window.ts'

/** What the window does: its tables by keyboard, its settings, and what it makes of bad input and bad luck. */
const { test } = needs('chromium')
/** Several pages in one test: long on a busy machine. */
const patience = 240_000
vi.setConfig({ testTimeout: patience })

let sample: Sample
beforeAll(async () => {
  sample = await freshSample()
}, patience)
afterAll(() => sample?.stop())

async function open(): Promise<SampleWindow> {
  const window = await openWindow(sample)
  onTestFinished(() => window.close())
  return window
}
const rows = (page: Page) => page.getByRole('grid', { name: 'Runs' }).getByRole('row')
const chosenRun = (page: Page) => page.getByRole('complementary', { name: 'The chosen run' })
const hash = (page: Page): string => new URL(page.url()).hash

describe('the history', () => {
  test('works by keyboard alone: walk, see, open, and back to the list', async () => {
    const { page, go } = await open()
    await go('#/history')
    await page.getByRole('grid', { name: 'Runs' }).focus()
    await page.keyboard.press('ArrowDown')
    await chosenRun(page).getByText('Back up, Orders application').waitFor()
    await page.keyboard.press('ArrowDown')
    await chosenRun(page).getByText('3 warnings').last().waitFor()
    const active = await page.getByRole('grid', { name: 'Runs' }).getAttribute('aria-activedescendant')
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('End')
    await page.getByRole('row', { selected: true }).getByText('Orders application').waitFor()
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    await chosenRun(page).waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Stored', exact: true }).waitFor()
    expect(hash(page)).toMatch(/^#\/runs\//)
  })

  test('arrows leave nothing to go back through', async () => {
    const { page, go } = await open()
    await go('#/health')
    await go('#/history')
    await page.getByRole('grid', { name: 'Runs' }).focus()
    for (let nth = 0; nth < 5; nth++) await page.keyboard.press('ArrowDown')
    await chosenRun(page).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Health' }).waitFor()
  })

  test('is filtered by plan, state and words', async () => {
    const { page, go, settled } = await open()
    await go('#/history')
    await page.getByRole('combobox', { name: 'State' }).click()
    await page.getByRole('option', { name: 'Missed' }).click()
    await settled()
    await page.getByText('2 runs').waitFor()
    await rows(page).getByText('asleep from 02:00 to 08:40').waitFor()
    await page.getByRole('textbox', { name: 'Search runs' }).fill('not connected')
    await page.getByText('1 run', { exact: true }).waitFor()
    await page.getByRole('textbox', { name: 'Search runs' }).fill('nothing like that')
    await page.getByRole('heading', { name: 'No run like that' }).waitFor()
  })

  test('goes into a file that spreadsheets take', async () => {
    const { page, go } = await open()
    await go('#/history')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ])
    const parts: Buffer[] = []
    for await (const part of await download.createReadStream()) parts.push(part as Buffer)
    const lines = Buffer.concat(parts).toString().trimEnd().split('\r\n')
    const { total } = await sample.call('run.list', { limit: 1 })
    expect(lines).toHaveLength(total + 1)
    expect(lines[0]).toMatch(/^id,plan,kind,type,state/)
  })
})

describe('settings', () => {
  test('what is changed is kept, and what makes no sense is not', async () => {
    const { page, go } = await open()
    await go('#/settings/performance')
    await page.getByLabel('Threads').fill('3')
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await sample.call('settings.get', undefined)).threads).toBe(3)
    await page.getByLabel('Threads').fill('65')
    await page.keyboard.press('Enter')
    await page.getByText('From 1 to 64 threads.').waitFor()
    expect((await sample.call('settings.get', undefined)).threads).toBe(3)
    await page.getByLabel('Threads').fill('3')
    await page.getByRole('button', { name: 'automatic' }).click()
    await expect.poll(async () => (await sample.call('settings.get', undefined)).threads).toBeNull()
  })

  test('colours and the height of rows are of this browser, also after it was closed', async () => {
    const { page, go } = await open()
    await go('#/settings/general')
    await page.getByText('Dark', { exact: true }).click()
    await page.getByLabel('Compact rows').check({ force: true })
    await page.reload()
    await page.locator('html[data-mantine-color-scheme="dark"][data-density="compact"]').waitFor()
    await go('#/history')
    const height = await rows(page).filter({ hasText: 'Workstation' }).first().boundingBox()
    expect(height?.height).toBe(28)
  })

  test('the audit log is verified in words', async () => {
    const { page, go } = await open()
    await go('#/settings/security')
    await page.getByRole('button', { name: 'Verify the log' }).click()
    await page.getByText(/Whole just now: all \d+ entries/).waitFor()
  })

  test('a file of plans shows what it would change before it changes anything', async () => {
    const { page, go } = await open()
    await go('#/settings/plans')
    const { yaml } = await sample.call('plan.export', undefined)
    const before = await sample.call('plan.list', undefined)
    await page
      .getByRole('textbox', { name: 'The file' })
      .fill(yaml.replace('name: Orders application', 'name: Orders, renamed'))
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('row', { name: /add plan Orders, renamed/ }).waitFor()
    expect(await sample.call('plan.list', undefined)).toEqual(before)
    // any other file has to be looked at first
    await page.getByRole('textbox', { name: 'The file' }).fill('plans: 3')
    expect(await page.getByRole('button', { name: /^Apply/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('alert').getByText('Nothing was changed.').waitFor()
    await page.getByRole('textbox', { name: 'The file' }).fill(yaml.replace('time: 02:00', 'time: 05:30'))
    await page.getByRole('button', { name: 'Show what would change' }).click()
    await page.getByRole('button', { name: 'Apply 1 change' }).click()
    await page.getByText('Applied: 1 change.').waitFor()
    const [plan] = await sample.call('plan.list', undefined)
    expect(plan!.schedules[0]!.when).toEqual({ kind: 'daily', time: '05:30' })
  })

  test('a locked vault says so everywhere, and is opened where it says', async () => {
    const { page, go, settled } = await open()
    onTestFinished(() => void sample.vault.unlock(''))
    sample.vault.lock()
    await page.reload()
    await go('#/home')
    await page.getByText('Passwords can not be read.', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Unlock…' }).click()
    await page.getByLabel('Its passphrase').fill('correct horse')
    await page.keyboard.press('Enter')
    await page.getByText('Open: backups start by themselves.').waitFor()
    await go('#/home')
    await settled()
    expect(await page.getByText('Passwords can not be read.').count()).toBe(0)
  })
})

describe('destinations', () => {
  test('are added with a key that is proven, renamed, read again, and forgotten', async () => {
    const { page, go } = await open()
    await go('#/storage/add')
    mkdirSync(join(sample.folder, 'mnt/stick'), { recursive: true })
    await page.getByLabel('Folder for the backup').fill('/mnt/stick/holdfast')
    await page.getByLabel('What to call it').fill('Stick')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.getByRole('heading', { name: 'Tested: this key opens your backup' }).waitFor()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Rename…' }).click()
    await page.getByLabel('New name').fill('Blue stick')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Blue stick' }).waitFor()
    await page.getByRole('button', { name: 'Read again' }).click()
    await page.getByText('Read just now.').waitFor()
    await page.getByRole('button', { name: 'Enter it…' }).click()
    await page.getByLabel(/Recovery key, or/).fill('not the key')
    await page.getByRole('button', { name: 'Try and keep it' }).click()
    await page.getByRole('alert').getByText('wrong_password').waitFor()
    await page.getByRole('button', { name: 'Remove…' }).click()
    await page.getByRole('dialog').getByText('stays as it is').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await expect
      .poll(async () => (await sample.call('destination.list', undefined)).map(({ name }) => name))
      .not.toContain('Blue stick')
    await page.getByRole('button', { name: 'Blue stick' }).waitFor({ state: 'detached' })
  })
})

describe('health', () => {
  test('tests every plan when asked, and gives a report without secrets', async () => {
    const { page, go, settled } = await open()
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await go('#/health')
    await page.getByRole('button', { name: 'Test all plans now' }).click()
    await page.getByText('Workstation has everything a run needs').waitFor()
    await page.getByText('Media library: Archive 8TB').waitFor()
    await settled()
    await page.getByRole('button', { name: 'Copy report' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const report = await page.evaluate(() =>
      (
        globalThis as unknown as { navigator: { clipboard: { readText(): Promise<string> } } }
      ).navigator.clipboard.readText(),
    )
    expect(report).toContain('[!] Archive 8TB is not connected')
    expect(report).not.toContain('correct horse')
  })
})

describe('bad input', () => {
  const markup = '<img src=x onerror=alert(1)>'
  /** Looks like txt.exe the other way round. */
  const turned = 'invoice\u202Eexe.txt'

  test('names with markup or right-to-left text are only text, on every screen', async () => {
    const window = await open()
    const { page, go } = window
    const alerts: string[] = []
    page.on('dialog', dialog => {
      alerts.push(dialog.message())
      void dialog.dismiss()
    })
    const source = join(sample.folder, 'srv/odd')
    mkdirSync(source)
    writeFileSync(join(source, `${turned}`), 'Dear all')
    writeFileSync(join(source, 'שלום.txt'), 'shalom')
    const disk = (await sample.call('destination.list', undefined)).find(
      ({ name }) => name === 'Backup disk',
    )!
    const plan = await sample.call('plan.create', {
      draft: {
        name: `${markup} ${turned}`,
        sources: [{ kind: 'files', paths: [source] }],
        destinationIds: [disk.id],
      },
    })
    const run = await sample.call('run.start', { planId: plan.id })
    expect((await runEnded(sample.app, run.id)).state).toBe('succeeded')
    for (const address of [
      '/home',
      '/plans',
      '/history',
      `/runs/${run.id}`,
      '/storage',
      '/health',
      '/settings/plans',
      `/restore?plan=${plan.id}&path=/srv/odd`,
    ]) {
      await go(`#${address}`)
      const shown = address.startsWith('/restore') ? 'invoice\\u202eexe.txt' : 'onerror'
      await page.getByText(shown).locator('visible=true').first().waitFor()
      expect(await page.locator('img[src="x"]').count(), address).toBe(0)
      // outside of what can be copied as it is, nothing may turn the text around it
      const raw = await page.locator('main :not(pre, textarea):visible:text("\u202E")').count()
      expect(raw, address).toBe(0)
    }
    expect(alerts).toEqual([])
    expect(window.complaints).toEqual([])
    await sample.call('plan.remove', { id: plan.id })
  })

  test('a path of 4,000 characters breaks no page', async () => {
    const { page, go, settled } = await open()
    const path = `/srv/${'very-long-name/'.repeat(266)}`.slice(0, 4000).replace(/\/$/, 'x')
    const disk = (await sample.call('destination.list', undefined)).find(
      ({ name }) => name === 'Backup disk',
    )!
    const plan = await sample.call('plan.create', {
      draft: {
        name: 'Far down',
        sources: [{ kind: 'files', paths: [path] }],
        destinationIds: [disk.id],
        retries: 0,
      },
    })
    const run = await sample.call('run.start', { planId: plan.id })
    expect((await runEnded(sample.app, run.id)).state).toBe('failed')
    for (const address of [
      '/home',
      '/plans',
      `/plans/${plan.id}`,
      `/history?run=${run.id}`,
      `/runs/${run.id}`,
      '/health',
    ]) {
      await go(`#${address}`)
      await page.getByText('Far down').first().waitFor()
      expect(await sideways(page), address).toBe(0)
      expect(await seriousFaults(page), address).toEqual([])
    }
    await go('#/storage/add')
    await page.getByLabel('Folder for the backup').fill(path)
    await page.getByRole('button', { name: 'Cancel' }).waitFor()
    await settled()
    expect(await sideways(page)).toBe(0)
    await sample.call('plan.remove', { id: plan.id })
  })

  test('an address that leads nowhere says so', async () => {
    const { page, go } = await open()
    await go('#/runs/00000000-0000-4000-8000-000000000000')
    await page.getByText('That run is not there (any more).').waitFor()
    await go('#/runs/no-id')
    await page.getByRole('alert').waitFor()
    await go('#/nowhere/at/all')
    await page.getByRole('heading', { name: 'Backed up, with gaps' }).waitFor()
    await go('#/%E0%A4%A')
    await page.getByRole('heading', { name: 'Backed up, with gaps' }).waitFor()
  })
})

describe('bad luck', () => {
  test('a plan that is removed in another window is gone from this one, its history is not', async () => {
    const { page, go } = await open()
    const disk = (await sample.call('destination.list', undefined)).find(
      ({ name }) => name === 'Backup disk',
    )!
    const plan = await sample.call('plan.create', {
      draft: {
        name: 'Short-lived',
        sources: [{ kind: 'files', paths: [join(sample.folder, 'home/mara/Desktop')] }],
        destinationIds: [disk.id],
      },
    })
    const run = await sample.call('run.start', { planId: plan.id })
    await runEnded(sample.app, run.id)
    await go('#/home')
    await page.getByRole('link', { name: 'Short-lived' }).waitFor()
    await sample.call('plan.remove', { id: plan.id })
    await page.getByRole('link', { name: 'Short-lived' }).waitFor({ state: 'detached' })
    await go(`#/plans/${plan.id}`)
    expect(await page.getByRole('alert').or(page.locator('main h1, main h2')).count()).toBeGreaterThan(0)
    await go(`#/runs/${run.id}`)
    await page.getByRole('heading', { name: 'Short-lived' }).waitFor()
  })

  test('when nobody answers the window says so and keeps what it shows; a server that begins anew asks who is there', async () => {
    const { page, go } = await open()
    await go('#/storage') // it is there from then on
    await go('#/home')
    await sample.down()
    onTestFinished(() => sample.up().catch(() => undefined)) // for the tests after it, had it not come so far
    await page.getByText('Holdfast does not answer since').waitFor()
    expect(await page.getByRole('link', { name: 'Workstation' }).count()).toBe(1)
    expect(await seriousFaults(page)).toEqual([])
    await go('#/storage')
    await page.getByText('Backup disk').first().waitFor()
    plugIn(sample.folder) // changes while nobody listens
    await sample.up()
    await page.locator('input[type=password]').waitFor() // it has forgotten its sessions
    await page.goto(sample.link())
    await go('#/storage')
    await page.getByRole('row', { name: /Archive 8TB.*Connected/ }).waitFor()
  })

  test('what takes long is announced by ghosts of its rows, what fails by its cause and a way on', async () => {
    const { page, go } = await open()
    const held = Promise.withResolvers<void>()
    await page.route('**/api/run.list', async route => {
      await held.promise
      await route.fulfill({
        status: 500,
        contentType: 'application/json',
        body: JSON.stringify({
          code: 'catalogue_unusable',
          message: 'The catalogue can not be read.',
          hint: 'Look at its folder.',
        }),
      })
    })
    await page.evaluate(() => {
      ;(globalThis as unknown as { location: { hash: string } }).location.hash = '#/history'
    })
    await page.locator('[class*=ghostRow]').first().waitFor()
    held.resolve()
    await page.getByRole('alert').getByText('The catalogue can not be read.').waitFor()
    await page.getByText('Look at its folder.').waitFor()
    expect(await seriousFaults(page)).toEqual([])
    await page.unroute('**/api/run.list')
    await page.getByRole('button', { name: 'Try again' }).click()
    await rows(page).getByText('Workstation').first().waitFor()
    await go('#/health')
    await page.getByText('Backups', { exact: true }).waitFor()
  })
})
