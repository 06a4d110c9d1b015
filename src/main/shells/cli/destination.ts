import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Client } from '../../../shared/contract.ts'
import type { Destination } from '../../../shared/entities/destination.ts'
import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { moment, presenceWords, shortOf } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { readPassword } from './password.ts'
import { passwordHint, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

interface AddOptions {
  create?: boolean
  passwordFile?: string
  passwordCommand?: string
}

export function build(shell: Shell): Command {
  const command = new Command('destination').description(
    'Destinations: the places of the repositories that plans back up to.',
  )
  const list = addAppOptions(
    new Command('list').description('List all destinations.').action(() => runList(shell, list)),
  )
  const add = addAppOptions(
    addPasswordOptions(
      new Command('add')
        .description(
          'Add a destination. Its password is kept where all secrets are: `holdfast vault status`.',
        )
        .argument('<name>', 'what it is called')
        .argument('<place>', 'the folder of the repository')
        .option('--create', 'make a new repository there'),
    ).action((name: string, place: string, options: AddOptions) => runAdd(shell, add, name, place, options)),
  )
  const password = addAppOptions(
    addPasswordOptions(
      new Command('password')
        .description(
          'Give the password of a destination again, after it was lost or changed. It is tried first.',
        )
        .argument('<destination>', 'its name, or the beginning of its ID'),
    ).action((name: string, options: AddOptions) => runPassword(shell, password, name, options)),
  )
  const remove = addAppOptions(
    new Command('remove')
      .description('Forget a destination that no plan uses. The repository stays as it is.')
      .argument('<destination>', 'its name, or the beginning of its ID')
      .action((name: string) => runRemove(shell, remove, name)),
  )
  const refresh = addAppOptions(
    new Command('refresh')
      .description('Read the snapshots of a destination again, and take new ones into the search.')
      .argument('<destination>', 'its name, or the beginning of its ID')
      .action((name: string) => runRefresh(shell, refresh, name)),
  )
  for (const each of [list, add, password, remove, refresh]) command.addCommand(each)
  command.helpCommand(false)
  addHelp(command, {
    examples: [
      ['holdfast destination add NAS /mnt/nas/backup --create', 'asks for the new password, twice'],
      ['holdfast destination add NAS /mnt/nas/backup', 'a repository that is there, of Holdfast or restic'],
      ['holdfast destination list'],
    ],
    exits: [
      [10, 'there is no repository; --create makes one'],
      [12, 'the password does not open it'],
      [25, 'a repository is there already'],
      [31, 'the name or the place is taken, or a plan uses it'],
      [32, 'the place where passwords are kept is locked'],
    ],
  })
  return addAppOptions(command)
}

const addPasswordOptions = (command: Command): Command =>
  command
    .option(
      '-p, --password-file <file>',
      'password from a file (default: $HOLDFAST_PASSWORD_FILE, $HOLDFAST_PASSWORD)',
    )
    .option(
      '--password-command <command>',
      'password printed by a command (default: $HOLDFAST_PASSWORD_COMMAND)',
    )

async function runList(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const destinations = await client.call('destination.list', undefined)
    if (settings.json) return out.json(destinations)
    if (destinations.length === 0)
      return out.print('No destinations yet: holdfast destination add NAME PLACE --create')
    const { nowMs } = await client.call('app.info', undefined)
    const lines = table<Destination>(
      [
        { title: 'ID', cell: ({ id }) => (settings.verbose > 0 ? id : shortOf(id)) },
        { title: 'Destination', cell: ({ name }) => visible(name) },
        { title: 'Place', cell: ({ location }) => visible(location.path) },
        { title: 'Now', cell: ({ presence }) => presenceWords[presence] },
        { title: 'Password', cell: ({ hasPassword }) => (hasPassword ? 'Kept' : 'Missing or locked') },
        {
          title: 'Last read',
          cell: ({ refreshedAtMs }) => moment(refreshedAtMs, nowMs, settings.verbose, 'never'),
        },
      ],
      destinations,
    )
    for (const line of lines) out.print(line)
  })
}

async function runAdd(
  shell: Shell,
  command: Command,
  name: string,
  place: string,
  options: AddOptions,
): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  const create = options.create === true
  const draft = { name, location: { kind: 'local' as const, path: resolve(place) } }
  await withApp(shell, settings, {}, async ({ client, unlock }) => {
    await unlock()
    const added = await withPassword(shell, command, options, create ? 'new' : 'known', password =>
      client.call('destination.create', { draft, password, create }).catch(explain),
    )
    if (settings.json) return out.json(added)
    out.print(`added destination "${visible(added.name)}" at ${visible(added.location.path)}`)
    if (settings.quiet) return
    out.print(keptWhere((await client.call('app.info', undefined)).vault.kind))
    if (!create) return
    out.print(
      'Keep the password somewhere else too: without it nothing in this repository can ever be read again.',
    )
  })
}

const keptWhere = (kind: 'keychain' | 'sealed-file'): string =>
  `Its password is kept in ${kind === 'keychain' ? "the system's keychain" : 'the sealed file of passwords'}.`

/** What to do next is another thing here than with a repository command. */
function explain(error: unknown): never {
  if (error instanceof AppError && error.code === 'repository_missing') {
    throw new AppError(error.code, error.message, {
      hint: 'Is the drive mounted? --create makes a new one there.',
    })
  }
  if (error instanceof AppError && error.code === 'repository_exists') {
    throw new AppError(error.code, error.message, {
      hint: 'Leave out --create to use the one that is there.',
    })
  }
  throw error
}

async function runPassword(shell: Shell, command: Command, name: string, options: AddOptions): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, unlock }) => {
    const { id } = findNamed('destination', await client.call('destination.list', undefined), name)
    await unlock()
    const changed = await withPassword(shell, command, options, 'known', password =>
      client.call('destination.setPassword', { id, password }),
    )
    if (settings.json) out.json(changed)
    else out.print(`the password opens "${visible(changed.name)}", and is kept`)
  })
}

/** A password typed wrong may be typed again, twice. */
async function withPassword<T>(
  shell: Shell,
  command: Command,
  options: AddOptions,
  which: 'new' | 'known',
  use: (password: string) => Promise<T>,
): Promise<T> {
  const { password: shared } = settingsOf(shell, command)
  const source = {
    file: options.passwordFile ?? shared.file,
    command: options.passwordCommand ?? shared.command,
  }
  for (let attempt = 1; ; attempt++) {
    const { password, typed } = await readPassword(
      source,
      shell.secrets.repository,
      {
        prompt: which === 'new' ? 'Password for the new repository' : 'Password of the repository',
        twice: which === 'new',
        setBy: passwordHint,
      },
      shell.signal,
    )
    try {
      return await use(password)
    } catch (error) {
      const wrong = error instanceof AppError && error.code === 'wrong_password'
      if (!wrong || !typed || attempt === 3) throw error
      shell.out.say(error.message)
    }
  }
}

async function runRemove(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, unlock }) => {
    const found = findNamed('destination', await client.call('destination.list', undefined), name)
    await unlock()
    await client.call('destination.remove', { id: found.id })
    if (settings.json) {
      return out.json({ message_type: 'summary', removed: 'destination', id: found.id, name: found.name })
    }
    out.print(
      `forgot destination "${visible(found.name)}"; the repository at ${visible(found.location.path)} stays as it is`,
    )
  })
}

async function runRefresh(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, { long: true }, async ({ client, unlock }) => {
    const { id } = findNamed('destination', await client.call('destination.list', undefined), name)
    await unlock()
    const refreshed = await client.call('destination.refresh', { id })
    if (settings.json) return out.json(refreshed)
    const snapshots = await snapshotsOf(client, id)
    out.print(`"${visible(refreshed.name)}" has ${snapshots}, all read`)
  })
}

async function snapshotsOf(client: Client, destinationId: string): Promise<string> {
  const { length } = await client.call('snapshot.list', { destinationId })
  return length === 1 ? '1 snapshot' : `${length} snapshots`
}
