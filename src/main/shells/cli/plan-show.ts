import { Command } from 'commander'
import type { Destination } from '../../../shared/entities/destination.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { duration, plural, visible } from '../../../shared/wording.ts'
import {
  facts,
  hookWords,
  keepWords,
  moment,
  pausedWords,
  planSentence,
  rulesWords,
  shortOf,
} from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { settingsOf } from './repo-options.ts'
import type { Shell } from './shell.ts'

export function buildShow(shell: Shell): Command {
  const command = new Command('show')
    .description('Show what a plan says and where it stands.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .action((name: string) => run(shell, command, name))
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  await withApp(shell, settings, {}, async ({ client }) => {
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    if (settings.json) return out.json(plan)
    const [destinations, status, { nowMs }] = await Promise.all([
      client.call('destination.list', undefined),
      client.call('app.status', undefined),
      client.call('app.info', undefined),
    ])
    const state = status.plans.find(({ planId }) => planId === plan.id)
    const id = settings.verbose > 0 ? plan.id : shortOf(plan.id)
    out.print(out.bold(`${visible(plan.name)} (${id})`))
    out.print(planSentence(state))
    out.print('')
    for (const line of facts(saying(plan, destinations, nowMs, settings.verbose))) out.print(line)
  })
}

function saying(
  plan: Plan,
  destinations: readonly Destination[],
  nowMs: number,
  verbose: number,
): [string, string | string[]][] {
  const several = plan.sources.length > 1
  const limits = [
    plan.conditions.acPower && 'on AC power',
    plan.conditions.unmeteredNetwork && 'not on a metered network',
    plan.conditions.lowPriority && 'with low priority',
  ].filter(limit => limit !== false)
  const { retention } = plan
  return [
    ...plan.sources.flatMap(({ paths, rules, component, isConfig }): [string, string | string[]][] => [
      [
        several ? `Source "${component}"` : 'What',
        paths.map((path, at) => visible(path) + (isConfig && at === 0 ? '  (configuration)' : '')),
      ],
      [several ? '  without' : 'Without', rulesWords(rules)],
    ]),
    [
      'Where',
      plan.destinationIds.map(id => {
        const place = destinations.find(destination => destination.id === id)
        return place ? `${visible(place.name)} (${visible(place.location.path)})` : id
      }),
    ],
    [
      'When',
      plan.schedules.length === 0
        ? 'by hand'
        : plan.schedules.map(schedule => {
            const state = plan.schedule.find(({ id }) => id === schedule.id)
            const next = !schedule.enabled
              ? 'off'
              : (state?.disabledBecause ??
                (state?.nextDueAtMs ? `next ${moment(state.nextDueAtMs, nowMs, verbose)}` : 'not due'))
            return `${state?.words ?? schedule.id}: ${schedule.type}, ${visible(next)}`
          }),
    ],
    ['Only', limits.join(', ')],
    ['Paused', pausedWords(plan.pausedUntilMs, nowMs, verbose)],
    [
      'Keep',
      [
        keepWords(retention.standard),
        ...(retention.full ? [`full: ${keepWords(retention.full)}`] : []),
        `config: ${keepWords(retention.config)}; emergency: ${keepWords(retention.emergency)}`,
        '(written down for a later version: this one removes no snapshot)',
      ],
    ],
    ['Before', hookWords(plan.hooks.before)],
    ['After', hookWords(plan.hooks.after)],
    ['On failure', hookWords(plan.hooks.onFailure)],
    ['Tags', plan.tags.map(visible).join(', ')],
    ['Compression', plan.compression],
    ['At most', `${duration(plan.maxRunMinutes * 60_000)}, ${plural(plan.retries, 'retry', 'retries')}`],
  ]
}
