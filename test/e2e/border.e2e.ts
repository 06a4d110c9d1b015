import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { Bridge } from '../../src/shared/bridge.ts'
import type { Reply } from '../../src/shared/contract.ts'
import { eventually, inside, isShown, launchDesktop, test, type Desktop } from './desktop.ts'
import { startApp } from './launch.ts'
import { isHere } from '../support/needs.ts'

/** What the window's page may do, and what it can't. */

const startPage = { url: 'app://holdfast/index.html', isMain: true }

let desktop: Desktop
beforeAll(async () => {
  if (isHere('chromium')) desktop = (await startApp({ host: 'electron', vault: 'new' })) as Desktop
})
afterAll(() => desktop?.close())

test('the page has the bridge and nothing else of the system', async () => {
  expect(
    await desktop.page.evaluate(() => {
      const page = globalThis as unknown as Record<string, unknown>
      const { holdfast } = globalThis as unknown as { holdfast: Bridge }
      return [
        ...['require', 'process', 'module', 'Buffer', 'electronHost'].map(name => typeof page[name]),
        Object.keys(holdfast).sort(),
      ]
    }),
  ).toEqual([...Array.from({ length: 5 }, () => 'undefined'), ['call', 'desktop', 'onEvent', 'onLink']])
})

inside(
  'windows are made with everything on that protects; where it ships without tools for developers',
  async () => {
    const { standIn } = await launchDesktop({ env: { ELECTRON_HOST_PACKAGED: '1' } })
    const [window] = await standIn.windows()
    expect(window?.webPreferences).toEqual({
      preload: expect.stringMatching(/out\/preload\/preload\.cjs$/),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: false,
    })
    expect(JSON.stringify(await standIn.menu())).not.toContain('toggleDevTools')
  },
)

describe('a message to the main process', () => {
  inside.each([
    ['a frame inside our page', { frame: { ...startPage, isMain: false } }],
    ['another page in our window', { frame: { url: 'https://example.com/', isMain: true } }],
    [
      'a page that looks like ours',
      { frame: { url: 'app://holdfast.example.com/index.html', isMain: true } },
    ],
    ['a picture of ours', { frame: { url: 'app://holdfast/icon.png', isMain: true } }],
    ['a file', { frame: { url: 'file:///index.html', isMain: true } }],
    ['a frame that is gone', { frame: null }],
    ['another window', { frame: startPage, window: 99 }],
  ])('from %s reaches nothing', async (_, from) => {
    const { standIn } = desktop
    const refused = { ok: false, error: { code: 'forbidden' } }
    expect(await standIn.message({ channel: 'call', args: ['app.info', undefined], ...from })).toMatchObject(
      refused,
    )
    expect(await standIn.message({ channel: 'desktop', args: [{ action: 'stage' }], ...from })).toMatchObject(
      refused,
    )
    expect(await standIn.message({ channel: 'link', args: [], ...from })).toBeNull()
  })

  inside('of the wrong shape is answered, whatever it is', async () => {
    const { standIn } = desktop
    const cycle: Record<string, unknown> = {}
    cycle['again'] = cycle
    const answer = async (channel: string, ...args: unknown[]) => {
      const reply = (await standIn.message({ channel, args, frame: startPage })) as Reply
      return reply.ok ? 'done' : reply.error.code
    }
    expect(await answer('call', 'app.info')).toBe('done')
    expect(await answer('call')).toBe('not_found')
    expect(await answer('call', { toString: 'app.info' })).toBe('not_found')
    expect(await answer('call', 'constructor')).toBe('not_found')
    expect(await answer('call', '__proto__', {})).toBe('not_found')
    expect(await answer('call', 'plan.get', 1n)).toBe('invalid_input')
    expect(await answer('call', 'plan.get', cycle)).toBe('invalid_input')
    expect(await answer('call', 'plan.get', new Map([['id', 1]]))).toBe('invalid_input')
    const long = { yaml: 'x'.repeat(9 * 1024 * 1024), dryRun: true }
    expect(await answer('call', 'plan.apply', long)).toBe('invalid_input')
    expect(await answer('desktop')).toBe('invalid_input')
    expect(await answer('desktop', { action: 'openExternal', url: 'https://example.com' })).toBe(
      'invalid_input',
    )
    expect(await answer('desktop', { action: 'stage', path: '/' })).toBe('invalid_input')
    expect(await answer('desktop', { action: 'showInFolder', path: '/etc/passwd' })).toBe('forbidden')
    for (const args of [[], [{}], [{ paths: [] }], [{ paths: [1] }], [{ paths: ['/etc/passwd'] }]])
      await standIn.message({ kind: 'send', channel: 'drag', args, frame: startPage })
    expect((await standIn.record()).drags).toEqual([])
  })
})

test('the window leads nowhere else: no other page, no other window, nothing remote', async () => {
  const { page, standIn } = desktop
  await isShown(page)
  const before = page.url()
  await page.evaluate(() => {
    ;(globalThis as unknown as { location: { href: string } }).location.href = 'https://example.com/'
  })
  await page.evaluate(() => {
    const { open } = globalThis as unknown as { open(url: string): void }
    for (const url of ['https://example.com/', 'file:///etc/passwd', 'https://restic.net/']) open(url)
  })
  const reached = await page.evaluate(() =>
    fetch('https://example.com/').then(
      () => true,
      () => false,
    ),
  )
  expect(reached).toBe(false)
  await isShown(page)
  expect(page.url()).toBe(before)
  if (standIn)
    await eventually(standIn.record, ({ opened }) => expect(opened).toEqual(['https://restic.net/']))
})

test('no code runs in the page that is not a file of ours', async () => {
  const ran = await desktop.page.evaluate(async () => {
    const page = globalThis as unknown as Record<string, unknown> & {
      document: {
        createElement(name: string): { textContent: string }
        body: { append(node: unknown): void }
      }
    }
    const script = page.document.createElement('script')
    script.textContent = 'globalThis.ranInline = true'
    page.document.body.append(script)
    ;(setTimeout as unknown as (code: string) => void)('globalThis.ranText = true')
    await new Promise(resolve => setTimeout(resolve, 20))
    return [page['ranInline'], page['ranText']]
  })
  expect(ran).toEqual([undefined, undefined])
})

inside('requests that are not for our own files are cancelled', async () => {
  const { standIn } = desktop
  for (const url of [
    'https://example.com/x.js',
    'http://127.0.0.1/',
    'ws://example.com/',
    'file:///etc/passwd',
  ])
    expect(await standIn.request(url), url).toBe(true)
  expect(await standIn.request('app://holdfast/index.html')).toBe(false)
})

inside('of all permissions the page gets one: to copy', async () => {
  const { standIn } = desktop
  const ours = 'app://holdfast/index.html'
  for (const name of [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'openExternal',
    'fullscreen',
  ])
    expect(await standIn.permission(name, ours), name).toEqual({ request: false, check: false })
  const copy = 'clipboard-sanitized-write'
  expect(await standIn.permission(copy, ours)).toEqual({ request: true, check: true })
  expect(await standIn.permission(copy, 'https://example.com/')).toEqual({ request: false, check: false })
})
