import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import type { Output as Answer } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { plural, visible } from '../../../shared/wording.ts'
import { variablesIn } from '../../../shared/plan-variables.ts'
import { addAppOptions, withApp } from './app.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

interface Options {
  file: string
  dryRun?: boolean
  prune?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('apply')
    .description(
      'Make plans and destinations what a YAML file says, as `holdfast plan export` writes it.\n' +
        '${NAME} in it is taken from the environment of this command; $$ is a dollar sign.',
    )
    .requiredOption('-f, --file <file>', 'the file; - is the standard input')
    .option('-n, --dry-run', 'only say what would change')
    .option('--prune', 'also remove plans that the file does not name; destinations stay')
    .action((options: Options) => run(shell, command, options))
  addHelp(command, {
    examples: [
      ['holdfast apply -f plans.yml --dry-run'],
      ['NAS_PASSWORD=… holdfast apply -f plans.yml', 'where the file says: password: ${NAS_PASSWORD}'],
      ['holdfast plan export | ssh other holdfast apply -f -'],
    ],
    exits: [
      [2, 'the file is not as it should be; nothing was changed'],
      [31, 'a destination is elsewhere than the file says; nothing was changed'],
    ],
  })
  return addAppOptions(command)
}

const signs = { create: '+', update: '~', remove: '-', unchanged: ' ' } as const
const words = {
  done: { create: 'added', update: 'changed', remove: 'removed', unchanged: 'as before' },
  planned: {
    create: 'to be added',
    update: 'to be changed',
    remove: 'to be removed',
    unchanged: 'as before',
  },
} as const

async function run(shell: Shell, command: Command, { file, dryRun, prune }: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  const yaml = await readPlans(file)
  const variables = Object.fromEntries(
    variablesIn(yaml).flatMap(name => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  await withApp(shell, settings, {}, async ({ client, unlock }) => {
    if (dryRun !== true) await unlock()
    const changes = await client.call('plan.apply', {
      yaml,
      variables,
      dryRun: dryRun === true,
      prune: prune === true,
    })
    if (settings.json) return out.json(changes)
    for (const line of lines(changes, dryRun === true ? 'planned' : 'done', settings.quiet)) out.print(line)
    const different = changes.filter(({ action }) => action !== 'unchanged').length
    if (settings.quiet) return
    if (different === 0) out.print('Everything is as the file says.')
    else
      out.print(
        dryRun === true
          ? `${plural(different, 'change')} to make; nothing was changed.`
          : `${plural(different, 'change')} made.`,
      )
  })
}

function lines(changes: Answer<'plan.apply'>, tense: keyof typeof words, quiet: boolean): string[] {
  return changes
    .filter(({ action }) => !quiet || action !== 'unchanged')
    .map(({ kind, name, action, changes }) => {
      const what = changes.length > 0 ? ` (${changes.join(', ')})` : ''
      return `${signs[action]} ${kind} "${visible(name)}": ${words[tense][action]}${what}`
    })
}

async function readPlans(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('invalid_input', `The file of plans can't be read: ${(error as Error).message}`, {
      hint: 'Check the path.',
      cause: error,
    })
  }
}
