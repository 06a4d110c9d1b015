import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import type { Page } from 'playwright-core'
import type { Catalogue, IndexedTree } from '../../src/main/services/catalogue/catalogue.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, sha256 } from '../services/catalogue/samples.ts'
import { needs } from '../support/needs.ts'
import { sampleNowMs, type Sample } from './sample.ts'
import { freshSample, openWindow } from './sample-window.ts'

/**
 * How fast the window is, in figures: printed, and with HOLDFAST_MEASURES=write put into docs/performance.md. What is
 * asserted is only what no busy machine could miss.
 */
const { test } = needs('chromium')
vi.setConfig({ testTimeout: 240_000 })
const writes = process.env['HOLDFAST_MEASURES'] === 'write'
// A glance where nobody reads the figures; the whole where they are kept.
const most = writes
  ? { runs: 50_000, folders: 400, filesEach: 200, entries: 100_000, opened: 100, starts: 10 }
  : { runs: 4_000, folders: 60, filesEach: 200, entries: 20_000, opened: 12, starts: 2 }
const destinationId = idOf('measures')
const planId = idOf('measured plan')
const root = '/home/mara'

let sample: Sample
beforeAll(async () => {
  sample = await freshSample({ empty: true, prepare: fill })
}, 600_000)
afterAll(() => {
  if (writes) writeDown()
  for (const [what, figure] of figures) process.stdout.write(`  ${what}: ${figure}\n`)
  return sample?.stop()
})

const figures: [what: string, figure: string][] = []
const ms = (value: number) => `${Math.round(value)} ms`
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

test('from nothing to Home', async () => {
  const times: number[] = []
  for (let nth = 0; nth < most.starts; nth++) {
    const startedMs = performance.now()
    const window = await openWindow(sample, { measured: true })
    await window.page.getByRole('heading', { name: 'Plans' }).waitFor()
    times.push(performance.now() - startedMs)
    await window.close()
  }
  figures.push(['Cold start to Home, a fresh browser profile (median)', ms(quantile(times, 0.5))])
  expect(quantile(times, 0.5)).toBeLessThan(30_000)
})

test('folders of a large snapshot', async () => {
  const { page, close } = await openWindow(sample, { measured: true })
  await page.getByRole('heading', { name: 'Plans' }).waitFor()
  const times: number[] = []
  for (let nth = 0; nth < most.opened; nth++) {
    const folder = (nth * 37) % most.folders
    times.push(await openedIn(page, `${root}/folder-${folder}`, `file-${folder}-0.txt`))
  }
  const files = (most.folders * most.filesEach).toLocaleString('en-GB')
  figures.push([
    `Opening a folder of a snapshot of ${files} files, until its rows are painted (median, p95)`,
    `${ms(quantile(times, 0.5))}, ${ms(quantile(times, 0.95))}`,
  ])
  await close()
  expect(quantile(times, 0.95)).toBeLessThan(10_000)
})

test('a long history is scrolled', async () => {
  const { page, close } = await openWindow(sample, { measured: true })
  await show(page, '#/history')
  const grid = page.getByRole('grid', { name: 'Runs' })
  await grid.getByRole('row').nth(5).waitFor()
  const { worst, long, reached } = await scrolled(page, '[role=grid][aria-label=Runs]')
  expect(reached).toBeGreaterThan(most.runs * 25)
  figures.push([
    `Scrolling ${most.runs.toLocaleString('en-GB')} runs from top to end: tasks over 50 ms, the longest`,
    `${long}, ${worst === 0 ? 'none' : ms(worst)}`,
  ])
  await close()
  expect(worst).toBeLessThan(5_000)
})

test('a folder of very many entries is scrolled', async () => {
  const { page, close } = await openWindow(sample, { measured: true })
  await page.getByRole('heading', { name: 'Plans' }).waitFor()
  await openedIn(page, `${root}/huge`, 'IMG_0.jpg')
  const { worst, long } = await scrolled(page, 'main [role=grid]')
  figures.push([
    `Scrolling a folder of ${most.entries.toLocaleString('en-GB')} entries: tasks over 50 ms, the longest`,
    `${long}, ${worst === 0 ? 'none' : ms(worst)}`,
  ])
  await close()
  expect(worst).toBeLessThan(5_000)
})

const show = (page: Page, hash: string) =>
  page.evaluate(hash => {
    ;(globalThis as unknown as { location: { hash: string } }).location.hash = hash
  }, hash)

/** From the step into a folder until a name in it is painted, by the page's own clock. */
async function openedIn(page: Page, path: string, name: string): Promise<number> {
  const query = new URLSearchParams({ destination: destinationId, path })
  return page.evaluate(
    ([hash, name]) =>
      new Promise<number>(resolve => {
        const page = globalThis as unknown as Browser
        const startedMs = page.performance.now()
        const look = () => {
          if (page.document.querySelector('main [role=grid]')?.textContent.includes(name))
            page.requestAnimationFrame(() => resolve(page.performance.now() - startedMs))
          else page.requestAnimationFrame(look)
        }
        page.location.hash = hash
        look()
      }),
    [`#/restore?${query}`, name] as const,
  )
}

/** Goes down a list by large steps, a frame each, as a wheel that is spun does; and hears of what held the page up. */
function scrolled(page: Page, selector: string): Promise<{ worst: number; long: number; reached: number }> {
  return page.evaluate(async selector => {
    const page = globalThis as unknown as Browser
    const tasks: number[] = []
    const observer = new page.PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) tasks.push(duration)
    })
    observer.observe({ type: 'longtask' })
    const list = page.document.querySelector(selector)!
    const frame = () => new Promise(resolve => page.requestAnimationFrame(resolve))
    const steps = 240
    for (let step = 1; step <= steps; step++) {
      list.scrollTop = ((list.scrollHeight - list.clientHeight) * step) / steps
      await frame()
    }
    for (let rest = 0; rest < 30; rest++) await frame()
    observer.disconnect()
    return {
      worst: Math.round(Math.max(0, ...tasks)),
      long: tasks.length,
      reached: Math.round(list.scrollTop),
    }
  }, selector)
}

interface Browser {
  performance: { now(): number }
  requestAnimationFrame(call: (time: number) => void): void
  location: { hash: string }
  PerformanceObserver: new (hear: (list: { getEntries(): { duration: number }[] }) => void) => {
    observe(what: object): void
    disconnect(): void
  }
  document: {
    querySelector(selector: string): {
      textContent: string
      scrollTop: number
      scrollHeight: number
      clientHeight: number
    } | null
  }
}

/** A long history, and a large snapshot that only the index knows: enough to look at, nothing to restore. */
function fill(catalogue: Catalogue): void {
  catalogue.destinations.insert(
    aDestination({ id: destinationId, refreshedAtMs: sampleNowMs, location: { kind: 'local', path: '/' } }),
  )
  catalogue.plans.insert(aPlan({ id: planId, destinationIds: [destinationId] }))
  const states = ['succeeded', 'succeeded', 'succeeded', 'partial', 'failed', 'missed'] as const
  for (let nth = 0; nth < most.runs; nth++) {
    const at = sampleNowMs - nth * 900_000
    const state = states[nth % states.length]!
    catalogue.runs.save(
      aRun({
        planId,
        destinationId,
        state,
        dueAtMs: at,
        createdAtMs: at,
        startedAtMs: at,
        endedAtMs: at + 61_000,
        warnings: state === 'partial' ? 3 : 0,
        waitingFor: state === 'missed' ? 'The computer was asleep.' : null,
      }),
    )
  }
  const addTree = (entries: IndexedTree['entries']): string => {
    const treeId = sha256(entries.map(({ name, subtreeId }) => `${name}${subtreeId}`).join('\n'))
    catalogue.snapshots.addTrees(destinationId, [{ treeId, entries }])
    return treeId
  }
  const file = (name: string, nth: number): IndexedTree['entries'][number] => ({
    name,
    type: 'file',
    sizeBytes: 1000 + nth,
    modifiedAtMs: sampleNowMs - nth * 1000,
    contentKey: `${nth}`,
    subtreeId: null,
  })
  const folder = (name: string, subtreeId: string): IndexedTree['entries'][number] => ({
    ...file(name, 0),
    type: 'dir',
    contentKey: '',
    subtreeId,
  })
  const files = (count: number, name: (nth: number) => string) =>
    addTree(Array.from({ length: count }, (_, nth) => file(name(nth), nth)))
  const folders = Array.from({ length: most.folders }, (_, at) =>
    folder(
      `folder-${at}`,
      files(most.filesEach, nth => `file-${at}-${nth}.txt`),
    ),
  )
  const mara = addTree([
    ...folders,
    folder(
      'huge',
      files(most.entries, nth => `IMG_${nth}.jpg`),
    ),
  ])
  const top = addTree([folder('home', addTree([folder('mara', mara)]))])
  const snapshot = aSnapshot(top, { destinationId, planId, timeMs: sampleNowMs - 3_600_000, paths: [root] })
  catalogue.snapshots.add(snapshot)
  catalogue.snapshots.markIndexed(destinationId, snapshot.id)
}

/** The section of docs/performance.md that is ours. */
function writeDown(): void {
  const path = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))
  const text = readFileSync(path, 'utf8')
  const table = [
    '## The window',
    '',
    `In Chromium, over HTTP on one machine (${cpus().length} cores), ${new Date().toISOString().slice(0, 10)}; written by`,
    '`HOLDFAST_MEASURES=write npx vitest run test/e2e/measures.e2e.ts`. A task over 50 ms is what a person may notice.',
    '',
    '| what | figure |',
    '| --- | --- |',
    ...figures.map(([what, figure]) => `| ${what} | ${figure} |`),
    '',
  ].join('\n')
  const at = text.indexOf('## The window')
  const next = at < 0 ? -1 : text.indexOf('\n## ', at + 1)
  const before = at < 0 ? `${text.trimEnd()}\n\n` : text.slice(0, at)
  writeFileSync(path, `${before}${table}${next < 0 ? '' : text.slice(next)}`)
}
