import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rawFromText } from '../../src/main/engine/format/raw.ts'
import { manifestDifferences, readManifest } from './manifest.ts'
import { buildTree, nextDay } from './seeded-tree.ts'
import { tempDir } from './tmp.ts'

test('the same seed makes the same tree, and the same next days', () => {
  const [a, b] = [tempDir('tree'), tempDir('tree')]
  for (const root of [a, b]) {
    buildTree(root, { files: 300, seed: 7 })
    nextDay(root, { seed: 7 })
    nextDay(root, { seed: 7, day: 2 })
  }
  const manifest = readManifest(a)
  expect(manifestDifferences(manifest, readManifest(b))).toEqual([])
  expect(manifest.size).toBeGreaterThan(300)
})

test('another seed makes another tree', () => {
  const [a, b] = [tempDir('tree'), tempDir('tree')]
  buildTree(a, { files: 50, seed: 1 })
  buildTree(b, { files: 50, seed: 2 })
  expect(manifestDifferences(readManifest(a), readManifest(b)).length).toBeGreaterThan(30)
})

test('has as many files as were asked for, of many sizes, in folders in folders', () => {
  const root = tempDir('tree')
  buildTree(root, { files: 500, seed: 3 })
  const files = [...readManifest(root)].filter(([, item]) => item.type === 'file')
  expect(files).toHaveLength(500)
  const sizes = files.map(([, item]) => item.sizeBytes!)
  expect(sizes).toContain(0)
  expect(Math.max(...sizes)).toBeGreaterThan(8_000)
  const mean = sizes.reduce((a, b) => a + b) / 500
  expect(mean).toBeGreaterThan(1_500)
  expect(mean).toBeLessThan(2_600)
  expect(Math.max(...files.map(([path]) => path.split('/').length))).toBeGreaterThan(3)
})

test('the next day did what it says, and nothing else', () => {
  const [before, after] = [tempDir('tree'), tempDir('tree')]
  buildTree(before, { files: 400, seed: 11 })
  cpSync(before, after, { recursive: true, preserveTimestamps: true })
  const day = nextDay(after, { seed: 11 })
  for (const [name, list] of Object.entries(day)) expect(list.length, name).toBeGreaterThan(0)

  const [old, now] = [readManifest(before), readManifest(after)]
  const files = (root: string): number =>
    readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile()).length
  expect(files(after)).toBe(400 + day.added.length - day.removed.length)

  const names = (lines: string[]): string[] => [...new Set(lines.map(line => line.split(': ')[0]!))]
  const differing = manifestDifferences(old, now, { without: (_, item) => item.type === 'dir' })
  const said = [...day.changed, ...day.added, ...day.removed, ...day.touched].sort()
  expect(names(differing)).toEqual([...new Set(said)])
  for (const path of day.touched)
    expect(now.get(rawFromText(path))!.sha256).toBe(old.get(rawFromText(path))!.sha256)
  for (const [from, to] of day.moved)
    expect(now.get(rawFromText(to))!.sha256).toBe(old.get(rawFromText(from))!.sha256)
  expect(now.get(rawFromText(join(day.changed[0]!)))!.sha256).not.toBe(
    old.get(rawFromText(day.changed[0]!))!.sha256,
  )
})
