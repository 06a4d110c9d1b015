import { Command } from 'commander'
import { visible } from '../../../shared/wording.ts'
import { moment, pausedWords, planState, shortOf } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'
import { table } from './table.ts'

export function buildList(shell: Shell): Command {
  const command = new Command('list').description('List all plans.').action(() => run(shell, command))
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const [plans, destinations, status, appSettings, { nowMs }] = await Promise.all([
      client.call('plan.list', undefined),
      client.call('destination.list', undefined),
      client.call('app.status', undefined),
      client.call('settings.get', undefined),
      client.call('app.info', undefined),
    ])
    if (settings.json) return out.json(plans)
    if (plans.length === 0) {
      return out.print(
        destinations.length === 0
          ? 'No plans yet. First a destination (`holdfast destination add`), then `holdfast plan add`.'
          : 'No plans yet: `holdfast plan add` makes one.',
      )
    }
    const stateOf = (id: string) => status.plans.find(({ planId }) => planId === id)
    const allPaused = pausedWords(appSettings.pausedUntilMs, nowMs, settings.verbose)
    const lines = table(
      [
        { title: 'ID', cell: plan => (settings.verbose > 0 ? plan.id : shortOf(plan.id)) },
        { title: 'Plan', cell: plan => visible(plan.name) },
        { title: 'State', cell: plan => planState(stateOf(plan.id)) },
        {
          title: 'Newest snapshot',
          cell: plan => moment(stateOf(plan.id)?.newestSnapshotAtMs ?? null, nowMs, settings.verbose),
        },
        {
          title: 'Next run',
          cell: plan => {
            const paused = pausedWords(plan.pausedUntilMs, nowMs, settings.verbose)
            if (paused !== '') return `paused ${paused}`
            if (plan.schedules.length === 0) return 'by hand'
            if (allPaused !== '') return 'paused'
            return moment(stateOf(plan.id)?.nextDueAtMs ?? null, nowMs, settings.verbose, 'off')
          },
        },
        {
          title: 'Destination',
          cell: plan =>
            plan.destinationIds.map(id => visible(destinations.find(place => place.id === id)?.name ?? '?')),
        },
      ],
      plans,
    )
    for (const line of lines) out.print(line)
    if (allPaused !== '') out.print(`All schedules are paused ${allPaused}.`)
  })
}
