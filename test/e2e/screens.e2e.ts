import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { needs } from '../support/needs.ts'
import type { Sample } from './sample.ts'
import {
  freshSample,
  openWindow,
  schemes,
  seriousFaults,
  sideways,
  type SampleWindow,
} from './sample-window.ts'

/**
 * Every screen, light and dark: it shows the sample, axe finds nothing serious, nothing is wider than the window.
 *
 * With HOLDFAST_SCREENSHOTS=write each is also written to docs/screenshots.
 */
const { test } = needs('chromium')
/** Many pages in one test: long on a busy machine. */
const patience = 240_000
const writes = process.env['HOLDFAST_SCREENSHOTS'] === 'write'
const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url))

let sample: Sample
beforeAll(async () => {
  sample = await freshSample()
}, patience)
afterAll(() => sample?.stop())

/** A screen's name, its address, and a text that only it shows. */
const screens: readonly [name: string, address: string, text: string | RegExp][] = [
  ['home', '/home', 'Backed up, with gaps'],
  ['plans', '/plans', 'Media library'],
  ['plan-editor', '/plans/PLAN', /What/],
  ['restore', '/restore?plan=PLAN&path=/home/mara/Documents/clients/aegean', 'budget.csv'],
  ['history', '/history?run=PARTIAL', 'Browse snapshot'],
  ['run', '/runs/PARTIAL', 'Same thing in a terminal'],
  ['run-failed', '/runs/FAILED', 'No space is left'],
  ['storage', '/storage', 'Read its snapshots again'],
  ['storage-add', '/storage/add', 'Folder for the backup'],
  ['health', '/health', 'Test all plans now'],
  ['settings-general', '/settings/general', 'Compact rows'],
  ['settings-performance', '/settings/performance', 'Threads'],
  ['settings-history', '/settings/history', 'Keep logs for'],
  ['settings-security', '/settings/security', 'Verify the log'],
  ['settings-plans', '/settings/plans', 'Show what would change'],
  ['settings-about', '/settings/about', 'Data directory'],
  ['first-run', '/first-run', /survive/],
]

async function addressesOf(sample: Sample): Promise<Record<string, string>> {
  const plans = await sample.call('plan.list', undefined)
  const { runs } = await sample.call('run.list', { limit: 1000 })
  return {
    PLAN: plans.find(({ name }) => name === 'Workstation')!.id,
    PARTIAL: runs.find(({ state }) => state === 'partial')!.id,
    FAILED: runs.find(({ planName, state }) => planName === 'Workstation' && state === 'failed')!.id,
  }
}

async function write(window: SampleWindow, name: string): Promise<void> {
  if (!writes) return
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.png`)
  await window.page.screenshot({ path })
  // as large as it has to be, where that program is
  spawnSync('pngquant', ['--force', '--skip-if-larger', '--speed', '1', '--output', path, '256', path])
}

describe.each(schemes)('in %s colours', scheme => {
  test(
    'every screen can be used by everybody',
    async () => {
      const addresses = await addressesOf(sample)
      const window = await openWindow(sample, { scheme, sharp: writes })
      const faults: Record<string, string[]> = {}
      for (const [name, address, text] of screens) {
        await window.go(`#${address.replace(/PLAN|PARTIAL|FAILED/, word => addresses[word]!)}`)
        await window.page.getByText(text).first().waitFor()
        await write(window, `${name}-${scheme}`)
        const found = await seriousFaults(window.page)
        if ((await sideways(window.page)) > 0) found.push('wider than the window')
        if (found.length > 0) faults[name] = found
      }
      await window.go('#/home')
      await window.page.keyboard.press('Control+k')
      await window.page.getByPlaceholder('Find a file, a run or a command').waitFor()
      await write(window, `commands-${scheme}`)
      const found = await seriousFaults(window.page)
      if (found.length > 0) faults['commands'] = found
      await window.close()
      expect(faults).toEqual({})
      expect(window.complaints).toEqual([])
    },
    patience,
  )

  test(
    'before the first plan every screen says what it is for',
    async () => {
      const empty = await freshSample({ empty: true })
      const window = await openWindow(empty, { scheme, sharp: writes })
      const faults: Record<string, string[]> = {}
      const words: readonly [address: string, text: RegExp][] = [
        ['/home', /Nothing is protected yet/],
        ['/plans', /plan/i],
        ['/restore', /backup|snapshot/i],
        ['/history', /No run yet/],
        ['/storage', /No place for backups yet/],
        ['/health', /There is no plan yet/],
      ]
      for (const [address, text] of words) {
        await window.go(`#${address}`)
        await window.page.locator('main').getByText(text).first().waitFor()
        if (address === '/home') await write(window, `empty-${scheme}`)
        const found = await seriousFaults(window.page)
        if (found.length > 0) faults[address] = found
      }
      await window.close()
      await empty.stop()
      expect(faults).toEqual({})
      expect(window.complaints).toEqual([])
    },
    patience,
  )
})
