import { resolve } from 'node:path'
import { Command } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { settingsOf, type Settings } from './repo-options.ts'
import {
  launchdPlist,
  systemdPlanService,
  systemdPlanTimer,
  systemdService,
  windowsTask,
  type ServiceFile,
  type ServiceProgram,
} from './service-files.ts'
import { type Shell, whoAmI } from './shell.ts'

interface SystemdOptions {
  system?: boolean
  plan?: string
  timer?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('service').description(
    'Print what makes the system start Holdfast by itself. Nothing is installed: it says where to put it.',
  )
  const systemd = addAppOptions(
    new Command('systemd')
      .description('A unit for `holdfast serve`; or one for a single plan, with a timer.')
      .option('--system', 'for the whole system, as the user who asks, instead of for the user alone')
      .option('--plan <plan>', 'only this plan, by a timer: nothing stays in memory between its runs')
      .option('--timer', 'with --plan: print the timer instead of the unit')
      .action((options: SystemdOptions) => runSystemd(shell, systemd, options)),
  )
  const launchd = addAppOptions(
    new Command('launchd').description('A property list for macOS.').action(() => {
      const file = launchdPlist(thisProgram())
      const settings = settingsOf(shell, launchd)
      print(shell, settings, file, [`launchctl bootstrap gui/$(id -u) ${file.folder}/${file.name}`])
    }),
  )
  const windows = addAppOptions(
    new Command('windows').description("A task for Windows' Task Scheduler.").action(() => {
      const file = windowsTask(thisProgram())
      const settings = settingsOf(shell, windows)
      print(shell, settings, file, [`schtasks /create /tn Holdfast /xml ${file.name}`])
    }),
  )
  for (const each of [systemd, launchd, windows]) command.addCommand(each)
  command.helpCommand(false)
  addHelp(command, {
    examples: [
      ['holdfast service systemd > ~/.config/systemd/user/holdfast.service'],
      ['holdfast service systemd --plan Documents --timer', 'by the clock of systemd'],
      ['holdfast service launchd'],
      ['holdfast service windows > holdfast-task.xml'],
    ],
  })
  return addAppOptions(command)
}

/** How this very program was started, so that the service starts the same one. */
function thisProgram(): ServiceProgram {
  const script = process.argv[1]
  const home = process.env['HOLDFAST_HOME']
  const { USERDOMAIN } = process.env
  const { username } = whoAmI()
  return {
    command: script === undefined ? [process.execPath] : [process.execPath, resolve(script)],
    home: home === undefined || home === '' ? null : resolve(home),
    user: process.platform === 'win32' && USERDOMAIN ? `${USERDOMAIN}\\${username}` : username,
  }
}

async function runSystemd(shell: Shell, command: Command, options: SystemdOptions): Promise<void> {
  const settings = settingsOf(shell, command)
  const system = options.system === true
  const systemctl = system ? 'sudo systemctl' : 'systemctl --user'
  const linger = system ? [] : ['loginctl enable-linger   # to run also while you are not logged in']
  if (options.plan === undefined) {
    if (options.timer === true) {
      throw new AppError('invalid_input', 'A timer is for one plan.', { hint: 'Name it with --plan.' })
    }
    return print(shell, settings, systemdService(thisProgram(), system), [
      `${systemctl} daemon-reload`,
      `${systemctl} enable --now holdfast.service`,
      ...linger,
    ])
  }
  const name = options.plan
  const plan = await withApp(shell, settings, {}, async ({ client }) =>
    findNamed('plan', await client.call('plan.list', undefined), name),
  )
  const timer = systemdPlanTimer(system, plan)
  const service = systemdPlanService(thisProgram(), system, plan)
  const other = options.timer === true ? service : timer
  print(shell, settings, options.timer === true ? timer : service, [
    `and its ${options.timer === true ? 'unit' : 'timer'} as ${other.folder}/${other.name} (${
      options.timer === true ? 'without' : 'with'
    } --timer)`,
    `${systemctl} daemon-reload`,
    `${systemctl} enable --now ${timer.name}`,
    ...linger,
  ])
}

function print({ out }: Shell, settings: Settings, file: ServiceFile, steps: readonly string[]): void {
  if (settings.json) return out.json({ ...file, steps })
  for (const line of file.content.trimEnd().split('\n')) out.print(line)
  if (settings.quiet) return
  const place = file.folder === '.' ? file.name : `${file.folder}/${file.name}`
  out.say(`Put it into ${visible(place)}, then:`)
  for (const line of steps) out.say(`  ${visible(line)}`)
}
