import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { Campaign, Figure } from './campaign.ts'

const document = new URL('../../docs/reliability.md', import.meta.url)

export interface Outcome {
  campaign: Campaign
  figures: readonly Figure[]
  problems: readonly string[]
  command: string
  ms: number
}

export function table(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(([what]) => what.length))
  return figures.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`).join('\n')
}

/** `2 cores, 24 GiB, Linux 6.1, Node 24.21.0, restic 0.14.0, 2026-11-21`. */
function machine(now: Date): string {
  const model = cpus()[0]?.model.trim()
  const restic = /restic (\S+)/.exec(execFileSync('restic', ['version'], { encoding: 'utf8' }))?.[1]
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${availableParallelism()} cores${model ? ` (${model})` : ''}, ${memory}, Node ${process.versions.node}, restic ${restic}, ${now.toISOString().slice(0, 10)}`
}

/**
 * Puts a campaign's figures into docs/reliability.md, in the place that is marked for it; all else stays.
 * @throws {Error} there is no such place
 */
export async function writeFigures(
  { campaign, figures, problems, command, ms }: Outcome,
  now: Date,
): Promise<void> {
  const text = readFileSync(document, 'utf8')
  const marks = [`<!-- figures: ${campaign.name} -->`, `<!-- end of figures: ${campaign.name} -->`] as const
  const [from, to] = [text.indexOf(marks[0]), text.indexOf(marks[1])]
  if (from < 0 || to < 0) throw new Error(`docs/reliability.md has no place for ${campaign.name}`)
  const lines = [
    marks[0],
    '',
    `**Promise**: ${campaign.promise}`,
    '',
    `**How**: ${campaign.how}`,
    '',
    '| what | figure |',
    '| --- | --- |',
    ...figures.map(([what, value]) => `| ${what} | ${value} |`),
    `| problems found | ${problems.length} |`,
    '',
    `\`${command}\`, ${Math.ceil(ms / 60_000)} min. ${machine(now)}.`,
    '',
  ]
  const whole = text.slice(0, from) + lines.join('\n') + text.slice(to)
  const style = await resolveConfig(fileURLToPath(document))
  writeFileSync(document, await format(whole, { ...style, parser: 'markdown' }))
}
