// How fast Holdfast is here, next to restic and borg: `npm run bench -- --help`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { corpusNames, fullSizes, prepareCorpus, quickSizes, type GivenTree } from './corpora.ts'
import { plural } from '../../src/shared/wording.ts'
import { writeDocument } from './document.ts'
import { measureFloors } from './floor.ts'
import { growBlobs, growFiles } from './growth.ts'
import { machineText, thisMachine } from './machine.ts'
import { parseOptions, usage, type Options } from './options.ts'
import type { Comparison, Growth, GrowthRow, Occasion, Results, ToolFacts } from './results.ts'
import { runRounds, type Rounds } from './rounds.ts'
import { scenarios } from './scenarios.ts'
import { removeScratch, scratchFolder } from './scratch.ts'
import { prepareSeats, type Seats } from './seats.ts'
import { asText, floorTable, fullTable, growthTables, megabytes, ratioTable, seconds } from './tables.ts'
import { holdfast, peersOnPath, scryptCost, type Tool } from './tools.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const complain = (line: string): void => void process.stderr.write(`${line}\n`)

interface Bench {
  options: Options
  work: string
  tools: readonly Tool[]
  seats: Seats
}

async function main(): Promise<number> {
  let options: Options | 'help'
  try {
    options = parseOptions(process.argv.slice(2))
  } catch (error) {
    complain(`${(error as Error).message}\nnpm run bench -- --help says what is possible.`)
    return 2
  }
  if (options === 'help') {
    say(usage)
    return 0
  }
  if (process.platform !== 'linux') {
    complain('The benchmark reads what programs cost from /proc: it runs on Linux only.')
    return 2
  }
  return bench(options)
}

async function bench(options: Options): Promise<number> {
  const kept = options.work !== null
  const work = kept ? resolve(options.work!) : scratchFolder(tmpdir(), 'holdfast-bench')
  mkdirSync(work, { recursive: true })
  try {
    const tools = [holdfast(options.holdfast), ...peersOnPath(process.env['PATH'] ?? '', options.peers)]
    const seats = await prepareSeats(work, tools, !options.ownKey)
    const bench = { options, work, tools, seats }
    const found: Results = options.grow
      ? { growth: await grow(bench) }
      : { comparison: await compareAll(bench) }
    show(found)
    if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
    if (options.write) await writeDocument(found)
    return failuresIn(found).length > 0 ? 1 : 0
  } finally {
    if (!kept) removeScratch(work)
  }
}

async function compareAll(bench: Bench): Promise<Comparison> {
  const { options, tools, work, seats } = bench
  const chosen = scenarios.filter(({ id }) => options.only.includes(id))
  const comparison: Comparison = {
    ...occasion(options),
    rounds: options.rounds,
    tools: [],
    corpora: {},
    scenarios: [],
  }
  say(machineText(comparison.machine))
  if (comparison.loadBefore > 0.5) {
    complain(
      `Other programs keep this machine busy (load ${comparison.loadBefore}): trust the CPU figures more.`,
    )
  }
  for (const tool of tools) {
    const facts = await factsOf(tool, bench)
    comparison.tools.push(facts)
    say(`${facts.name}: ${facts.remarks}; password: ${facts.keyDerivation}`)
  }
  for (const name of corpusNames) {
    const wanted = chosen.filter(({ corpus }) => corpus === name)
    if (wanted.length === 0) continue
    const corpus = prepareCorpus(work, name, options.quick ? quickSizes : fullSizes, givenTree(options), say)
    const steps = wanted.filter(({ step }) => step !== 'next' || corpus.hasNext)
    comparison.corpora[name] = { about: corpus.about, files: corpus.files.length, bytes: corpus.bytes }
    say(`\n${name}: ${corpus.about} (${plural(corpus.files.length, 'file')}, ${megabytes(corpus.bytes)})`)
    const results = await runRounds(corpus, steps, { ...bench, rounds: options.rounds, heard })
    // Holes need not be read, so there is no floor for sparse files. What a password costs is part of every floor; the template says how much that is here.
    const floors =
      options.only.includes('floor') && name !== 'sparse' && seats.template !== null
        ? measureFloors(
            corpus,
            steps.map(({ step }) => step),
            scryptCost(seats.template),
            work,
          )
        : null
    for (const { id, title, step } of steps) {
      const floor = floors?.get(step)
      comparison.scenarios.push({
        id,
        title,
        corpus: name,
        tools: results.get(id)!,
        ...(floor && { floor }),
      })
    }
  }
  return comparison
}

const occasion = ({ command }: Options): Occasion => ({
  at: new Date().toISOString(),
  machine: thisMachine(),
  command,
  loadBefore: Math.round(loadavg()[0]! * 10) / 10,
})

const givenTree = ({ corpus, next, about }: Options): GivenTree | null =>
  corpus === null ? null : { root: corpus, next, about }

const heard: Rounds['heard'] = ({ title }, { name }, round, { wallSeconds, cpuSeconds, peakBytes, code }) =>
  say(
    [
      `  ${title.padEnd(32)} ${name.padEnd(16)} ${round + 1}.`,
      `${seconds(wallSeconds).padStart(7)} wall`,
      `${seconds(cpuSeconds).padStart(7)} CPU`,
      megabytes(peakBytes).padStart(8),
      ...(code === 0 ? [] : ['FAILED']),
    ].join('  '),
  )

async function factsOf(tool: Tool, { work, seats }: Bench): Promise<ToolFacts> {
  const folder = scratchFolder(work, 'facts')
  try {
    const { repo } = await seats.take(folder, tool)
    return {
      name: tool.name,
      kind: tool.kind,
      remarks: tool.remarks,
      keyDerivation: tool.keyDerivation(repo),
    }
  } finally {
    removeScratch(folder)
  }
}

async function grow({ options, work, tools, seats }: Bench): Promise<Growth> {
  const growing = {
    work,
    tools: tools.filter(({ kind }) => kind !== 'borg'),
    seats,
    say,
    heard: ({ count, work, tool, cost }: GrowthRow) =>
      say(
        `  ${String(count).padStart(9)} ${work.padEnd(24)} ${tool.padEnd(16)} ${seconds(cost.wallSeconds)} wall, ${seconds(cost.cpuSeconds)} CPU, ${megabytes(cost.peakBytes)}`,
      ),
  }
  return {
    ...occasion(options),
    files: await growFiles(options.growFiles, growing),
    blobs: await growBlobs(options.growBlobs, growing),
  }
}

function show(found: Results): void {
  const { comparison, growth } = found
  const tables = [
    ...(comparison ? [fullTable(comparison), ratioTable(comparison)] : []),
    ...(growth ? growthTables(growth) : []),
  ]
  const floor = comparison && floorTable(comparison)
  for (const table of floor ? [...tables, floor] : tables) say(`\n${asText(table)}`)
  for (const [tool, title, failure] of failuresIn(found)) complain(`\n${tool}, ${title}: ${failure}`)
}

const failuresIn = ({ comparison, growth }: Results): [tool: string, title: string, failure: string][] =>
  [
    ...(comparison?.scenarios ?? []).flatMap(({ title, tools }) =>
      tools.map(result => ({ title, ...result })),
    ),
    ...[...(growth?.files ?? []), ...(growth?.blobs ?? [])].map(row => ({ title: row.work, ...row })),
  ].flatMap(({ tool, title, failure }): [string, string, string][] =>
    failure === undefined ? [] : [[tool, title, failure]],
  )

process.exitCode = await main().catch((error: unknown) => {
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
})
