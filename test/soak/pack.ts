import { spawn } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { build } from '../../scripts/build.ts'
import type { Campaign } from './campaign.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { createPackage, extractAll, listPackage } = createRequire(import.meta.url)('@electron/asar') as {
  createPackage(from: string, to: string): Promise<void>
  extractAll(archive: string, to: string): void
  listPackage(archive: string, options: { isPack: boolean }): string[]
}

/**
 * Packs the app as it ships, around a folder that only looks like Electron, and looks into what was made: nothing in it
 * that does not run, everything in it that does. Then what was packed does the main job.
 */
export const pack: Campaign = {
  name: 'pack',
  promise: 'What is packed is what runs, and nothing else.',
  how: 'The app is packed by electron-builder around a folder that only looks like Electron; the archive is listed, and what was packed does the demo.',
  async run({ scratch, say, problem }) {
    await build({ ifNeeded: true })
    const electron = await makeElectron(join(scratch, 'electron'))
    const release = join(scratch, 'release')
    const config = join(scratch, 'electron-builder.yml')
    const settings = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as Record<
      string,
      unknown
    >
    const { version } = JSON.parse(
      readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8'),
    ) as {
      version: string
    }
    const directories = { ...(settings['directories'] as object), output: release }
    // What only looks like Electron has no fuses to set.
    const ours = {
      ...settings,
      directories,
      electronDist: electron,
      electronVersion: version,
      electronFuses: null,
    }
    writeFileSync(config, stringify(ours))
    const packed = await finished(join(root, 'node_modules/.bin/electron-builder'), [
      '--linux',
      '--dir',
      '--config',
      config,
    ])
    if (packed.code !== 0) {
      problem(`electron-builder failed:\n${packed.said}`)
      return []
    }

    const resources = join(release, 'linux-unpacked/resources')
    const archive = join(resources, 'app.asar')
    const entries = listPackage(archive, { isPack: false }).map(path => path.replaceAll('\\', '/'))
    for (const [what, pattern] of forbidden) {
      const found = entries.filter(path => pattern.test(path))
      if (found.length > 0) problem(`${what} is packed: ${found.slice(0, 5).join(', ')} (${found.length})`)
    }
    for (const path of wanted) if (!entries.includes(path)) problem(`${path} is missing`)
    const developed = Object.keys(
      (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: object })
        .devDependencies,
    )
    for (const name of developed)
      if (entries.includes(`/node_modules/${name}`)) problem(`the development dependency ${name} is packed`)

    const unpacked = join(resources, 'app.asar.unpacked')
    const native = globSync('**/*.{node,wasm}', { cwd: unpacked }).sort()
    for (const part of nativeParts)
      if (!native.some(path => part.test(path))) problem(`no native part ${part} beside the archive`)
    for (const path of native) if (/(darwin|win32)/.test(path)) problem(`${path} is for another system`)
    if (!existsSync(join(release, 'linux-unpacked/holdfast'))) problem('the program is not called holdfast')

    const extracted = join(scratch, 'extracted')
    extractAll(archive, extracted)
    const cli = join(extracted, 'out/main/shells/cli/main.js')
    const env = { PATH: process.env['PATH'], TMPDIR: scratch, HOLDFAST_HOME: join(scratch, 'home') }
    const demo = await finished(process.execPath, [cli, 'demo', '--json'], env)
    if (demo.code !== 0 || !demo.said.includes('"equal":true')) problem(`the demo failed:\n${demo.said}`)
    const served = await finished(process.execPath, [cli, 'serve', '--help'], env)
    if (served.code !== 0) problem(`serve does not load:\n${served.said}`)

    const bytes = readFileSync(archive).length
    say(`${entries.length} entries, ${(bytes / 1e6).toFixed(1)} MB; beside it ${native.join(', ')}`)
    return []
  },
}

const forbidden: [what: string, pattern: RegExp][] = [
  ['TypeScript', /\.[mc]?ts$/],
  ['a source of ours', /^\/(src|test|scripts|docs|changes|bench)(\/|$)/],
  ['a test', /\/(__tests__|tests?)\//],
  ['C', /\.(c|cc|cpp|h|hpp|gypi?)$/],
  ['a source map', /\.map$/],
  ['a setting of the checkout', /^\/(\.|[^/]*config)/],
]
const wanted = [
  '/package.json',
  '/LICENSE',
  '/out/main/shells/electron/main.js',
  '/out/main/shells/cli/main.js',
  '/out/main/engine/workers/thread.js',
  '/out/main/engine/workers/read-thread.js',
  '/out/main/services/vault/keychain-process.js',
  '/out/preload/preload.cjs',
  '/out/renderer/index.html',
  '/out/kernels/simd.wasm',
  '/assets/tray/okTemplate@2x.png',
]
const nativeParts = [
  /better-sqlite3\/prebuilds\/linux-x64\.node$/,
  /koffi.*\.node$/,
  /keyring.*\.node$/,
  /simd\.wasm$/,
]

/** A folder as Electron's archive has it, with nothing in it that runs. */
async function makeElectron(folder: string): Promise<string> {
  mkdirSync(join(folder, 'resources'), { recursive: true })
  mkdirSync(join(folder, 'app'))
  writeFileSync(join(folder, 'app', 'main.js'), '')
  await createPackage(join(folder, 'app'), join(folder, 'resources', 'default_app.asar'))
  writeFileSync(join(folder, 'electron'), '#!/bin/sh\n')
  chmodSync(join(folder, 'electron'), 0o755)
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(folder, name), '')
  return folder
}

function finished(
  program: string,
  args: string[],
  env: Record<string, string | undefined> = process.env,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (part: Buffer) => (said += part.toString()))
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    child.on('error', reject)
    child.on('close', code => resolve({ code, said }))
  })
}
