import { Command } from 'commander'
import { visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function buildRemove(shell: Shell): Command {
  const command = new Command('remove')
    .description('Remove a plan. Its snapshots and its history stay.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .action((name: string) => run(shell, command, name))
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    await client.call('plan.remove', { id: plan.id })
    if (settings.json) out.json({ message_type: 'summary', removed: 'plan', id: plan.id, name: plan.name })
    else out.print(`removed plan "${visible(plan.name)}"; its snapshots and its history stay`)
  })
}
