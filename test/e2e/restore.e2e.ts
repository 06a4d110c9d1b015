import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, vi } from 'vitest'
import { tempDir } from '../support/tmp.ts'
import { eventually, inside, protect, runIs, startRun, test } from './desktop.ts'
import { hosts, launchApp, type Host } from './launch.ts'

/** From a backup back to files on a disk, by the window alone. */

// Two backups, a window and a restore each: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 })

const files = {
  'letters/2026/dear bob.txt': 'Dear Bob,\n'.repeat(500),
  'letters/offer.txt': 'An offer.\n',
  'budget.csv': 'Quarter,Q1\nRent,4200\n',
  'photo.bin': randomBytes(300_000),
  'photo <b>&amp;\u202egnp.exe': 'a name that wants to be something else',
}

/** Two snapshots: of all the files, and of what was left when `gone.txt` had been deleted. */
async function backedUp(host: Host) {
  const folder = tempDir('restore')
  const source = join(folder, 'home', 'documents')
  for (const [path, content] of Object.entries({ ...files, 'gone.txt': 'deleted since' })) {
    mkdirSync(join(source, path, '..'), { recursive: true })
    writeFileSync(join(source, path), content)
  }
  const launched = await launchApp({ host })
  const { page } = launched
  page.setDefaultTimeout(120_000)
  const plan = await protect(page, folder, source)
  await runIs(page, await startRun(page, plan), 'succeeded')
  rmSync(join(source, 'gone.txt'))
  writeFileSync(join(source, 'budget.csv'), 'Quarter,Q1\nRent,4350\n')
  await runIs(page, await startRun(page, plan), 'succeeded')
  return { ...launched, folder, source }
}

/** Path → hash of everything below. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []) {
    if (statSync(join(folder, name)).isFile()) found[name] = hashOf(readFileSync(join(folder, name)))
  }
  return found
}

const hashOf = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

const row = (page: Page, name: string | RegExp) => page.getByRole('row', { name })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

async function openRestore(page: Page, folder: string): Promise<void> {
  await page.getByRole('link', { name: /^Restore/ }).click()
  await row(page, folder).waitFor()
}

async function tick(page: Page, ...names: (string | RegExp)[]): Promise<void> {
  for (const name of names) await row(page, name).locator('[data-tick]').click()
}

describe.each(hosts)('restoring (%s)', host => {
  test('by mouse: browse, tick, choose a new folder, look at the plan, and every byte is back', async () => {
    const { page, folder } = await backedUp(host)
    await openRestore(page, 'documents')
    await row(page, 'documents').dblclick()
    await tick(page, 'letters', 'photo.bin', /photo <b>/)
    await page.getByText('3 selected').waitFor()
    await button(page, 'Restore to…').click()
    const target = join(folder, 'back', 'here')
    await page.getByLabel('Folder to restore into').fill(target)
    await page.getByText('The folder will be made.').waitFor()
    await button(page, 'Continue').click()
    await button(page, 'Show the plan').click()
    await page.getByText('Nothing has been changed yet.').waitFor()
    await row(page, 'letters/2026/dear bob.txt').waitFor()
    expect(existsSync(join(folder, 'back'))).toBe(false)
    await button(page, 'Restore').click()
    await page.getByRole('heading', { name: /^Restored \d+ items, verified$/ }).waitFor()
    const { 'budget.csv': _, ...wanted } = files
    expect(contents(target)).toEqual(
      Object.fromEntries(Object.entries(wanted).map(([path, content]) => [path, hashOf(content)])),
    )
  })

  test('by keyboard alone', async () => {
    const { page, folder } = await backedUp(host)
    await page.keyboard.press('Control+3')
    await row(page, 'documents').waitFor()
    await tabTo(page, page.getByRole('grid'))
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await row(page, 'budget.csv').waitFor()
    // letters, budget.csv: the second by a range
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Space')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('2 selected').waitFor()
    await tabTo(page, button(page, 'Restore to…'))
    await page.keyboard.press('Enter')
    await tabTo(page, page.getByLabel('Folder to restore into'))
    await page.keyboard.press('Control+a')
    const target = join(folder, 'by keyboard')
    await page.keyboard.insertText(target)
    await page.getByText('The folder will be made.').waitFor()
    for (const name of ['Continue', 'Show the plan', 'Restore']) {
      await button(page, name).and(page.locator(':enabled')).waitFor()
      await tabTo(page, button(page, name))
      await page.keyboard.press('Enter')
    }
    await page.getByRole('heading', { name: /, verified$/ }).waitFor()
    expect(contents(target)).toEqual({
      'letters/2026/dear bob.txt': hashOf(files['letters/2026/dear bob.txt']),
      'letters/offer.txt': hashOf(files['letters/offer.txt']),
      'budget.csv': hashOf('Quarter,Q1\nRent,4350\n'),
    })
  })

  test('a search finds what was deleted, and it comes back', async () => {
    const { page, folder } = await backedUp(host)
    await openRestore(page, 'documents')
    const search = page.getByRole('searchbox', { name: /Search every file/ })
    await search.fill('nowhere.pdf')
    await page.getByText('No file named “nowhere.pdf” in 2 snapshots').waitFor()
    await search.fill('gone')
    await page.getByText('1 match').waitFor()
    expect(await row(page, 'gone.txt').textContent()).toContain('deleted')
    await tick(page, 'gone.txt')
    await button(page, 'Restore to…').click()
    const target = join(folder, 'found')
    await page.getByLabel('Folder to restore into').fill(target)
    await button(page, 'Continue').click()
    await button(page, 'Show the plan').click()
    await button(page, 'Restore').click()
    await page.getByRole('heading', { name: 'Restored 1 item, verified' }).waitFor()
    expect(contents(target)).toEqual({ 'gone.txt': hashOf('deleted since') })
  })

  test('an older version is put beside a file that was changed since, which stays as it is', async () => {
    const { page, source } = await backedUp(host)
    writeFileSync(join(source, 'budget.csv'), 'changed after the backup')
    await openRestore(page, 'documents')
    await row(page, 'documents').dblclick()
    await row(page, 'budget.csv').click()
    const versions = page.getByRole('radiogroup', { name: 'Versions' }).getByRole('radio')
    await eventually(
      () => versions.count(),
      found => expect(found).toBe(2),
    )
    await versions.nth(1).click()
    await button(page, 'Restore this version…').click()
    await page.getByRole('radio', { name: /^The original place/ }).click()
    await button(page, 'Continue').click()
    await button(page, 'Show the plan').click()
    await button(page, 'Restore').click()
    await page.getByRole('heading', { name: 'Restored 1 item, verified' }).waitFor()
    const budgets = Object.entries(contents(source)).filter(([path]) => path.startsWith('budget'))
    expect(budgets.map(([, hash]) => hash).sort()).toEqual(
      [hashOf('changed after the backup'), hashOf(files['budget.csv'])].sort(),
    )
    expect(readFileSync(join(source, 'budget.csv'), 'utf8')).toBe('changed after the backup')
  })

  test('nothing is restored into the repository', async () => {
    const { page, folder } = await backedUp(host)
    await openRestore(page, 'documents')
    await tick(page, 'documents')
    await button(page, 'Restore to…').click()
    for (const place of [join(folder, 'repository'), join(folder, 'repository', 'data', 'new')]) {
      await page.getByLabel('Folder to restore into').fill(place)
      await page.getByText('This is the repository that it is restored from.').waitFor()
      expect(await button(page, 'Continue').isDisabled()).toBe(true)
    }
  })
})

inside('what is dragged out of the window was restored to a private folder first', async () => {
  const { page, standIn } = await backedUp('electron')
  await openRestore(page, 'documents')
  await row(page, 'documents').dblclick()
  await tick(page, 'budget.csv', 'letters')
  await page.getByText('2 selected').waitFor()
  const grip = page.getByText('2 selected')
  await grip.hover()
  await page.mouse.down()
  await page.mouse.move(600, 300, { steps: 5 })
  await eventually(
    async () => (await standIn!.record()).drags,
    drags => expect(drags).toHaveLength(1),
  )
  await page.mouse.up()
  const [{ files: dragged } = { files: [] }] = (await standIn!.record()).drags
  const budget = dragged.find(path => path.endsWith('budget.csv'))
  expect(dragged).toHaveLength(2)
  expect(readFileSync(budget!, 'utf8')).toBe('Quarter,Q1\nRent,4350\n')
  expect(contents(dragged.find(path => path.endsWith('letters'))!)).toEqual({
    '2026/dear bob.txt': hashOf(files['letters/2026/dear bob.txt']),
    'offer.txt': hashOf(files['letters/offer.txt']),
  })
})

/** As a person who has no mouse gets there. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor()
  const focused = page.locator(':focus')
  for (let presses = 0; presses < 80; presses++) {
    if ((await wanted.and(focused).count()) > 0) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${wanted} can't be reached by keyboard`)
}
