/**
 * Makes assets/icons/NxN.png from assets/icon.svg, and the tray's pictures from assets/tray/*.svg; run it after changing
 * a drawing, and commit what it made:
 *
 *     node scripts/build-icons.ts
 *
 * It calls `rsvg-convert` (Debian: `apt-get install librsvg2-bin`, Homebrew: `brew install librsvg`). Building the
 * app needs no such tool, for the pictures are in the repository.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Picture {
  readonly from: string
  readonly to: string
  /** Pixels. */
  readonly size: number
  /** Of what has the current colour. */
  readonly colour?: 'black' | 'white'
}

/** Pixels. Linux menus use all of them; macOS and Windows icons are packed from the largest. */
const icons: Picture[] = [16, 24, 32, 48, 64, 96, 128, 256, 512, 1024].map(size => ({
  from: 'icon.svg',
  to: `icons/${size}x${size}.png`,
  size,
}))

/** A drawing of its own for each size, and twice as many pixels for dense displays, which the system looks for as @2x. */
const trayPictures: Picture[] = ['ok', 'working', 'waiting', 'attention'].flatMap(state => {
  const picture = (name: string, size: 16 | 22, colour: 'black' | 'white'): Picture[] =>
    [1, 2].map(times => ({
      from: `tray/${state}-${size}.svg`,
      to: `tray/${name}${times === 2 ? '@2x' : ''}.png`,
      size: size * times,
      colour,
    }))
  return [
    picture(`${state}Template`, 16, 'black'), // macOS colours it itself
    picture(`${state}-16-black`, 16, 'black'),
    picture(`${state}-16-white`, 16, 'white'),
    picture(`${state}-22-black`, 22, 'black'),
    picture(`${state}-22-white`, 22, 'white'),
  ].flat()
})

const assets = fileURLToPath(new URL('../assets/', import.meta.url))
mkdirSync(`${assets}icons`, { recursive: true })
try {
  for (const { from, to, size, colour = 'black' } of [...icons, ...trayPictures]) {
    execFileSync('rsvg-convert', [`--width=${size}`, `--height=${size}`, `--output=${assets}${to}`], {
      stdio: ['pipe', 'inherit', 'inherit'],
      input: readFileSync(assets + from, 'utf8').replaceAll('currentColor', colour),
    })
  }
  process.stdout.write(`Made ${icons.length + trayPictures.length} pictures in assets\n`)
} catch (error) {
  const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
  const reason = absent ? 'rsvg-convert is not installed: apt-get install librsvg2-bin' : String(error)
  process.stderr.write(`No pictures made. ${reason}\n`)
  process.exitCode = 1
}
