import type { AppInfo } from '../../../shared/entities/application.ts'
import { localTime } from '../../../shared/wording.ts'
import { groups, type Check } from './checks.ts'

/** All of it as text for whoever is asked for help: no passwords, no keys; names and places as they are shown. Pure. */
export function reportOf(checks: readonly Check[], info: AppInfo | null, nowMs: number): string {
  const head = [
    `Holdfast ${info?.version ?? ''}, health of ${info?.hostname ?? 'this computer'}, ${localTime(nowMs)}`,
    `Hosted by ${info?.host ?? '?'}`,
  ]
  const body = groups.flatMap(group => {
    const own = checks.filter(check => check.group === group)
    if (own.length === 0) return []
    return ['', group, ...own.map(line)]
  })
  return [...head, ...body, ''].join('\n')
}

function line({ bad, fact, more, measured, limit, testedAtMs }: Check): string {
  const facts = [
    measured,
    limit === undefined ? undefined : `limit ${limit}`,
    testedAtMs === null ? undefined : `tested ${localTime(testedAtMs)}`,
  ].filter(each => each !== undefined)
  return `  ${bad ? '[!]' : '[ ]'} ${fact}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}${more ? `\n      ${more}` : ''}`
}
