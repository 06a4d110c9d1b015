import { Command } from 'commander'
import { failures } from '../../../shared/errors.ts'
import { plural, visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function buildTest(shell: Shell): Command {
  const command = new Command('test')
    .description('Check everything that a run of a plan needs, without writing anything.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .action((name: string) => run(shell, command, name))
  addHelp(command, {
    examples: [['holdfast plan test Documents']],
    exits: [[1, 'something is missing: a run would fail']],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, unlock }) => {
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    await unlock()
    const tests = await client.call('plan.test', { id: plan.id })
    const bad = tests.filter(({ ok }) => !ok).length
    if (bad > 0) shell.exit(failures.internal.exit)
    if (settings.json) return out.json(tests)
    for (const { what, ok, message, hint } of tests) {
      if (ok && settings.quiet) continue
      out.print(`${ok ? out.green('ok    ') : out.red('failed')}  ${visible(what)}: ${visible(message)}`)
      if (!ok && hint !== null) out.print(`        ${visible(hint)}`)
    }
    out.print(
      bad === 0
        ? `"${visible(plan.name)}" is ready to run.`
        : `"${visible(plan.name)}" can't run as it is: ${plural(bad, 'problem')}.`,
    )
  })
}
