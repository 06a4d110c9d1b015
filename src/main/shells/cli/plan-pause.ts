import { Command } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { pausedWords } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { parseUntil } from './until-option.ts'

interface Options {
  all?: boolean
  until?: number | 'forever'
}

export function buildPause(shell: Shell): Command {
  const command = new Command('pause')
    .description('Start no schedule of a plan for a while, or of any. Runs by hand stay possible.')
    .argument('[plan]', 'its name, or the beginning of its ID')
    .option('--all', 'all plans')
    .option('--until <time>', '30m, 1h, 2d, tomorrow, 18:30, 2026-11-21, or resumed (default)', text =>
      parseUntil(text, Date.now()),
    )
    .action((name: string | undefined, options: Options) => pause(shell, command, name, options))
  addHelp(command, {
    examples: [['holdfast plan pause Documents --until tomorrow'], ['holdfast plan pause --all --until 1h']],
  })
  return addAppOptions(command)
}

export function buildResume(shell: Shell): Command {
  const command = new Command('resume')
    .description('Let the schedules of a plan start again, or all that are paused.')
    .argument('[plan]', 'its name, or the beginning of its ID')
    .option('--all', 'the pause of all plans')
    .action((name: string | undefined, options: Options) => resume(shell, command, name, options))
  addHelp(command, { examples: [['holdfast plan resume Documents'], ['holdfast plan resume --all']] })
  return addAppOptions(command)
}

function oneOrAll(name: string | undefined, { all }: Options): void {
  if ((name === undefined) !== (all === true)) {
    throw new AppError('invalid_input', 'It was not said which plan.', {
      hint: 'Name one plan, or give --all.',
    })
  }
}

async function pause(
  shell: Shell,
  command: Command,
  name: string | undefined,
  options: Options,
): Promise<void> {
  oneOrAll(name, options)
  const settings = settingsOf(shell, command)
  const { out } = shell
  const until = options.until ?? 'forever'
  const words = () => pausedWords(until, Date.now(), settings.verbose)
  await withApp(shell, settings, {}, async ({ client }) => {
    if (name === undefined) {
      const value = await client.call('app.pause', { until })
      if (settings.json) return out.json(value)
      return out.print(`all schedules are paused ${words()}`)
    }
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    const value = await client.call('plan.pause', { id: plan.id, until })
    if (settings.json) return out.json(value)
    out.print(`"${visible(plan.name)}" is paused ${words()}`)
  })
}

async function resume(
  shell: Shell,
  command: Command,
  name: string | undefined,
  options: Options,
): Promise<void> {
  oneOrAll(name, options)
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    if (name === undefined) {
      const value = await client.call('app.resume', undefined)
      if (settings.json) return out.json(value)
      return out.print('schedules start again; plans that are paused by themselves stay so')
    }
    const found = findNamed('plan', await client.call('plan.list', undefined), name)
    let plan = await client.call('plan.resume', { id: found.id })
    // Who resumes a plan wants it to run: what failures had turned off, too.
    for (const { id, disabledBecause } of plan.schedule) {
      if (disabledBecause === null) continue
      plan = await client.call('plan.enableSchedule', { id: plan.id, scheduleId: id })
    }
    if (settings.json) return out.json(plan)
    out.print(`"${visible(plan.name)}" starts by its schedules again`)
  })
}
