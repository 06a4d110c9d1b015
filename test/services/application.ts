import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createApp, type App, type AppPorts } from '../../src/main/services/app.ts'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import { dispatch } from '../../src/main/services/dispatch.ts'
import { unknownNetwork } from '../../src/main/services/scheduling/network.ts'
import { unknownPower } from '../../src/main/services/scheduling/power.ts'
import { wallClockTimers } from '../../src/main/services/scheduling/timers.ts'
import type { AnyEvent, CallInput, Method, Output } from '../../src/shared/contract.ts'
import { hasEnded, type Run } from '../../src/shared/entities/run.ts'
import { AppError } from '../../src/shared/errors.ts'
import { memoryVault } from '../support/memory-vault.ts'
import { quickCost } from '../support/repo.ts'
import { tempDir } from '../support/tmp.ts'

export interface Application {
  readonly app: App
  readonly folder: string
  readonly vault: ReturnType<typeof memoryVault>
  readonly events: AnyEvent[]
  readonly troubles: unknown[]
  call<M extends Method>(name: M, input: CallInput<M>): Promise<Output<M>>
  ended(id: string): Promise<Run>
}

/** The whole application on a data directory of its own; only the keychain is in memory. */
export async function application(more: Partial<AppPorts> = {}): Promise<Application> {
  const folder = tempDir('application')
  const vault = memoryVault()
  const now = more.now ?? (() => new Date().getTime())
  const dataDirectory = join(folder, 'data')
  mkdirSync(dataDirectory, { mode: 0o700 })
  const events: AnyEvent[] = []
  const troubles: unknown[] = []
  const app = await createApp({
    host: 'server',
    dataDirectory,
    hostname: 'atlas',
    username: 'ada',
    home: folder,
    platform: process.platform,
    pid: process.pid,
    now,
    random: () => 0.5,
    timers: wallClockTimers,
    power: unknownPower,
    network: unknownNetwork,
    machineZone: () => 'Europe/Athens',
    environment: { PATH: process.env['PATH'] },
    catalogue: openCatalogue(dataDirectory, { now }),
    vault,
    keyCost: quickCost,
    tell: () => undefined,
    trouble: error => void troubles.push(error),
    ...more,
  })
  app.subscribe(event => void events.push(event))
  onTestFinished(() => app.stop('cancel'))
  return {
    app,
    folder,
    vault,
    events,
    troubles,
    async call<M extends Method>(name: M, input: CallInput<M>) {
      const reply = await dispatch(app, { who: 'test' }, name, input)
      if (reply.ok) return reply.value as Output<M>
      throw new AppError(
        reply.error.code,
        reply.error.message,
        reply.error.hint === undefined ? {} : { hint: reply.error.hint },
      )
    },
    ended: id =>
      new Promise(resolve => {
        const found = events.findLast(event => event.name === 'run.changed' && event.value.id === id)
        if (found?.name === 'run.changed' && hasEnded(found.value.state)) return resolve(found.value)
        const stop = app.subscribe(event => {
          if (event.name !== 'run.changed' || event.value.id !== id || !hasEnded(event.value.state)) return
          stop()
          resolve(event.value)
        })
      }),
  }
}
