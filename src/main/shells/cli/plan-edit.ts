import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { splitWords } from '../../../shared/command-words.ts'
import type { Destination } from '../../../shared/entities/destination.ts'
import { PlanDraft, type Plan } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { exportPlans, planFrom } from '../../services/plan-file.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { addPlanOptions, draftFrom, type PlanOptions } from './plan-options.ts'
import { settingsOf } from './repo-options.ts'
import { scheduleLines } from './schedule-lines.ts'
import type { Shell } from './shell.ts'

export function buildEdit(shell: Shell): Command {
  const command = new Command('edit')
    .description('Change a plan: what the options say is different, all else stays.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .option('--editor', 'change all of it as YAML in $VISUAL or $EDITOR')
    .action((name: string, options: PlanOptions & { editor?: boolean }) => run(shell, command, name, options))
  addPlanOptions(command, true)
  addHelp(command, {
    examples: [
      ['holdfast plan edit Documents --schedule daily@03:30'],
      ["holdfast plan edit Documents --path ~/Documents --path ~/Pictures --exclude '*.tmp'"],
      ['holdfast plan edit Documents --editor'],
    ],
    exits: [
      [29, 'no such plan or destination'],
      [31, 'somebody else changed it meanwhile; nothing was saved'],
    ],
  })
  return addAppOptions(command)
}

async function run(
  shell: Shell,
  command: Command,
  name: string,
  { editor, ...options }: PlanOptions & { editor?: boolean },
): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, { long: editor === true }, async ({ client, alone }) => {
    const destinations = await client.call('destination.list', undefined)
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    const given = Object.keys(options).filter(key => command.getOptionValueSource(key) === 'cli')
    const changing = given.filter(key => !['json', 'quiet', 'verbose'].includes(key))
    if (editor === true ? changing.length > 0 : changing.length === 0) {
      throw new AppError(
        'invalid_input',
        editor === true ? '--editor changes all there is; it takes no other options.' : 'Nothing to change.',
        { hint: 'Say what is to be different, or use --editor alone.' },
      )
    }
    const draft =
      editor === true
        ? await edited(shell, plan, destinations)
        : draftFrom(options, PlanDraft.strip().parse(plan), destinations)
    const saved = await client.call('plan.update', { id: plan.id, draft, revision: plan.revision })
    if (settings.json) return out.json(saved)
    out.print(`changed plan "${visible(saved.name)}"`)
    if (settings.quiet) return
    for (const line of await scheduleLines(client, saved, alone)) out.print(line)
  })
}

/** The plan as it comes out of the editor. What was typed is kept when it is no plan. */
async function edited(shell: Shell, plan: Plan, destinations: readonly Destination[]): Promise<PlanDraft> {
  const line =
    process.env['VISUAL'] || process.env['EDITOR'] || (process.platform === 'win32' ? 'notepad' : 'vi')
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-plan-'))
  const file = join(folder, 'plan.yml')
  const before = exportPlans(
    [plan],
    destinations.filter(({ id }) => plan.destinationIds.includes(id)),
  )
  await writeFile(file, before, { mode: 0o600 })
  await runEditor(line, file, shell.signal)
  const after = await readFile(file, 'utf8')
  try {
    const draft = planFrom(after, destinations)
    await rm(folder, { recursive: true })
    return draft
  } catch (error) {
    if (error instanceof AppError) shell.out.say(`What was typed is kept in ${file}.`)
    throw error
  }
}

function runEditor(line: string, file: string, signal: AbortSignal): Promise<void> {
  const [program, ...args] = splitWords(line)
  return new Promise((resolve, reject) => {
    const fail = (how: string) =>
      reject(
        new AppError('invalid_input', `The editor (${program}) ${how}; nothing was changed.`, {
          hint: 'Set EDITOR to one that works.',
        }),
      )
    if (program === undefined) return fail('has no name')
    const child = spawn(program, [...args, file], { stdio: 'inherit', signal })
    child.on('error', error => (signal.aborted ? reject(signal.reason as Error) : fail(error.message)))
    child.on('close', (code, killedBy) => {
      if (code === 0) resolve()
      else fail(killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`)
    })
  })
}
