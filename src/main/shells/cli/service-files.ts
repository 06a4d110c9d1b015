import type { Plan, When } from '../../../shared/entities/plan.ts'
import { AppError } from '../../../shared/errors.ts'

/** Files that make the system start Holdfast by itself. Pure. */

export interface ServiceProgram {
  /** The program and its arguments, up to the command. */
  readonly command: readonly string[]
  /** `HOLDFAST_HOME`, where it is not the usual place. */
  readonly home: string | null
  readonly user: string
}

export interface ServiceFile {
  readonly name: string
  readonly folder: string
  readonly content: string
}

// A word of ExecStart: % and $ have a meaning there, quotes and backslashes too.
const unitWord = (word: string): string =>
  `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`
const unitHome = (home: string | null): string[] =>
  home === null ? [] : [`Environment="HOLDFAST_HOME=${home.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`]

const folderOf = (system: boolean): string => (system ? '/etc/systemd/system' : '~/.config/systemd/user')

/** `holdfast serve` as a service of the user, or of the system (as that user). */
export function systemdService(program: ServiceProgram, system: boolean): ServiceFile {
  return {
    name: 'holdfast.service',
    folder: folderOf(system),
    content: `[Unit]
Description=Holdfast, backups by schedule
${system ? 'Wants=network-online.target\nAfter=network-online.target\n' : ''}
[Service]
Type=exec
ExecStart=${[...program.command, 'serve'].map(unitWord).join(' ')}
${[...unitHome(program.home), ...(system ? [`User=${program.user}`] : [])].map(line => `${line}\n`).join('')}# The passphrase of the sealed file of passwords, where there is no keychain:
#LoadCredential=holdfast-vault:/etc/holdfast/vault-passphrase
UMask=0077
Restart=on-failure
RestartSec=30
# 2: wrong usage, 37: it runs already
RestartPreventExitStatus=2 37
# a run that goes on has a minute to end
TimeoutStopSec=3min
KillMode=mixed

[Install]
WantedBy=${system ? 'multi-user.target' : 'default.target'}
`,
  }
}

/** One plan by systemd's own clock, where nothing of Holdfast is to stay in memory. */
export function systemdPlanService(program: ServiceProgram, system: boolean, plan: Plan): ServiceFile {
  return {
    name: `holdfast-${slugOf(plan.name)}.service`,
    folder: folderOf(system),
    content: `[Unit]
Description=Holdfast, plan ${plan.name.replaceAll('%', '%%').replaceAll(/[\r\n\\]/g, ' ')}
${system ? 'Wants=network-online.target\nAfter=network-online.target\n' : ''}
[Service]
Type=oneshot
ExecStart=${[...program.command, 'plan', 'run', '--quiet', plan.id].map(unitWord).join(' ')}
${[...unitHome(program.home), ...(system ? [`User=${program.user}`] : [])].map(line => `${line}\n`).join('')}#LoadCredential=holdfast-vault:/etc/holdfast/vault-passphrase
UMask=0077
# 3: done, but some files could not be read
SuccessExitStatus=3
TimeoutStopSec=3min
KillMode=mixed
`,
  }
}

export function systemdPlanTimer(system: boolean, plan: Plan): ServiceFile {
  const schedules = plan.schedules.filter(({ enabled }) => enabled)
  if (schedules.length === 0) {
    throw new AppError('invalid_input', `"${plan.name}" has no schedule.`, {
      hint: 'Give it one: holdfast plan edit --schedule daily@02:00',
    })
  }
  if (schedules.some(({ type }) => type !== 'incremental')) {
    throw new AppError(
      'invalid_input',
      `"${plan.name}" has schedules of several types, which one timer can't tell apart.`,
      {
        hint: 'Use the service of `holdfast serve` instead: leave out --plan.',
      },
    )
  }
  const zone = plan.zone === null ? '' : ` ${plan.zone}`
  const lines = schedules.map(({ when }) => `OnCalendar=${calendarOf(when, plan.name)}${zone}`)
  return {
    name: `holdfast-${slugOf(plan.name)}.timer`,
    folder: folderOf(system),
    content: `[Unit]
Description=Holdfast, when plan ${plan.name.replaceAll('%', '%%').replaceAll(/[\r\n\\]/g, ' ')} runs

[Timer]
${lines.join('\n')}
# one that was missed runs once the computer is on again
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
`,
  }
}

/** systemd.time(7). @throws invalid_input it has no words for it */
function calendarOf(when: When, planName: string): string {
  const refuse = (what: string) =>
    new AppError('invalid_input', `"${planName}" has a schedule that a systemd timer can't have: ${what}.`, {
      hint: 'Use the service of `holdfast serve` instead: leave out --plan.',
    })
  if (when.kind === 'hourly') return `*:${two(when.minute)}:00`
  if (when.kind === 'daily') return `*-*-* ${when.time}:00`
  if (when.kind === 'weekly') return `${weekdays[when.weekday]} *-*-* ${when.time}:00`
  if (when.kind === 'monthly') {
    if (when.day <= 28) return `*-*-${two(when.day)} ${when.time}:00`
    if (when.day === 31) return `*-*~01 ${when.time}:00` // its last day
    throw refuse(`day ${when.day}, or the last one, of each month`)
  }
  if (when.kind === 'minutes') {
    if (60 % when.every === 0) return `*:0/${when.every}:00`
    if (when.every % 60 === 0 && 24 % (when.every / 60) === 0) return `0/${when.every / 60}:00:00`
    throw refuse(`every ${when.every} minutes`)
  }
  throw refuse(`the cron line "${when.expression}"`)
}
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const two = (n: number): string => String(n).padStart(2, '0')

const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '') || 'plan'

const xml = (text: string): string =>
  text.replaceAll(
    /[<>&"']/g,
    char => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' })[char]!,
  )

export function launchdPlist({ command, home }: ServiceProgram): ServiceFile {
  const environment =
    home === null
      ? ''
      : `  <key>EnvironmentVariables</key>
  <dict>
    <key>HOLDFAST_HOME</key>
    <string>${xml(home)}</string>
  </dict>
`
  return {
    name: 'app.holdfast.serve.plist',
    folder: '~/Library/LaunchAgents',
    content: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>app.holdfast.serve</string>
  <key>ProgramArguments</key>
  <array>
${[...command, 'serve'].map(word => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
${environment}  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>180</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`,
  }
}

/** As CommandLineToArgvW takes it apart. */
const windowsWord = (word: string): string =>
  word !== '' && !/[\s"]/.test(word)
    ? word
    : `"${word.replaceAll(/(\\*)"/g, '$1$1\\"').replaceAll(/(\\+)$/g, '$1$1')}"`

/** A task cannot set variables: with a place of its own, the command is cmd's. */
export function windowsTask({ command, home, user }: ServiceProgram): ServiceFile {
  const [program, ...args] = [...command, 'serve']
  const line =
    home === null
      ? { program: program!, args: args.map(windowsWord).join(' ') }
      : {
          program: 'cmd.exe',
          args: `/d /s /c "set "HOLDFAST_HOME=${home}" && ${[program!, ...args].map(windowsWord).join(' ')}"`,
        }
  return {
    name: 'holdfast-task.xml',
    folder: '.',
    // No encoding is named: the file is whatever the shell that redirects this makes it.
    content: `<?xml version="1.0"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Holdfast, backups by schedule</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${xml(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xml(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>10</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${xml(line.program)}</Command>
      <Arguments>${xml(line.args)}</Arguments>
    </Exec>
  </Actions>
</Task>
`,
  }
}
