import { type Command, Option } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import type { PasswordSource } from './password.ts'
import type { Shell } from './shell.ts'

/** The options every repository command takes, before or after its name. */
export interface Settings {
  repo: string | undefined
  password: PasswordSource
  json: boolean
  quiet: boolean
  verbose: number
  lock: boolean
}

const heading = 'Repository and output (before or after the command):'

export function addSharedOptions(command: Command): Command {
  const options = [
    new Option('-r, --repo <place>', 'repository: a path (default: $HOLDFAST_REPOSITORY)'),
    new Option(
      '-p, --password-file <file>',
      'password from a file (default: $HOLDFAST_PASSWORD_FILE, $HOLDFAST_PASSWORD)',
    ),
    new Option(
      '--password-command <command>',
      'password printed by a command (default: $HOLDFAST_PASSWORD_COMMAND)',
    ),
    new Option('--no-lock', 'leave the repository unlocked, for one that cannot be written'),
    new Option('--json', 'print JSON for scripts, fields as restic names them'),
    new Option('-q, --quiet', 'no progress, nothing but results and errors'),
    new Option('-v, --verbose', 'say more (-vv: even more)')
      .default(0, '')
      .argParser((_value, before: number) => before + 1),
  ]
  for (const option of options) command.addOption(option.helpGroup(heading))
  return command
}

/** The shared options of a command and of all the names before it; what stands last wins. */
export function settingsOf(shell: Shell, command: Command): Settings {
  const levels: Record<string, unknown>[] = [shell.early]
  const own: Record<string, unknown>[] = []
  for (let at: Command | null = command; at; at = at.parent) own.unshift(at.opts())
  levels.push(...own)
  const last = (name: string) =>
    levels.map(level => level[name]).findLast(value => value !== undefined) as string | undefined
  const any = (name: string) => levels.some(level => level[name] === true)
  return {
    repo: last('repo') ?? shell.repository,
    password: { file: last('passwordFile'), command: last('passwordCommand') },
    json: any('json'),
    quiet: any('quiet'),
    verbose: levels.reduce((sum, level) => sum + ((level.verbose as number | undefined) ?? 0), 0),
    lock: !levels.some(level => level.lock === false),
  }
}

export function repositoryPlace(settings: Settings): string {
  if (settings.repo !== undefined && settings.repo !== '') return settings.repo
  throw new AppError('invalid_input', 'No repository was named.', {
    hint: 'Name it with --repo PATH or in HOLDFAST_REPOSITORY.',
  })
}

export const passwordHint = 'Give --password-file FILE, --password-command COMMAND or set HOLDFAST_PASSWORD.'
