import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { execute } from '../support/restic.ts'
import { tempDir } from '../support/tmp.ts'
import { builtCli, productEnvironment } from './launch.ts'

/** The main side as it was built: threads, kernels and processes are found by where they lie. */

test('the built command line does the main job', async () => {
  const folder = tempDir('built')
  const env = { ...productEnvironment(join(folder, 'data')), TMPDIR: folder }
  const { code, stdout, stderr } = await execute(process.execPath, [builtCli, 'demo', '--json'], { env })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
    message_type: 'summary',
    equal: true,
  })
})

test.skipIf(process.platform !== 'linux')(
  'npm start says in one line why there is no window, and opens the same app for the browser',
  async () => {
    const env = productEnvironment(join(tempDir('start'), 'data'))
    delete env['DISPLAY']
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../scripts/start.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    const link = await new Promise<string>((resolve, reject) => {
      const hear = (part: Buffer) => {
        said += part.toString()
        const [found] = /http:\/\/127\.0\.0\.1:\d+\/\?ticket=\S+/.exec(said) ?? []
        if (found !== undefined) resolve(found)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('exit', () => reject(new Error(said)))
    })
    expect(said).toMatch(/^No desktop window: there is no display\. Holdfast opens in the browser\.\n/m)
    const page = await fetch(link, { redirect: 'manual' })
    expect(page.status).toBe(303)
    const cookie = page.headers.getSetCookie()[0]!.split(';')[0]!
    const home = await fetch(new URL('/', link), { headers: { cookie, accept: 'text/html' } })
    expect(await home.text()).toContain('<title>Holdfast</title>')
    child.kill('SIGTERM')
    await new Promise(resolve => child.once('exit', resolve))
  },
)
