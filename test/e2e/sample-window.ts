import { AxeBuilder } from '@axe-core/playwright'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { makeTemp, removeTree } from '../support/tmp.ts'
import { openBrowser } from './launch.ts'
import { sampleNowMs, sampleZone, startSample, type Sample } from './sample.ts'

/** Windows on the sample, in a browser. */

export type Scheme = 'light' | 'dark'
export const schemes: readonly Scheme[] = ['light', 'dark']
export const assets = fileURLToPath(new URL('../../out/renderer', import.meta.url))

/** A sample of the test file's own; the caller stops it. */
export async function freshSample(more: Omit<Parameters<typeof startSample>[0], 'folder' | 'assets'> = {}) {
  const folder = makeTemp('sample')
  const sample = await startSample({ folder, assets, ...more })
  return {
    ...sample,
    async stop() {
      await sample.stop()
      removeTree(folder)
    },
  }
}

export interface SampleWindow {
  readonly page: Page
  /** What the page complained of: errors of its own, and rules of its policy that it broke. */
  readonly complaints: string[]
  /** Goes there, and waits until the page has all that it asked for. */
  go(hash: string): Promise<void>
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * A window on the sample as the computer it stands for: the folder that holds it is shown as the root of that computer,
 * and the clock of the page is its clock. Nothing else of what the application says is changed.
 *
 * `measured`: nothing stands between page and application, and nothing is waited for.
 */
export async function openWindow(
  sample: Pick<Sample, 'folder' | 'link'>,
  {
    scheme = 'light',
    sharp = false,
    measured = false,
  }: { scheme?: Scheme; sharp?: boolean; measured?: boolean } = {},
): Promise<SampleWindow> {
  const context = await (
    await openBrowser()
  ).newContext({
    viewport: { width: 1280, height: 840 },
    deviceScaleFactor: sharp ? 2 : 1,
    colorScheme: scheme,
    timezoneId: sampleZone,
    locale: 'en-GB',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    // a call that is refused is an answer, and worded on the page
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
      complaints.push(message.text())
  })
  const calls = { open: 0, lastMs: performance.now() }
  async function dress(): Promise<void> {
    await page.clock.setFixedTime(sampleNowMs)
    await page.route(/\/api\/(?!events)/, async route => {
      calls.open += 1
      try {
        const asked = route.request().postData()
        const response = await route.fetch(asked === null ? {} : { postData: asPath(asked, sample.folder) })
        await route.fulfill({ response, body: (await response.text()).replaceAll(sample.folder, '') })
      } catch {
        await route.abort().catch(() => undefined) // nobody answers, or the window is closed
      } finally {
        calls.open -= 1
        calls.lastMs = performance.now()
      }
    })
  }
  async function settled(): Promise<void> {
    await page.locator('main > *, main').first().waitFor()
    // longer than any pause after which a page asks again
    while (calls.open > 0 || performance.now() - calls.lastMs < 400) await page.waitForTimeout(40)
    await page.evaluate(() => (globalThis as unknown as Fonts).document.fonts.ready.then(() => true))
  }
  if (!measured) await dress()
  await page.goto(sample.link())
  if (!measured) await settled()
  return {
    page,
    complaints,
    settled,
    async go(hash) {
      calls.lastMs = performance.now()
      await page.evaluate(hash => {
        ;(globalThis as unknown as { location: { hash: string } }).location.hash = hash
      }, hash)
      await settled()
    },
    close: () => context.close(),
  }
}

interface Fonts {
  document: { fonts: { ready: Promise<unknown> } }
}

const asPath = (body: string, folder: string): string =>
  body
    .replace(/"\/(home|mnt|media|srv)(?=["/])/g, `"${folder}/$1`)
    .replace('"path":"/"', `"path":"${folder}"`)

/** What axe finds serious or critical, a line each. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'])
    .setLegacyMode(true)
    .analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(node => `${id}: ${node.html.slice(0, 160)} (${node.failureSummary})`),
    )
}

/** How far the page could be scrolled sideways; nothing may make it. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { documentElement } = (
      globalThis as unknown as {
        document: { documentElement: { scrollWidth: number; clientWidth: number } }
      }
    ).document
    return documentElement.scrollWidth - documentElement.clientWidth
  })
