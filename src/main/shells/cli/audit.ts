import { Command } from 'commander'
import type { AuditEntry } from '../../../shared/entities/application.ts'
import { AppError } from '../../../shared/errors.ts'
import { localTime, plural, visible } from '../../../shared/wording.ts'
import { addAppOptions, withApp } from './app.ts'
import { parseCount } from './arguments.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

interface Options {
  limit: number
  verify?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('audit')
    .description('Show who asked for what, the newest first. Nothing is ever removed from it.')
    .option('-n, --limit <n>', 'so many at most', parseCount, 20)
    .option('--verify', 'prove that no entry was changed or taken out')
    .action((options: Options) => run(shell, command, options))
  addHelp(command, {
    examples: [['holdfast audit -n 100'], ['holdfast audit --verify']],
    exits: [[22, 'the log was changed by somebody']],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, { limit, verify }: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    if (verify === true) {
      const result = await client.call('audit.verify', undefined)
      if (settings.json) out.json(result)
      const { entries, brokenAtSeq } = result
      if (brokenAtSeq !== null) {
        throw new AppError('data_corrupt', `The audit log is not whole: it breaks at entry ${brokenAtSeq}.`, {
          hint: 'Somebody changed or removed entries. What stands before it is as it was written.',
        })
      }
      if (!settings.json) out.print(`the audit log is whole: ${plural(entries, 'entry', 'entries')}`)
      return
    }
    const entries: AuditEntry[] = []
    while (entries.length < limit) {
      const last = entries.at(-1)
      const page = await client.call('audit.list', {
        limit: Math.min(1000, limit - entries.length),
        ...(last !== undefined && { beforeSeq: last.seq }),
      })
      entries.push(...page)
      if (page.length === 0 || page.at(-1)!.seq <= 1) break
    }
    if (settings.json) return out.json(entries)
    if (entries.length === 0) return out.print('Nothing yet.')
    const lines = table<AuditEntry>(
      [
        { title: 'No.', cell: ({ seq }) => String(seq), right: true },
        { title: 'Time', cell: ({ atMs }) => localTime(atMs) },
        { title: 'Who', cell: ({ who }) => visible(who) },
        { title: 'What', cell: ({ action }) => visible(action) },
        {
          title: 'About',
          cell: ({ subject }) => visible(settings.verbose > 0 ? subject : shortened(subject)),
        },
        { title: 'Outcome', cell: ({ detail }) => visible(detail) },
      ],
      entries,
    )
    for (const line of lines) out.print(line)
  })
}

const shortened = (subject: string): string =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(subject) ? subject.slice(0, 8) : subject
