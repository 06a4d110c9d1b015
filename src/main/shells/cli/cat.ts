import { Argument, Command } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { cat, type CatKind } from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

const kinds = ['masterkey', 'config', 'pack', 'blob', 'snapshot', 'index', 'key', 'lock', 'tree'] as const

export function build(shell: Shell): Command {
  const command = new Command('cat')
    .description('Print an object of the repository, decrypted.')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .argument('[id]', 'which one: its ID or the beginning of it (masterkey and config need none)')
    .action((kind: CatKind, id: string | undefined) => run(shell, command, kind, id))
  addHelp(command, {
    examples: [['holdfast -r /mnt/backup/repo cat config'], ['holdfast cat snapshot 1df6e8f2']],
    exits: [[29, 'no such object']],
  })
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, kind: CatKind, id: string | undefined): Promise<void> {
  const settings = settingsOf(shell, command)
  const needsId = kind !== 'masterkey' && kind !== 'config'
  if (needsId && (id === undefined || id === '')) {
    throw new AppError('invalid_input', `It was not said which ${kind} to print.`, {
      hint: `Name it: holdfast cat ${kind} ID.`,
    })
  }
  await withRepository(shell, settings, async repo => {
    const content = await cat(repo, kind, id ?? '', shell.signal)
    await shell.out.printBytes(content)
    // packs and blobs are bytes, to be piped on; all else is text
    if (kind !== 'pack' && kind !== 'blob' && content.at(-1) !== 10) shell.out.print('')
  })
}
