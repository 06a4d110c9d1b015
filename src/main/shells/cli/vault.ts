import { Command } from 'commander'
import type { VaultInfo } from '../../../shared/entities/application.ts'
import { visible } from '../../../shared/wording.ts'
import { facts } from './app-text.ts'
import { addAppOptions, unlockVault, withApp } from './app.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

interface UnlockOptions {
  passphraseFile?: string
  passphraseCommand?: string
}

export function build(shell: Shell): Command {
  const command = new Command('vault').description(
    "Where passwords are kept: the system's keychain, or a sealed file where there is none.",
  )
  const status = addAppOptions(
    new Command('status')
      .description('Show where passwords are kept, and whether it is open.')
      .action(() => runStatus(shell, status)),
  )
  const unlock = addAppOptions(
    new Command('unlock')
      .description('Open the sealed file with its passphrase, or make it; ask the keychain again.')
      .option('--passphrase-file <file>', 'from a file')
      .option('--passphrase-command <command>', 'from what a command prints')
      .action((options: UnlockOptions) => runUnlock(shell, unlock, options)),
  )
  for (const each of [status, unlock]) command.addCommand(each)
  command.helpCommand(false)
  addHelp(command, {
    examples: [
      ['holdfast vault status'],
      ['holdfast vault unlock', 'asks for the passphrase; it stays open as long as Holdfast runs'],
      ['HOLDFAST_VAULT_PASSPHRASE_FILE=/etc/holdfast/passphrase holdfast serve', 'opens it by itself'],
    ],
    exits: [
      [12, 'the passphrase does not open it'],
      [32, 'the keychain is locked'],
    ],
  })
  return addAppOptions(command)
}

const kindWords = { keychain: "The system's keychain", 'sealed-file': 'A sealed file' } as const
const stateWords = {
  open: 'open',
  locked: 'locked',
  new: 'not made yet: the first passphrase makes it',
  unavailable: 'not available',
} as const

const lines = ({ kind, state, explanation }: VaultInfo): string[] =>
  facts([
    ['Passwords', `${kindWords[kind]}, ${stateWords[state]}`],
    ['Why', visible(explanation)],
  ])

async function runStatus(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  await withApp(shell, settings, {}, async ({ client }) => {
    const info = await client.call('vault.info', undefined)
    if (settings.json) shell.out.json(info)
    else for (const line of lines(info)) shell.out.print(line)
  })
}

async function runUnlock(shell: Shell, command: Command, options: UnlockOptions): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, alone }) => {
    const before = await client.call('vault.info', undefined)
    const source = { file: options.passphraseFile, command: options.passphraseCommand }
    const info = await unlockVault(shell, client, source, before)
    if (settings.json) return out.json(info)
    for (const line of lines(info)) out.print(line)
    if (alone && info.kind === 'sealed-file' && !settings.quiet) {
      out.print('It is closed again when this command ends, for Holdfast does not run in the background.')
    }
  })
}
