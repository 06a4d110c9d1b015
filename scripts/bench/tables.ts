// Figures as text: one model for the terminal and the document. Pure.
import { count } from '../../src/shared/wording.ts'
import type { Comparison, Growth, ScenarioResult, ToolResult } from './results.ts'
import { compare, floorSeconds, summarise, type Ratio, type Spread } from './statistics.ts'

export interface Table {
  title: string
  head: string[]
  rows: string[][]
}

/** `0.43 s`, `4.31 s`, `12.3 s`, `124 s`. */
export const seconds = (value: number): string =>
  `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} s`

/** Decimal, as the limits in the issues are: `262 MB`, `1.07 GB`. */
export function megabytes(bytes: number): string {
  if (bytes >= 999.5e6) return `${(bytes / 1e9).toFixed(2)} GB`
  return `${(bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0)} MB`
}

export const times = (value: number): string => `${value.toFixed(value < 9.95 ? 2 : 1)}×`

const nothing = '–'

/** Holdfast against each other program, one line a scenario: what the targets are about. */
export function ratioTable({ scenarios, tools }: Comparison): Table {
  const [ours, ...peers] = tools
  return {
    title: `How many times as long others take as ${ours?.name ?? 'Holdfast'} (wall / CPU seconds)`,
    head: [
      'work',
      `${ours?.name}: wall`,
      'CPU',
      'peak memory',
      'loop delay',
      ...peers.map(({ name }) => name),
    ],
    rows: scenarios.map(scenario => {
      const { ours, peers } = compare(scenario)
      const summary = summarise(ours)
      return [
        scenario.title,
        ...(summary
          ? [
              seconds(summary.wall.median),
              seconds(summary.cpu.median),
              megabytes(summary.peakBytes),
              summary.loopDelayMs === null ? nothing : `${summary.loopDelayMs.toFixed(0)} ms`,
            ]
          : ['failed', nothing, nothing, nothing]),
        ...peers.map(({ ratio, result }) => ratioText(ratio, result)),
      ]
    }),
  }
}

function ratioText(ratio: Ratio | null, { failure, runs }: ToolResult): string {
  if (ratio) return `${times(ratio.wall)} / ${times(ratio.cpu)}`
  return failure !== undefined && runs.length > 0 ? 'failed' : nothing
}

/** Every figure: a line for each program in each scenario. */
export function fullTable({ scenarios }: Comparison): Table {
  return {
    title: 'All figures: median (least to most) of the rounds; the highest peak memory of all rounds',
    head: [
      'work',
      'program',
      'wall',
      'CPU',
      'peak memory',
      'repository',
      'ratio: wall',
      'CPU',
      'memory',
      'repository',
    ],
    rows: scenarios.flatMap(scenario => {
      const { ours, peers } = compare(scenario)
      return [
        [scenario.title, ...figures(ours), '', '', '', ''],
        ...peers.map(({ result, ratio }) => [
          scenario.title,
          ...figures(result),
          ...(ratio
            ? [
                times(ratio.wall),
                times(ratio.cpu),
                times(ratio.peak),
                ratio.repository ? times(ratio.repository) : '',
              ]
            : ['', '', '', '']),
        ]),
      ]
    }),
  }
}

function figures(result: ToolResult): string[] {
  const summary = summarise(result)
  if (!summary)
    return [result.tool, result.failure === undefined ? 'not run' : 'failed', nothing, nothing, nothing]
  return [
    result.tool,
    spreadText(summary.wall),
    spreadText(summary.cpu),
    megabytes(summary.peakBytes),
    result.repositoryBytes === undefined ? '' : megabytes(result.repositoryBytes),
  ]
}

const spreadText = ({ median, least, most }: Spread): string =>
  least === most ? seconds(median) : `${seconds(median)} (${number(least)} to ${number(most)})`

const number = (value: number): string => seconds(value).replace(' s', '')

/** How much of what each program takes is work that nobody can leave out. */
export function floorTable({ scenarios, machine, tools }: Comparison): Table | null {
  const withFloor = scenarios.filter(scenario => scenario.floor !== undefined)
  if (withFloor.length === 0) return null
  // borg's format asks for other work.
  const names = tools.filter(({ kind }) => kind !== 'borg').map(({ name }) => name)
  return {
    title: `The floor: CPU seconds of the stages alone, in one thread; in ${machine.cores} threads at best a ${machine.cores === 2 ? 'half' : `${machine.cores}th`} of that passes on the clock. Behind each program: which part of its CPU time / of its time the floor is`,
    head: ['work', 'stages (CPU seconds)', 'floor: CPU', 'wall', ...names],
    rows: withFloor.map(scenario => floorRow(scenario, machine.cores, names)),
  }
}

function floorRow({ title, floor, tools }: ScenarioResult, cores: number, names: string[]): string[] {
  const stages = Object.entries(floor!).map(([stage, value]) => `${stage} ${value.toFixed(2)}`)
  const cpu = floorSeconds(floor!)
  return [
    title,
    stages.join(', '),
    seconds(cpu),
    seconds(cpu / cores),
    ...names.map(name => {
      const result = tools.find(({ tool }) => tool === name)
      const summary = result && summarise(result)
      if (!summary) return nothing
      return `${share(cpu, summary.cpu.median)} / ${share(cpu / cores, summary.wall.median)}`
    }),
  ]
}

const share = (part: number, whole: number): string =>
  whole > 0 ? `${Math.round((part / whole) * 100)} %` : nothing

export function growthTables({ files, blobs }: Growth): Table[] {
  const table = (title: string, what: string, rows: Growth['files']): Table => ({
    title,
    head: [what, 'work', 'program', 'wall', 'CPU', 'peak memory'],
    rows: rows.map(({ count: n, work, tool, cost, failure }) => [
      count(n),
      failure === undefined ? work : `${work} (failed: ${failure})`,
      tool,
      seconds(cost.wallSeconds),
      seconds(cost.cpuSeconds),
      megabytes(cost.peakBytes),
    ]),
  })
  return [
    ...(files.length > 0 ? [table('By the number of files (of about 100 bytes)', 'files', files)] : []),
    ...(blobs.length > 0
      ? [table('By the number of blobs in the index (ten files backed up)', 'blobs', blobs)]
      : []),
  ]
}

const isFigure = (text: string): boolean => /^[\d–]/.test(text) || text === ''

/** Columns aligned, numbers to the right. */
export function asText({ title, head, rows }: Table): string {
  const right = head.map((_, n) => rows.every(row => isFigure(row[n]!)))
  const widths = head.map((text, n) => Math.max(text.length, ...rows.map(row => row[n]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((text, n) => (right[n] ? text.padStart(widths[n]!) : text.padEnd(widths[n]!)))
      .join('  ')
      .trimEnd()
  let before = ''
  const body = rows.map(row => {
    const same = row[0] === before
    before = row[0]!
    return line(same ? ['', ...row.slice(1)] : row)
  })
  return [title, '', line(head), widths.map(width => '-'.repeat(width)).join('  '), ...body].join('\n')
}

export function asMarkdown({ title, head, rows }: Table): string {
  const right = head.map((_, n) => rows.length > 0 && rows.every(row => isFigure(row[n]!)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    `${title}.`,
    '',
    line(head),
    line(right.map(isRight => (isRight ? '--:' : '---'))),
    ...rows.map(line),
  ].join('\n')
}
