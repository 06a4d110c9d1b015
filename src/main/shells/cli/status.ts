import { Command } from 'commander'
import { type Run } from '../../../shared/entities/run.ts'
import { percent, visible } from '../../../shared/wording.ts'
import { moment, pausedWords, planState, runWords, stateWords } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { addHelp } from './help.ts'
import { fraction } from './progress.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

export function build(shell: Shell): Command {
  const command = new Command('status')
    .description('Show whether everything is protected, what goes on, and what comes next.')
    .action(() => run(shell, command))
  addHelp(command, { examples: [['holdfast status'], ["holdfast status --json | jq -r '.state'"]] })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client, alone }) => {
    const [status, info, { pausedUntilMs }] = await Promise.all([
      client.call('app.status', undefined),
      client.call('app.info', undefined),
      client.call('settings.get', undefined),
    ])
    if (settings.json) return out.json(status)
    out.print(`${out.bold(stateWords[status.state])}. ${visible(status.sentence)}`)
    const paused = pausedWords(pausedUntilMs, info.nowMs, settings.verbose)
    if (paused !== '') out.print(`The pause lasts ${paused}.`)
    if (status.plans.length > 0) {
      out.print('')
      const lines = table(
        [
          { title: 'Plan', cell: plan => visible(plan.name) },
          { title: 'State', cell: planState },
          {
            title: 'Newest snapshot',
            cell: ({ newestSnapshotAtMs }) => moment(newestSnapshotAtMs, info.nowMs, settings.verbose),
          },
          {
            title: 'Next run',
            cell: ({ nextDueAtMs }) =>
              paused === '' ? moment(nextDueAtMs, info.nowMs, settings.verbose) : 'paused',
          },
        ],
        status.plans,
      )
      for (const line of lines) out.print(line)
    }
    for (const id of status.runningRunIds) out.print(going(await client.call('run.get', { id })))
    if (settings.quiet) return
    const { explanation, state } = info.vault
    if (!alone && (state === 'locked' || state === 'unavailable'))
      out.print(`Passwords: ${visible(explanation)}`)
    if (alone && paused === '' && status.plans.some(({ nextDueAtMs }) => nextDueAtMs !== null)) {
      out.print(
        'Holdfast does not run in the background, so no schedule starts: see `holdfast service --help`.',
      )
    } else if (settings.verbose > 0 && !alone) {
      out.print(
        `Process ${info.pid} (${info.host}, ${info.version}) runs it on ${visible(info.dataDirectory)}.`,
      )
    }
  })
}

function going(run: Run): string {
  const { progress, state, waitingFor, planName, warnings } = run
  const name = `${runWords[state]}: "${visible(planName)}"`
  if (waitingFor !== null) return `${name}: ${visible(waitingFor)}`
  if (progress === null) return name
  const share = fraction({ ...progress, phase: 'store', errors: warnings })
  return share === null ? `${name}, ${progress.phase}` : `${name}, ${percent(share, 1)}`
}
