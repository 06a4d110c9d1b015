import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { plural } from '../../src/shared/wording.ts'
import { chart } from './chart.ts'
import { machineText } from './machine.ts'
import type { Comparison, Growth, Occasion, Results } from './results.ts'
import { asMarkdown, floorTable, fullTable, growthTables, megabytes, ratioTable } from './tables.ts'

const place = (extension: string): URL => new URL(`../../docs/performance.${extension}`, import.meta.url)

/** Puts what this run found into docs/performance.{md,json,svg}; what it did not measure stays as it is. */
export async function writeDocument(found: Results): Promise<void> {
  const before = existsSync(place('json')) ? (JSON.parse(readFileSync(place('json'), 'utf8')) as Results) : {}
  await writeFormatted('json', JSON.stringify({ ...before, ...found }), 'json')

  let text = readFileSync(place('md'), 'utf8')
  if (found.comparison) {
    text = replaceMarked(text, 'comparison', comparisonText(found.comparison))
    const floor = floorTable(found.comparison)
    if (floor)
      text = replaceMarked(text, 'floor', `${occasionText(found.comparison)}\n\n${asMarkdown(floor)}`)
    const picture = chart(found.comparison)
    if (picture !== null) writeFileSync(place('svg'), picture)
  }
  if (found.growth) text = replaceMarked(text, 'growth', growthText(found.growth))
  await writeFormatted('md', text, 'markdown')
}

/** What stands between the marks goes, all else stays. @throws {Error} the marks are not there */
export function replaceMarked(text: string, name: string, figures: string): string {
  const [start, end] = [`<!-- figures: ${name} -->`, `<!-- end of figures: ${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for "${name}"`)
  return `${text.slice(0, from + start.length)}\n\n${figures}\n\n${text.slice(to)}`
}

function comparisonText(comparison: Comparison): string {
  const { tools, corpora, rounds, scenarios } = comparison
  const failures = scenarios.flatMap(({ title, tools }) =>
    tools.flatMap(({ tool, failure }) =>
      failure === undefined ? [] : [`- **${tool}, ${title}**: ${failure}`],
    ),
  )
  return [
    `${occasionText(comparison)} ${plural(rounds, 'round')}.`,
    '![How many times as long other programs take](performance.svg)',
    asMarkdown(ratioTable(comparison)),
    asMarkdown(fullTable(comparison)),
    ...(failures.length > 0 ? [failures.join('\n')] : []),
    tools
      .map(({ name, remarks, keyDerivation }) => `- **${name}**: ${remarks}; password: ${keyDerivation}`)
      .join('\n'),
    Object.entries(corpora)
      .map(
        ([name, { about, files, bytes }]) =>
          `- **${name}**: ${about} (${plural(files, 'file')}, ${megabytes(bytes)})`,
      )
      .join('\n'),
  ].join('\n\n')
}

const growthText = (growth: Growth): string =>
  [occasionText(growth), ...growthTables(growth).map(asMarkdown)].join('\n\n')

const occasionText = ({ at, machine, command, loadBefore }: Occasion): string =>
  `\`${command}\`, ${at.slice(0, 10)}, ${machineText(machine)}, load before ${loadBefore}.`

async function writeFormatted(extension: string, text: string, parser: 'json' | 'markdown'): Promise<void> {
  const config = await resolveConfig(place(extension))
  writeFileSync(place(extension), await format(text, { ...config, parser }))
}
