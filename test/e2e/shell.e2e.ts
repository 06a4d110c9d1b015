import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { tempDir } from '../support/tmp.ts'
import { eventually, inside, isShown, launchDesktop, routeOf, test } from './desktop.ts'
import { callFrom, hosts, launchApp, productEnvironment, startServe } from './launch.ts'

const offline = (page: Page) => page.getByText('Holdfast does not answer')

describe.each(hosts)('the window (%s)', host => {
  test('opens on Home, and the page breaks no rule of its policy', async () => {
    const problems: string[] = []
    const { page } = await launchApp({ host, vault: 'new' })
    page.on('console', message => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', error => problems.push(error.message))
    await page.reload() // from here on everything is heard
    await isShown(page)
    expect(await routeOf(page)).toMatch(/^(#\/(home)?)?$/)
    expect(await page.getByRole('link', { name: /Home/ }).getAttribute('aria-current')).toBe('page')
    expect(problems).toEqual([])
  })

  test('calls get through, and one of the wrong shape is refused with what is wrong', async () => {
    const { page, dataDirectory } = await launchApp({ host, vault: 'new' })
    expect(await callFrom(page, 'app.info', undefined)).toMatchObject({
      dataDirectory,
      host: host === 'server' ? 'server' : 'desktop',
    })
    await expect(callFrom(page, 'plan.get', { id: 'no id' })).rejects.toThrow(
      /invalid_input: plan.get .* id: /,
    )
    await expect(callFrom(page, 'plan.get', undefined as never)).rejects.toThrow(/invalid_input/)
    await expect(callFrom(page, 'app.explode' as 'app.info', undefined)).rejects.toThrow(/not_found/)
  })
})

describe('an owner that is there already', () => {
  inside('is used; when it dies the window says so, and then the desktop takes its place', async () => {
    const dataDirectory = join(tempDir('owner'), 'data')
    const owner = await startServe(productEnvironment(dataDirectory, { vault: 'new' }))
    const { page, standIn } = await launchDesktop({ dataDirectory })
    expect(await callFrom(page, 'app.info', undefined)).toMatchObject({ host: 'server', pid: owner.pid })
    await isShown(page)
    await page.evaluate(watchFor, 'Holdfast does not answer')

    await owner.kill()
    await page.waitForFunction(() => (globalThis as unknown as { wasSeen: boolean }).wasSeen)
    await eventually(
      () => callFrom(page, 'app.info', undefined).catch(() => null),
      info => expect(info).toMatchObject({ host: 'desktop', pid: standIn.process.pid }),
    )
    await offline(page).waitFor({ state: 'detached' })
  })

  inside('is only left when the desktop quits, without a question', async () => {
    const dataDirectory = join(tempDir('owner'), 'data')
    const owner = await startServe(productEnvironment(dataDirectory, { vault: 'new' }))
    const { page, standIn } = await launchDesktop({ dataDirectory })
    await isShown(page)
    await standIn.quit()
    expect(await standIn.ended).toBe(0)
    expect(readdirSync(dataDirectory)).toContain('holdfast.sock')
    await owner.end()
  })

  test('that dies under a page of the server is shown as away', async () => {
    const { page, pid } = await launchApp({ host: 'server', vault: 'new' })
    await isShown(page)
    process.kill(pid, 'SIGKILL')
    await offline(page).waitFor()
  })
})

/** Notes that a text was on the page, however briefly. */
function watchFor(text: string): void {
  const page = globalThis as unknown as {
    wasSeen: boolean
    document: { body: { textContent: string } }
    MutationObserver: new (look: () => void) => { observe(node: unknown, options: object): void }
  }
  page.wasSeen = false
  new page.MutationObserver(() => {
    page.wasSeen ||= page.document.body.textContent.includes(text)
  }).observe(page.document.body, { subtree: true, childList: true, characterData: true })
}
