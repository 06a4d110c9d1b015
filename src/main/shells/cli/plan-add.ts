import { Command } from 'commander'
import { visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { addHelp } from './help.ts'
import { addPlanOptions, draftFrom, type PlanOptions } from './plan-options.ts'
import { settingsOf } from './repo-options.ts'
import { scheduleLines } from './schedule-lines.ts'
import type { Shell } from './shell.ts'

export function buildAdd(shell: Shell): Command {
  const command = new Command('add')
    .description('Add a plan.')
    .action((options: PlanOptions) => run(shell, command, options))
  addPlanOptions(command, false)
  addHelp(command, {
    examples: [
      [
        "holdfast plan add --name Documents --path ~/Documents --exclude '*.tmp' --destination NAS --schedule daily@02:00",
      ],
      ['holdfast plan add --name Server --path /srv --schedule daily@02:00 --schedule full=weekly@sun:03:00'],
    ],
    exits: [
      [29, 'no such destination'],
      [31, 'the name is taken'],
    ],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, options: PlanOptions): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, alone }) => {
    const draft = draftFrom(options, null, await client.call('destination.list', undefined))
    const plan = await client.call('plan.create', { draft })
    if (settings.json) return out.json(plan)
    out.print(`added plan "${visible(plan.name)}"`)
    if (settings.quiet) return
    for (const line of await scheduleLines(client, plan, alone)) out.print(line)
  })
}
