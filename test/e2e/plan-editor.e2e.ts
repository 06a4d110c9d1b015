import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, vi } from 'vitest'
import { tempDir } from '../support/tmp.ts'
import { eventually, test } from './desktop.ts'
import { callFrom, hosts, launchApp, type Host } from './launch.ts'

/** A plan is changed, here and elsewhere at the same time. */

vi.setConfig({ testTimeout: 240_000 })

const hostile = '<b>bold<b> \u202egnp.exe'

async function withPlan(host: Host) {
  const folder = tempDir('plan-editor')
  const home = join(folder, 'home')
  for (const name of ['Documents', 'Pictures', hostile]) {
    mkdirSync(join(home, name, 'deep'), { recursive: true })
    writeFileSync(join(home, name, 'deep', 'film.mp4'), 'x'.repeat(5000))
    writeFileSync(join(home, name, 'letter.txt'), 'Dear Bob')
  }
  const launched = await launchApp({ host, env: { HOME: home } })
  const { page } = launched
  page.setDefaultTimeout(100_000)
  const { id: destination } = await callFrom(page, 'destination.create', {
    draft: { name: 'Drive', location: { kind: 'local', path: join(folder, 'repository') } },
    password: 'a password of the repository',
    create: true,
  })
  const { id } = await callFrom(page, 'plan.create', {
    draft: {
      name: 'Workstation',
      sources: [{ kind: 'files', paths: [join(home, 'Documents')] }],
      destinationIds: [destination],
      schedules: [{ id: 'daily', when: { kind: 'daily' } }],
    },
  })
  await page.getByRole('link', { name: /^Plans/ }).click()
  await page.getByRole('link', { name: /Workstation/ }).click()
  await item(page, 'Documents').waitFor()
  const saved = () => callFrom(page, 'plan.get', { id })
  /** What another window does. */
  const elsewhere = async (name: string) => {
    const {
      id: _,
      revision,
      createdAtMs: _at,
      pausedUntilMs: _until,
      schedule: _all,
      ...draft
    } = await saved()
    await callFrom(page, 'plan.update', { id, revision, draft: { ...draft, name } })
  }
  return { ...launched, home, id, saved, elsewhere }
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
const item = (page: Page, name: string | RegExp) => page.getByRole('treeitem', { name })
const box = (page: Page, name: string | RegExp) => item(page, name).locator('[data-state]')
const unsaved = (page: Page) => page.getByText('Unsaved changes')

describe.each(hosts)('%s', host => {
  test('what is changed on the page is what is saved, and nothing else', async () => {
    const { page, saved, home } = await withPlan(host)
    const before = await saved()
    await box(page, 'Pictures').click()
    await item(page, 'Documents').dblclick()
    await box(page, 'deep').click()
    await page.getByLabel('Patterns of what to leave out').fill('*.mp4\nnode modules/')
    await page.getByText('2 files match').waitFor()
    await button(page, /^Time of day/).click()
    await page.getByRole('textbox', { name: 'Time of day' }).fill('3:15 pm')
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'On AC power' }).check()
    await page.getByText('Since last save: Pictures added, deep left out', { exact: false }).waitFor()
    await button(page, 'Save plan').click()
    await unsaved(page).waitFor({ state: 'detached' })
    const { revision, schedule: _, ...after } = await saved()
    expect(revision).toBeGreaterThan(before.revision)
    const { revision: _revision, schedule: _schedule, ...kept } = before
    expect(after).toEqual({
      ...kept,
      sources: [
        {
          ...before.sources[0],
          paths: [join(home, 'Documents'), join(home, 'Pictures')],
          rules: {
            ...before.sources[0]!.rules,
            excludes: ['*.mp4', 'node modules/', join(home, 'Documents', 'deep')],
          },
        },
      ],
      schedules: [{ ...before.schedules[0], when: { kind: 'daily', time: '15:15' } }],
      conditions: { ...before.conditions, acPower: true },
    })
    await page.reload()
    await item(page, 'deep').waitFor()
    expect(await item(page, 'deep').getAttribute('aria-checked')).toBe('false')
    expect(await item(page, 'Documents').getAttribute('aria-checked')).toBe('mixed')
    expect(await page.getByLabel('Patterns of what to leave out').inputValue()).toBe('*.mp4\nnode modules/')
    expect(await unsaved(page).count()).toBe(0)
  })
})

test('the tree goes by keyboard, and a name can neither be markup nor turn the line around', async () => {
  const { page, saved, home } = await withPlan('server')
  await page.getByRole('tree').focus()
  await item(page, /bold/).waitFor()
  expect(await item(page, /bold/).locator('b').count()).toBe(0)
  expect(await item(page, /bold/).innerText()).toContain(String.raw`<b>bold<b> \u202egnp.exe`)
  for (const key of ['Home', 'ArrowDown', 'Space', 'End', 'ArrowLeft', 'ControlOrMeta+s']) {
    await page.keyboard.press(key)
  }
  await eventually(saved, ({ sources }) =>
    expect(sources[0]!.paths.toSorted()).toEqual([join(home, hostile), join(home, 'Documents')].toSorted()),
  )
})

test('leaving with unsaved changes asks: stay, discard or save', async () => {
  const { page, saved, id } = await withPlan('server')
  const name = page.getByLabel('Name of the plan')
  await name.fill('Laptop')
  await page.getByRole('link', { name: /^Home/ }).click()
  await button(page, 'Stay here').click()
  expect(new URL(page.url()).hash).toContain(id)
  expect(await name.inputValue()).toBe('Laptop')
  await page.keyboard.press('ControlOrMeta+1')
  await button(page, 'Save and go').click()
  await eventually(
    async () => new URL(page.url()).hash,
    hash => expect(hash).toBe('#/home'),
  )
  expect((await saved()).name).toBe('Laptop')

  await page.getByRole('link', { name: /^Plans/ }).click()
  await page.getByRole('link', { name: /Laptop/ }).click()
  await name.fill('Nothing')
  await page.getByRole('link', { name: /^Home/ }).click()
  await button(page, 'Discard them').click()
  await eventually(
    async () => new URL(page.url()).hash,
    hash => expect(hash).toBe('#/home'),
  )
  expect((await saved()).name).toBe('Laptop')
})

test('what another window saved is shown beside what was typed here, and neither is lost unasked', async () => {
  const { page, saved, elsewhere } = await withPlan('server')
  const name = page.getByLabel('Name of the plan')
  await elsewhere('Renamed at once')
  await eventually(
    () => name.inputValue(),
    value => expect(value).toBe('Renamed at once'), // nothing was changed here
  )
  await name.fill('Mine')
  await elsewhere('Theirs')
  await page.getByText('changed in another window').waitFor()
  await page.getByText('called “Theirs”').waitFor()
  expect(await button(page, 'Save plan').isDisabled()).toBe(true)
  await button(page, 'Keep mine: saving replaces theirs').click()
  await button(page, 'Save plan').click()
  await unsaved(page).waitFor({ state: 'detached' })
  expect((await saved()).name).toBe('Mine')

  await name.fill('Mine again')
  await elsewhere('Theirs again')
  await button(page, 'Take theirs').click()
  expect(await name.inputValue()).toBe('Theirs again')
  expect(await unsaved(page).count()).toBe(0)
})

test('a plan that is removed elsewhere can be saved as a new one', async () => {
  const { page, id } = await withPlan('server')
  await page.getByLabel('Name of the plan').fill('Rescued')
  await callFrom(page, 'plan.remove', { id })
  await page.getByText('This plan has been removed in another window.').waitFor()
  await button(page, 'Save as a new plan').click()
  await eventually(
    async () => new URL(page.url()).hash,
    hash => expect(hash).toMatch(new RegExp(`^#/plans/(?!${id})`)),
  )
  expect((await callFrom(page, 'plan.list', undefined)).map(({ name }) => name)).toEqual(['Rescued'])
})

test('removing a plan says what stays', async () => {
  const { page } = await withPlan('server')
  await page.getByRole('link', { name: 'Plans', exact: true }).last().click()
  await button(page, 'More about Workstation').click()
  await page.getByRole('menuitem', { name: 'Remove…' }).click()
  await page.getByText('its snapshots, to restore from at any time').waitFor()
  await button(page, 'Remove the plan').click()
  await page.getByRole('heading', { name: 'There is no plan yet' }).waitFor()
  expect(await callFrom(page, 'plan.list', undefined)).toEqual([])
})
