import { expect, test } from 'vitest'
import { chart } from '../../../scripts/bench/chart.ts'
import { comparison } from './sample.ts'

const barWidths = (svg: string): number[] =>
  [...svg.matchAll(/class="p\d (?:wall|cpu)" x="210" y="\d+" width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  )

test('a bar is as long as its figure says, from zero on', () => {
  const svg = chart(comparison)!
  const widths = barWidths(svg)
  const values = [2.4, 3, 4, 2.5, 2, 3] // wall and CPU of each program; none of what failed
  expect(widths).toHaveLength(values.length)
  const scale = widths[0]! / values[0]!
  for (const [n, value] of values.entries()) expect(widths[n]! / scale).toBeCloseTo(value, 1)
})

test('names are text, never markup', () => {
  const [ours, ...peers] = comparison.tools
  const svg = chart({ ...comparison, tools: [{ ...ours!, name: 'Hold<fast>' }, ...peers] })!
  expect(svg).toContain('First &amp; foremost')
  expect(svg).toContain('Hold&lt;fast&gt;')
  expect(svg).not.toContain('<fast>')
})

test('every tag that opens is closed, and there is a line at 1×', () => {
  const svg = chart(comparison)!
  const open: string[] = []
  for (const [, end, name, alone] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
    if (end) expect(open.pop()).toBe(name)
    else if (!alone) open.push(name!)
  }
  expect(open).toEqual([])
  expect(svg.match(/class="one"/g)).toHaveLength(1)
})

test('large ratios still have few lines, and 1× has its own', () => {
  const [first] = comparison.scenarios
  const [ours, restic] = first!.tools
  const slow = { ...restic!, runs: restic!.runs.map(run => ({ ...run, wallSeconds: run.wallSeconds * 20 })) }
  const svg = chart({ ...comparison, scenarios: [{ ...first!, tools: [ours!, slow] }] })!
  expect(svg.match(/class="tick"/g)!.length).toBeLessThanOrEqual(11)
  expect(svg.match(/class="one"/g)).toHaveLength(1)
})

test('nothing to compare, no chart', () => {
  const alone = comparison.scenarios.map(scenario => ({ ...scenario, tools: scenario.tools.slice(0, 1) }))
  expect(chart({ ...comparison, tools: comparison.tools.slice(0, 1), scenarios: alone })).toBeNull()
})
