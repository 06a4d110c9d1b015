import { Command, Option } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { initRepository, openBackend } from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { openWithPassword } from './open.ts'
import { readPassword } from './password.ts'
import { addSharedOptions, passwordHint, repositoryPlace, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import { type Shell, whoAmI } from './shell.ts'

interface Options {
  repositoryVersion: string
  copyChunkerParams?: boolean
  fromRepo?: string
  fromPasswordFile?: string
  fromPasswordCommand?: string
}

export function build(shell: Shell): Command {
  const command = new Command('init')
    .description('Make a new repository. Its password cannot be recovered: keep it safe.')
    .addOption(
      new Option('--repository-version <version>', 'format: 2, or 1 for restic before 0.14')
        .choices(['1', '2', 'stable', 'latest'])
        .default('2'),
    )
    .option(
      '--copy-chunker-params',
      'cut files as --from-repo does, so that copies between the two deduplicate',
    )
    .option('--from-repo <place>', 'the repository to be like (default: $HOLDFAST_FROM_REPOSITORY)')
    .option(
      '--from-password-file <file>',
      'its password, from a file (default: $HOLDFAST_FROM_PASSWORD_FILE)',
    )
    .option('--from-password-command <command>', 'its password, from what a command prints')
    .action((options: Options) => run(shell, command, options))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo init', 'asks for the new password, twice'],
      ['holdfast -r /mnt/backup/repo init --password-file ~/.config/holdfast-password'],
    ],
    exits: [[25, 'a repository is already there; nothing was overwritten']],
  })
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out, signal } = shell
  const backend = openBackend(repositoryPlace(settings))
  try {
    const polynomial = options.copyChunkerParams === true ? await polynomialOf(shell, options) : undefined
    const { password } = await readPassword(
      settings.password,
      shell.secrets.repository,
      { prompt: 'Password for the new repository', twice: true, setBy: passwordHint },
      signal,
    )
    const terminal = startRun(shell, settings, { during: 'check' })
    const version = options.repositoryVersion === '1' ? 1 : 2
    const created = await initRepository(
      backend,
      { version, password, who: whoAmI(), ...(polynomial !== undefined && { polynomial }) },
      terminal,
    ).finally(terminal.end)
    if (settings.json) {
      out.json({ message_type: 'initialized', id: created.id, repository: backend.location })
      return
    }
    out.print(`created repository ${created.id.slice(0, 10)} at ${visible(backend.location)}`)
    if (settings.quiet) return
    out.print('')
    out.print('Keep the password safe: without it nothing in this repository can ever be read again.')
  } finally {
    await backend.close()
  }
}

async function polynomialOf(shell: Shell, options: Options): Promise<bigint> {
  const place = options.fromRepo ?? shell.fromRepository
  if (place === undefined) {
    throw new AppError('invalid_input', 'It was not said which repository to be like.', {
      hint: 'Name it with --from-repo.',
    })
  }
  const from = await openWithPassword(
    openBackend(place),
    { file: options.fromPasswordFile, command: options.fromPasswordCommand },
    shell.secrets.from,
    'Password of the other repository',
    shell.signal,
  )
  try {
    return from.polynomial
  } finally {
    await from.close()
  }
}
