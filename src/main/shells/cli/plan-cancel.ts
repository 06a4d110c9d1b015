import { Command } from 'commander'
import { hasEnded } from '../../../shared/entities/run.ts'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function buildCancel(shell: Shell): Command {
  const command = new Command('cancel')
    .description('Cancel the run of a plan that goes on or waits. What it stored is reused by the next one.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .action((name: string) => run(shell, command, name))
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, alone }) => {
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    const states = ['queued', 'waiting', 'running', 'paused', 'cancelling'] as const
    const { runs } = await client.call('run.list', { planId: plan.id, states: [...states], limit: 100 })
    if (runs.length === 0 || alone) {
      throw new AppError('not_found', `No run of "${plan.name}" goes on.`, {
        hint: `holdfast plan history '${plan.name}' shows those that ended.`,
      })
    }
    const cancelled = []
    for (const { id } of runs) cancelled.push(await client.call('run.cancel', { id }))
    if (settings.json) return out.json(cancelled)
    const done = cancelled.every(({ state }) => hasEnded(state))
    out.print(
      `${done ? 'cancelled' : 'cancelling'} the run of "${visible(plan.name)}"; what it stored is kept`,
    )
  })
}
