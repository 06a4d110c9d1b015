import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { DownloadRequest } from '../../../src/main/services/download.ts'
import { disposition } from '../../../src/main/shells/server/download.ts'
import { fakeApp, id } from './fake-app.ts'
import { ask, bearer, serving } from './serving.ts'

const address = (...paths: string[]) =>
  `/api/download?destination=${id}&snapshot=abcd1234${paths.map(path => `&path=${encodeURIComponent(path)}`).join('')}`

async function withDownload(filename: string, parts: Iterable<Buffer>, sizeBytes: number | null) {
  const fake = fakeApp()
  const asked: DownloadRequest[] = []
  const download = (request: DownloadRequest) => {
    asked.push(request)
    const stream = Readable.from(parts, { highWaterMark: 1 })
    return Promise.resolve({ filename, mime: 'application/octet-stream', sizeBytes, stream } as const)
  }
  return { asked, ...(await serving({}, { ...fake, app: { ...fake.app, download } })) }
}

test('a file comes whole, to be saved and not to be shown', async () => {
  const { server, asked, audited } = await withDownload(
    'page.html',
    [Buffer.from('<script>'), Buffer.from('!')],
    9,
  )
  const answer = await ask(server, address('/home/ada/page.html', '/b&c'), { headers: bearer })
  expect([answer.status, answer.text]).toEqual([200, '<script>!'])
  expect(answer.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '9',
    'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'no-store',
  })
  expect(asked).toEqual([
    { destinationId: id, snapshotId: 'abcd1234', paths: ['/home/ada/page.html', '/b&c'] },
  ])
  expect(audited).toMatchObject([{ action: 'download', who: 'http', subject: 'abcd1234', detail: 'begun' }])
})

test('nobody gets it without the token or a session', async () => {
  const { server, asked } = await withDownload('a', [], 0)
  expect((await ask(server, address('/a'))).status).toBe(401)
  expect(
    (await ask(server, address('/a'), { headers: { ...bearer, 'sec-fetch-site': 'cross-site' } })).status,
  ).toBe(403)
  expect(asked).toEqual([])
})

test('what breaks off in the middle is no whole answer', async () => {
  function* broken() {
    yield Buffer.from('half')
    throw new Error('damaged')
  }
  for (const size of [null, 100]) {
    const { server } = await withDownload('a', broken(), size)
    await expect(ask(server, address('/a'), { headers: bearer })).rejects.toThrow()
  }
})

test('what fails before it begins is told as any failure', async () => {
  const { server, audited } = await serving()
  const answer = await ask(server, address('/a'), { headers: bearer })
  expect([answer.status, answer.json()]).toMatchObject([404, { code: 'not_found' }])
  expect(audited).toMatchObject([{ action: 'download', detail: 'failed: not_found' }])
})

test.each([
  '/api/download',
  `/api/download?destination=${id}&snapshot=abcd1234`,
  `${address('/a')}&more=1`,
  `/api/download?destination=x&snapshot=abcd1234&path=/a`,
  `${address('/a')}&snapshot=other`,
])('%s is refused', async path => {
  const { server } = await serving()
  expect((await ask(server, path, { headers: bearer })).status).toBe(400)
})

test.each([
  ['plan.txt', `attachment; filename="plan.txt"; filename*=UTF-8''plan.txt`],
  ['a "b"; c=d.txt', `attachment; filename="a _b__ c=d.txt"; filename*=UTF-8''a%20%22b%22%3B%20c%3Dd.txt`],
  ['x\r\nset-cookie: a', `attachment; filename="x__set-cookie: a"; filename*=UTF-8''x__set-cookie%3A%20a`],
  ['../../etc', `attachment; filename=".._.._etc"; filename*=UTF-8''.._.._etc`],
  ['\u202Efdp.exe', `attachment; filename="_fdp.exe"; filename*=UTF-8''_fdp.exe`],
  ["grün 100%'.txt", `attachment; filename="gr_n 100_'.txt"; filename*=UTF-8''gr%C3%BCn%20100%25%27.txt`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''_`],
])('the name %j goes over as it must', (name, expected) => {
  expect(disposition(name)).toBe(expected)
})
