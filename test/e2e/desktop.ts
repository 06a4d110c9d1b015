import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { hasEnded, type RunState } from '../../src/shared/entities/run.ts'
import type { StandIn } from '../support/electron-host/stand-in.ts'
import { needs } from '../support/needs.ts'
import { callFrom, electronProgram, launchApp, type Launched, type LaunchOptions } from './launch.ts'

export const { test } = needs('chromium')
/** For what only the stand-in shows: the inside of the main process, and what the system would see. */
export const inside = electronProgram() === null ? test : test.skip

export type Desktop = Launched & { standIn: StandIn }
export const launchDesktop = async (options: Partial<LaunchOptions> = {}): Promise<Desktop> =>
  (await launchApp({ host: 'electron', vault: 'new', ...options })) as Desktop

/** The page has loaded what it shows. */
export const isShown = (page: Page): Promise<void> =>
  page.locator('main > *').first().waitFor({ state: 'attached' })

/** Waits as long as a test may take. */
export const eventually = <T>(look: () => Promise<T>, check: (value: T) => void): Promise<void> =>
  vi.waitFor(async () => check(await look()), { timeout: 50_000, interval: 30 })

export const routeOf = async (page: Page): Promise<string> => new URL(page.url()).hash

/** A folder with a letter in it. */
export function sample(folder: string): string {
  mkdirSync(join(folder, 'source'), { recursive: true })
  writeFileSync(join(folder, 'source', 'letter.txt'), 'Dear all')
  return join(folder, 'source')
}

/** A plan over a folder, with a repository of its own. */
export async function protect(
  page: Page,
  folder: string,
  source: string,
  hooks: { before?: { command: string }[] } = {},
): Promise<string> {
  const { id } = await callFrom(page, 'destination.create', {
    draft: { name: 'Drive', location: { kind: 'local', path: join(folder, 'repository') } },
    password: 'a password of the repository',
    create: true,
  })
  const sources = [{ kind: 'files' as const, paths: [source] }]
  const draft = { name: 'Documents', sources, destinationIds: [id], retries: 0, hooks }
  return (await callFrom(page, 'plan.create', { draft })).id
}

export const startRun = async (page: Page, planId: string): Promise<string> =>
  (await callFrom(page, 'run.start', { planId })).id

export async function runIs(page: Page, id: string, wanted: RunState | 'ended'): Promise<void> {
  await eventually(
    () => callFrom(page, 'run.get', { id }),
    ({ state }) => expect(wanted === 'ended' ? hasEnded(state) : state === wanted, state).toBe(true),
  )
}
