import { Command } from 'commander'
import { localTime, plural, visible } from '../../../shared/wording.ts'
import { parseTime, shortId, unlock } from '../../engine/index.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import type { Shell } from './shell.ts'

export function build(shell: Shell): Command {
  const command = new Command('unlock')
    .description(
      'Remove locks that dead processes left: older than 30 minutes, or of a process of this machine that is gone.',
    )
    .option('--remove-all', 'remove every lock, also of those that may be at work')
    .action((options: { removeAll?: boolean }) => run(shell, command, options.removeAll === true))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo unlock'],
      ['holdfast unlock --remove-all', 'only when nothing else works on the repository'],
    ],
  })
  return addSharedOptions(command)
}

async function run(shell: Shell, command: Command, all: boolean): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withRepository(shell, settings, async repo => {
    const terminal = startRun(shell, settings, { during: 'check' })
    const { removed, kept } = await unlock(repo, { all }, terminal).finally(terminal.end)
    if (settings.json) {
      out.json({ message_type: 'summary', removed, kept: kept.map(lock => lock.id) })
      return
    }
    out.print(removed.length === 0 ? 'no locks were removed' : `removed ${plural(removed.length, 'lock')}`)
    for (const lock of kept) {
      const since = localTime(Number(parseTime(lock.time) / 1_000_000n))
      const who = visible(`process ${lock.pid} of ${lock.username} on ${lock.hostname}`)
      out.print(`kept lock ${shortId(lock.id)}: ${who}, since ${since}, may be at work`)
    }
  })
}
