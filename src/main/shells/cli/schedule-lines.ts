import type { Client } from '../../../shared/contract.ts'
import type { Plan } from '../../../shared/entities/plan.ts'
import { localTime } from '../../../shared/wording.ts'

/** When a plan that was just saved runs, and who sees to it. */
export async function scheduleLines(client: Client, plan: Plan, alone: boolean): Promise<string[]> {
  const lines: string[] = []
  for (const { when, enabled, type } of plan.schedules) {
    if (!enabled) continue
    const { words, nextMs } = await client.call('schedule.preview', { when, zone: plan.zone, count: 3 })
    const next = nextMs.map(ms => localTime(ms).slice(0, 16))
    lines.push(`  ${words}: ${type}, next ${next.join(', ')}`)
  }
  if (lines.length === 0)
    return [`It runs by hand: holdfast plan run '${plan.name.replaceAll("'", `'\\''`)}'`]
  // Nothing keeps time once this command has ended.
  if (alone) lines.push('Schedules start only while Holdfast runs: `holdfast serve`, see `holdfast service`.')
  return lines
}
