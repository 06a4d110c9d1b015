import type { Page } from 'playwright-core'
import { sampleNowMs } from './sample.ts'

/**
 * Shows the sample as the computer it stands for: the folder that holds it is the root of that computer, and the clock of
 * the page is its clock. Nothing else of what the application says is changed.
 */
export async function dressed(page: Page, folder: string): Promise<void> {
  await page.clock.setFixedTime(sampleNowMs)
  await page.route(/\/api\/(?!events)/, async route => {
    const asked = route.request().postData()
    const response = await route.fetch(asked === null ? {} : { postData: asPath(asked, folder) })
    await route.fulfill({ response, body: (await response.text()).replaceAll(folder, '') })
  })
}

const asPath = (body: string, folder: string): string =>
  body
    .replace(/"\/(home|mnt|media|srv)(?=["/])/g, `"${folder}/$1`)
    .replace('"path":"/"', `"path":"${folder}"`)
