import { expect, test } from 'vitest'
import { linkAmong, routeOfLink } from '../../../src/main/shells/electron/deep-link.ts'
import { pagePath, policy, servePages } from '../../../src/main/shells/electron/pages.ts'
import {
  externalLink,
  isOwnDownload,
  isOwnFrame,
  isPermitted,
} from '../../../src/main/shells/electron/trust.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../support/tmp.ts'

const id = '0b7e3c2a-1d4f-4c6b-9a58-7e2f1c3d5b6a'

test.each([
  [`holdfast://plan/${id}`, `#/plans/${id}`],
  ['holdfast://restore', '#/restore'],
  ['holdfast://restore/', '#/restore'],
  ['holdfast://restore?find=a%20letter.txt', '#/restore?find=a+letter.txt'],
  [
    `holdfast://restore?plan=${id}&snapshot=0123abcd&path=%2Fhome%2Fada`,
    `#/restore?plan=${id}&snapshot=0123abcd&path=%2Fhome%2Fada`,
  ],
])('%s leads to %s', (link, route) => {
  expect(routeOfLink(link)).toBe(route)
})

test.each([
  '',
  'holdfast:',
  'holdfast://',
  'holdfast://plan',
  'holdfast://plan/',
  'holdfast://plan/1',
  `holdfast://plan/${id}/edit`,
  `holdfast://plan/${id}?run=now`,
  `holdfast://plan/${id}#/settings`,
  'holdfast://plan/../../settings',
  `holdfast://user@plan/${id}`,
  `holdfast://plan:80/${id}`,
  'holdfast://settings',
  'holdfast://run/start',
  'holdfast://restore/now',
  'holdfast://restore?start=1',
  'holdfast://restore?find=',
  'holdfast://restore?find=%20',
  'holdfast://restore?find=a&find=b',
  'holdfast://restore?snapshot=../../x',
  'holdfast://restore?path=relative',
  'holdfast://restore?path=%2Fa%00b',
  `holdfast://restore?find=${'x'.repeat(501)}`,
  `holdfast://restore?find=${'x'.repeat(20_000)}`,
  `https://plan/${id}`,
  `javascript:alert(1)`,
])('%j leads nowhere', link => {
  expect(routeOfLink(link)).toBeNull()
})

test('the link is found among the arguments of a program', () => {
  expect(linkAmong(['/usr/bin/holdfast', '--hidden', 'HOLDFAST://restore'])).toBe('HOLDFAST://restore')
  expect(linkAmong(['/usr/bin/holdfast', '/home/ada/holdfast'])).toBeNull()
})

test.each([
  ['https://restic.net/', 'https://restic.net/'],
  ['https://restic.readthedocs.io/en/stable/', 'https://restic.readthedocs.io/en/stable/'],
  ['http://restic.net/', null],
  ['https://restic.net.example.com/', null],
  ['https://user:secret@restic.net/', null],
  ['https://restic.net:8443/', null],
  ['https://example.com/?https://restic.net/', null],
  ['file:///etc/passwd', null],
  ['smb://restic.net/share', null],
  ['', null],
])('%s may be opened in the browser as %s', (address, link) => {
  expect(externalLink(address)).toBe(link)
})

test.each([
  ['app://holdfast/index.html', ['index.html']],
  ['app://holdfast/index.html?a#/plans', ['index.html']],
  ['app://holdfast/assets/index-B_6HweV1.js', ['assets', 'index-B_6HweV1.js']],
  ['app://holdfast/', null],
  ['app://holdfast/index', null],
  ['app://holdfast/.hidden.html', null],
  ['app://holdfast/assets/.stamp.js', null],
  ['app://holdfast/../package.json', null],
  ['app://holdfast/%2e%2e/secret.html', ['secret.html']], // resolved before it gets here: it leads nowhere else
  ['app://holdfast/a/..%2fsecret.html', null],
  ['app://holdfast/a\\..\\secret.html', null],
  ['app://holdfast//index.html', null],
  ['app://elsewhere/index.html', null],
  ['app://user@holdfast/index.html', null],
  ['file:///index.html', null],
])('%s is the file %j', (address, path) => {
  expect(pagePath(address)).toEqual(path)
})

test('files of the window are served with the policy, and nothing else is', async () => {
  const folder = join(tempDir('pages'), 'renderer')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, '..', 'secret.html'), 'secret')
  const serve = servePages(folder)
  const get = (url: string, method = 'GET') => serve({ url, method })
  const page = await get('app://holdfast/index.html')
  expect([page.status, await page.text()]).toEqual([200, '<!doctype html>'])
  expect(Object.fromEntries(page.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
  })
  for (const url of [
    'app://holdfast/secret.html',
    'app://holdfast/%2e%2e/secret.html',
    'app://holdfast/none.js',
  ])
    expect((await get(url)).status, url).toBe(404)
  expect((await get('app://holdfast/index.html', 'POST')).status).toBe(404)
})

test('the policy lets no script in that is not a file of ours, and nothing out', () => {
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("connect-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe-eval')
})

test('only our page in the main frame is believed, may copy, and may save what it made', () => {
  expect(isOwnFrame({ url: 'app://holdfast/index.html#/plans', parent: null })).toBe(true)
  expect(isOwnFrame({ url: 'app://holdfast/index.html', parent: {} })).toBe(false)
  expect(isOwnFrame({ url: 'app://holdfast/icon.png', parent: null })).toBe(false)
  expect(isOwnFrame({ url: 'about:blank', parent: null })).toBe(false)
  expect(isOwnFrame(null)).toBe(false)
  expect(isPermitted('clipboard-sanitized-write', 'app://holdfast/')).toBe(true)
  expect(isPermitted('clipboard-sanitized-write', 'app://holdfast.example.com/')).toBe(false)
  expect(isPermitted('clipboard-read', 'app://holdfast/')).toBe(false)
  expect(isOwnDownload('blob:app://holdfast/0b7e')).toBe(true)
  expect(isOwnDownload('https://example.com/a.exe')).toBe(false)
})
