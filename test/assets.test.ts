import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'

/** Width and height from a PNG's first chunk. */
function pngSize(path: string): [number, number] {
  const bytes = readFileSync(path)
  expect(bytes.subarray(0, 8).toString('latin1'), path).toBe('\x89PNG\r\n\x1a\n')
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
}

test('every icon is as large as its name says', () => {
  const icons = globSync('assets/icons/*.png')
  expect(icons.length).toBeGreaterThan(5)
  for (const path of icons) {
    const [width, height] = pngSize(path)
    expect(basename(path)).toBe(`${width}x${height}.png`)
  }
})

test('electron-builder.yml names pictures that are there, large enough for their platform', () => {
  const icons = [...readFileSync('electron-builder.yml', 'utf8').matchAll(/icon: (\S+\.png)/g)].map(
    ([, path]) => path!,
  )
  expect(icons).toHaveLength(2)
  const [mac, win] = icons.map(path => pngSize(path)[0])
  expect(mac).toBeGreaterThanOrEqual(512)
  expect(win).toBeGreaterThanOrEqual(256)
})
