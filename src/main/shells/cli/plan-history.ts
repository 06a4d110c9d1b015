import { Command } from 'commander'
import type { Client } from '../../../shared/contract.ts'
import type { Run } from '../../../shared/entities/run.ts'
import { count, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { moment, runRemark, runWords, shortOf, tookWords } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { parseCount } from './arguments.ts'
import { findNamed } from './find-named.ts'
import { addHelp } from './help.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { type Column, table } from './table.ts'

export function buildHistory(shell: Shell): Command {
  const command = new Command('history')
    .description('List the runs of a plan, or of all, the newest first.')
    .argument('[plan]', 'its name, or the beginning of its ID')
    .option('-n, --limit <n>', 'so many at most', parseCount, 20)
    .action((name: string | undefined, { limit }: { limit: number }) => run(shell, command, name, limit))
  addHelp(command, {
    examples: [['holdfast plan history'], ['holdfast plan history Documents -n 100 --json']],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string | undefined, limit: number): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const planId =
      name === undefined ? undefined : findNamed('plan', await client.call('plan.list', undefined), name).id
    const { runs, total } = await pages(client, planId, limit)
    if (settings.json) return out.json(runs)
    if (runs.length === 0) return out.print('No runs yet.')
    const { nowMs } = await client.call('app.info', undefined)
    const columns: Column<Run>[] = [
      { title: 'ID', cell: ({ id }) => (settings.verbose > 0 ? id : shortOf(id)) },
      {
        title: 'When',
        cell: each => moment(each.startedAtMs ?? each.dueAtMs ?? each.createdAtMs, nowMs, settings.verbose),
      },
      ...(planId === undefined ? [{ title: 'Plan', cell: ({ planName }: Run) => visible(planName) }] : []),
      { title: 'Type', cell: ({ type }) => type },
      { title: 'State', cell: ({ state }) => runWords[state] },
      { title: 'Took', cell: tookWords, right: true },
      { title: 'Files', cell: ({ counts }) => (counts ? count(counts.filesTotal) : '-'), right: true },
      { title: 'New', cell: ({ counts }) => (counts ? shortBytes(counts.bytesNew) : '-'), right: true },
      { title: 'Stored', cell: ({ counts }) => (counts ? shortBytes(counts.bytesStored) : '-'), right: true },
      { title: 'Snapshot', cell: ({ snapshotId }) => snapshotId?.slice(0, 8) ?? '-' },
      { title: 'Remarks', cell: runRemark },
    ]
    const foot =
      runs.length < total ? `${count(runs.length)} of ${plural(total, 'run')}` : plural(total, 'run')
    for (const line of table(columns, runs, foot)) out.print(line)
  })
}

async function pages(
  client: Client,
  planId: string | undefined,
  limit: number,
): Promise<{ runs: Run[]; total: number }> {
  const runs: Run[] = []
  for (;;) {
    const page = await client.call('run.list', {
      limit: Math.min(1000, limit - runs.length),
      ...(planId !== undefined && { planId }),
      ...(runs.length > 0 && { after: runs.at(-1)!.id }),
    })
    runs.push(...page.runs)
    if (page.runs.length === 0 || runs.length >= limit || runs.length >= page.total) {
      return { runs, total: page.total }
    }
  }
}
