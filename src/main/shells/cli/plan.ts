import { Command } from 'commander'
import { addAppOptions } from './app.ts'
import { addHelp } from './help.ts'
import { buildAdd } from './plan-add.ts'
import { buildCancel } from './plan-cancel.ts'
import { buildEdit } from './plan-edit.ts'
import { buildExport } from './plan-export.ts'
import { buildHistory } from './plan-history.ts'
import { buildList } from './plan-list.ts'
import { buildPause, buildResume } from './plan-pause.ts'
import { buildRemove } from './plan-remove.ts'
import { buildRun } from './plan-run.ts'
import { buildShow } from './plan-show.ts'
import { buildTest } from './plan-test.ts'
import type { Shell } from './shell.ts'

export function build(shell: Shell): Command {
  const command = new Command('plan').description(
    'Plans: what is backed up, when, where to, and how long it is kept.\n' +
      'A plan is named by its name or by the beginning of its ID.',
  )
  const parts = [
    buildList,
    buildShow,
    buildAdd,
    buildEdit,
    buildRemove,
    buildRun,
    buildCancel,
    buildTest,
    buildPause,
    buildResume,
    buildHistory,
    buildExport,
  ]
  for (const part of parts) command.addCommand(part(shell))
  command.helpCommand(false)
  addHelp(command, {
    examples: [
      ['holdfast plan add --name Documents --path ~/Documents --destination NAS --schedule daily@02:00'],
      ['holdfast plan run Documents', 'now; shows how it goes, Ctrl-C cancels it'],
      ['holdfast plan list'],
      ['holdfast plan export > plans.yml', 'and back: holdfast apply -f plans.yml'],
    ],
    exits: [
      [29, 'no such plan'],
      [31, 'somebody else changed it meanwhile, or its name is taken'],
    ],
  })
  return addAppOptions(command)
}
