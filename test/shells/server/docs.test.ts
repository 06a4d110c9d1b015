import { chromium } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { needs } from '../../support/needs.ts'
import { serving, token } from './serving.ts'

const { test } = needs('chromium')

async function browser() {
  const chrome = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
  onTestFinished(() => chrome.close())
  const page = await chrome.newPage()
  const complaints: string[] = []
  const asked: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => asked.push(request.url()))
  return { page, complaints, asked }
}

test('a browser signs in by a link, reads the documentation and calls from it', async () => {
  const { server, calls } = await serving()
  const { page, complaints, asked } = await browser()
  await page.goto(server.link())
  expect(page.url()).toBe(server.url)
  await page.getByRole('link', { name: 'API and its documentation' }).click()

  const list = page.locator('.opblock', { has: page.locator('[data-path="/api/plan.list"]') })
  await list.getByRole('button').first().click()
  await list.getByRole('button', { name: 'Try it out' }).click()
  await list.getByRole('button', { name: 'Execute' }).click()
  await list.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
  expect(calls).toMatchObject([{ name: 'plan.list', who: 'browser' }])

  expect(await page.locator('.opblock').count()).toBeGreaterThan(40)
  expect(complaints).toEqual([])
  const elsewhere = asked.filter(url => !url.startsWith(server.url) && !url.startsWith('data:'))
  expect(elsewhere).toEqual([])
})

test('a browser without a session signs in by the token', async () => {
  const { server } = await serving()
  const { page, complaints } = await browser()
  await page.goto(server.url)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Holdfast is running' }).waitFor()
  expect(page.url()).toBe(server.url)
  expect(complaints.filter(text => !text.includes('401'))).toEqual([]) // the page asking to sign in is a 401
})
