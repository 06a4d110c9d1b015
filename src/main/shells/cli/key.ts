import { Command } from 'commander'
import { localTime, visible } from '../../../shared/wording.ts'
import {
  addKey,
  changePassword,
  type KeyInfo,
  listKeys,
  parseTime,
  removeKey,
  shortId,
} from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { readPassword } from './password.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import { type Shell, whoAmI } from './shell.ts'
import { table } from './table.ts'

interface NewOptions {
  newPasswordFile?: string
  newPasswordCommand?: string
  host?: string
  user?: string
}

export function build(shell: Shell): Command {
  const command = new Command('key').description(
    'Manage the keys of the repository: each is a password that opens it.',
  )
  const list = addSharedOptions(
    new Command('list')
      .summary('list the keys')
      .description('List the keys; * marks the one in use.')
      .action(() => runList(shell, list)),
  )
  const add = addSharedOptions(
    addNewOptions(
      new Command('add')
        .summary('add a key with a new password')
        .description('Add a key with a new password.'),
    ).action((options: NewOptions) => runNew(shell, add, 'add', options)),
  )
  const remove = addSharedOptions(
    new Command('remove')
      .summary('remove a key')
      .description('Remove a key; its password then no longer opens the repository.')
      .argument('<id>', 'the ID of the key, or the beginning of it')
      .action((id: string) => runRemove(shell, remove, id)),
  )
  const passwd = addSharedOptions(
    addNewOptions(
      new Command('passwd').description(
        'change the password in use: adds a key, proves it, removes the old one',
      ),
    ).action((options: NewOptions) => runNew(shell, passwd, 'passwd', options)),
  )
  for (const each of [list, add, remove, passwd]) command.addCommand(each)
  command.helpCommand(false)
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo key list'],
      ['holdfast key add --new-password-file recovery.txt', 'a second password, for the safe'],
      ['holdfast key passwd', 'asks for the old and the new password'],
    ],
    exits: [
      [28, 'the key in use is not removed'],
      [29, 'no such key'],
    ],
  })
  return addSharedOptions(command)
}

function addNewOptions(command: Command): Command {
  return command
    .option(
      '--new-password-file <file>',
      'read the new password from a file (default: $HOLDFAST_NEW_PASSWORD_FILE)',
    )
    .option('--new-password-command <command>', 'take the new password from what a command prints')
    .option('--host <name>', 'host name to note in the key')
    .option('--user <name>', 'user name to note in the key')
}

const keyCreated = (key: KeyInfo): string => localTime(Number(parseTime(key.created) / 1_000_000n))

async function runList(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withRepository(shell, settings, async repo => {
    const keys = await listKeys(repo, shell.signal)
    if (settings.json) {
      out.json(
        keys.map(key => ({
          current: key.current,
          id: shortId(key.id),
          userName: key.username,
          hostName: key.hostname,
          created: keyCreated(key),
        })),
      )
      return
    }
    const lines = table<KeyInfo>(
      [
        { title: ' ID', cell: key => `${key.current ? '*' : ' '}${shortId(key.id)}` },
        { title: 'User', cell: key => visible(key.username) },
        { title: 'Host', cell: key => visible(key.hostname) },
        { title: 'Created', cell: keyCreated },
      ],
      keys,
    )
    for (const line of lines) out.print(line)
  })
}

async function runNew(
  shell: Shell,
  command: Command,
  what: 'add' | 'passwd',
  options: NewOptions,
): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withRepository(shell, settings, async repo => {
    const { password } = await readPassword(
      { file: options.newPasswordFile, command: options.newPasswordCommand },
      shell.secrets.fresh,
      {
        prompt: 'New password',
        twice: true,
        setBy: 'Give --new-password-file FILE or set HOLDFAST_NEW_PASSWORD.',
      },
      shell.signal,
    )
    const me = whoAmI()
    const who = { hostname: options.host ?? me.hostname, username: options.user ?? me.username }
    const terminal = startRun(shell, settings, { during: 'check' })
    const work = what === 'add' ? addKey : changePassword
    const key = await work(repo, password, who, terminal).finally(terminal.end)
    if (settings.json) out.json({ message_type: 'summary', id: key.id })
    else if (what === 'add')
      out.print(`added key ${shortId(key.id)}; the repository was opened with it as a proof`)
    else out.print(`the password was changed; key ${shortId(key.id)} replaces the old one`)
  })
}

async function runRemove(shell: Shell, command: Command, id: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withRepository(shell, settings, async repo => {
    const terminal = startRun(shell, settings, { during: 'check' })
    const removed = await removeKey(repo, id, terminal).finally(terminal.end)
    if (settings.json) out.json({ message_type: 'summary', id: removed })
    else out.print(`removed key ${shortId(removed)}`)
  })
}
