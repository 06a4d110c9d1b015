import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** The name of what has the focus, as a screen reader would say it, near enough for tests. */
// A string: it runs in the page, of whose names the tests know nothing.
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const element = document.activeElement
    const labels = [...(element?.labels ?? [])].map(label => label.textContent)
    return [element?.getAttribute('aria-label') ?? '', ...labels, element?.textContent ?? ''].join(' ')
  })()`)

/** Presses Tab until something of this name has the focus. */
export async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  const seen: string[] = []
  for (let at = 0; at < most; at++) {
    await page.keyboard.press('Tab')
    const here = await focused(page)
    if (name.test(here)) return
    seen.push(here.slice(0, 40))
  }
  expect.fail(`Tab never came to ${String(name)}; it came to ${seen.join(' | ')}`)
}
