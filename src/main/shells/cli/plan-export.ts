import { Command } from 'commander'
import { addAppOptions, withApp } from './app.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function buildExport(shell: Shell): Command {
  const command = new Command('export')
    .description('Print all plans and destinations as one YAML file, without secrets.')
    .action(() => run(shell, command))
  addHelp(command, {
    examples: [['holdfast plan export > plans.yml'], ['holdfast apply -f plans.yml', 'and back']],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  await withApp(shell, settings, {}, async ({ client }) => {
    const { yaml } = await client.call('plan.export', undefined)
    if (settings.json) shell.out.json({ yaml })
    else await shell.out.printBytes(Buffer.from(yaml))
  })
}
