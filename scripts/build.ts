import { createHash, type Hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as electronVite } from 'electron-vite'
import { buildKernels } from './build-kernels.ts'

/**
 * Builds what ships into `out/`: kernels, main side, preload, window. `--if-needed` builds only when sources, settings or
 * packages are others than those it was built from.
 */

const root = fileURLToPath(new URL('../', import.meta.url))
const stamp = join(root, 'out/built-from.sha256')
const inputs = ['src', 'electron.vite.config.ts', 'package-lock.json', 'scripts/build.ts']
/** The kernels stay: they have a stamp of their own. */
const built = ['main', 'shared', 'preload', 'renderer']

/** @returns whether there was something to do */
export async function build({ ifNeeded }: { ifNeeded: boolean }): Promise<boolean> {
  await buildKernels()
  const hash = contentHash()
  const complete = built.every(folder => existsSync(join(root, 'out', folder)))
  if (ifNeeded && complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false

  // What is there stays whole until all of the new is.
  const beside = `out/.building-${process.pid}`
  process.env['HOLDFAST_BUILD_INTO'] = join(root, beside)
  try {
    await electronVite({ root, configFile: join(root, 'electron.vite.config.ts'), logLevel: 'warn' })
    rmSync(stamp, { force: true })
    for (const folder of built) {
      rmSync(join(root, 'out', folder), { recursive: true, force: true })
      renameSync(join(root, beside, folder), join(root, 'out', folder))
    }
    writeFileSync(stamp, hash)
  } finally {
    rmSync(join(root, beside), { recursive: true, force: true })
  }
  return true
}

function contentHash(): string {
  const hash = createHash('sha256')
  for (const path of inputs) addTo(hash, path)
  return hash.digest('hex')
}

function addTo(hash: Hash, path: string): void {
  let names: string[] | null = null
  try {
    names = readdirSync(join(root, path)).sort()
  } catch {
    // a file
  }
  if (names) for (const name of names) addTo(hash, `${path}/${name}`)
  else hash.update(`\0${path}\0`).update(readFileSync(join(root, path)))
}

if (import.meta.main) {
  const startedAt = performance.now()
  const done = await build({ ifNeeded: process.argv.includes('--if-needed') })
  if (done) process.stdout.write(`Built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
}
