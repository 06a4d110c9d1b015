/**
 * Makes assets/icons/NxN.png from assets/icon.svg; run it after changing the drawing, and commit what it made:
 *
 *     node scripts/build-icons.ts
 *
 * It calls `rsvg-convert` (Debian: `apt-get install librsvg2-bin`, Homebrew: `brew install librsvg`). Building the
 * app needs no such tool, for the pictures are in the repository.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Pixels. Linux menus use all of them; macOS and Windows icons are packed from the largest. */
const sizes = [16, 24, 32, 48, 64, 96, 128, 256, 512, 1024]

const assets = fileURLToPath(new URL('../assets/', import.meta.url))
mkdirSync(`${assets}icons`, { recursive: true })
try {
  for (const size of sizes) {
    const [width, height, output] = [
      `--width=${size}`,
      `--height=${size}`,
      `--output=icons/${size}x${size}.png`,
    ]
    execFileSync('rsvg-convert', [width, height, output, 'icon.svg'], { cwd: assets, stdio: 'inherit' })
  }
  process.stdout.write(`Made ${sizes.length} pictures in assets/icons\n`)
} catch (error) {
  const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
  const reason = absent ? 'rsvg-convert is not installed: apt-get install librsvg2-bin' : String(error)
  process.stderr.write(`No pictures made. ${reason}\n`)
  process.exitCode = 1
}
