import { execFileSync } from 'node:child_process'
import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { Corpus } from './corpora.ts'
import { filesBelow, fullestLeaf, sizeOf, warm } from './folders.ts'
import { costOf, measure, said, type Command, type Ended } from './measure.ts'
import type { ToolResult } from './results.ts'
import { rotated, type Scenario, type Step } from './scenarios.ts'
import { removeScratch, scratchFolder } from './scratch.ts'
import type { Seats } from './seats.ts'
import type { Place, Tool } from './tools.ts'

export interface Rounds {
  work: string
  tools: readonly Tool[]
  rounds: number
  seats: Seats
  heard: (scenario: Scenario, tool: Tool, round: number, ended: Ended) => void
}

/** One tool's folders in one round. */
interface Seat extends Place {
  tool: Tool
  backups: number
  /** Why what builds on its first backup would measure something else. */
  broken: string | null
}

const writing = new Set<Step>(['first', 'rescan', 'changed', 'next'])

/**
 * All rounds of the scenarios of one corpus, which are in the order they build on each other. Within a step the tools
 * take turns, so what else the machine does meets them alike.
 */
export async function runRounds(
  corpus: Corpus,
  chosen: readonly Scenario[],
  { work, tools, rounds, seats, heard }: Rounds,
): Promise<Map<string, ToolResult[]>> {
  const results = new Map(chosen.map(({ id }) => [id, tools.map(noRuns)]))
  const steps = chosen.some(({ step }) => step === 'first') ? chosen : [preparation(chosen), ...chosen]
  for (let round = 0; round < rounds; round++) {
    const folder = scratchFolder(work, `round-${round + 1}`)
    try {
      refuseFullDisk(folder, corpus, tools)
      const taken: Seat[] = []
      for (const tool of tools) {
        taken.push({ ...(await seats.take(folder, tool)), tool, backups: 0, broken: null })
      }
      warm(corpus.files)
      for (const scenario of steps) {
        if (scenario.step === 'next') {
          corpus.switchToNext()
          warm(filesBelow(corpus.tree))
        } else if (scenario.step === 'changed') corpus.changeSome()
        for (const seat of rotated(taken, round)) {
          if (seat.broken !== null) continue
          const result = results.get(scenario.id)?.[tools.indexOf(seat.tool)] ?? noRuns(seat.tool)
          const ended = await runStep(corpus, scenario.step, seat, seats, result)
          heard(scenario, seat.tool, round, ended)
          if (scenario.step === 'first') seat.broken = result.failure ?? null
        }
        if (scenario.step === 'changed' || scenario.step === 'next') corpus.revert()
      }
      const [ours] = taken
      if (round === 0 && ours?.broken === null) await judge(ours, tools, results)
      for (const all of results.values()) {
        for (const [n, { broken }] of taken.entries()) {
          if (broken !== null) all[n]!.failure ??= `its first backup failed: ${broken}`
        }
      }
    } finally {
      corpus.revert()
      removeScratch(folder)
    }
  }
  return results
}

/** A restic reads all that Holdfast wrote; a fast backup that it refuses is none. */
async function judge(
  ours: Seat,
  tools: readonly Tool[],
  results: ReadonlyMap<string, ToolResult[]>,
): Promise<void> {
  const restic = tools.find(({ kind }) => kind === 'restic')
  if (ours.tool.kind !== 'holdfast' || !restic) return
  const ended = await measure(restic.check({ ...ours, cache: join(ours.cache, 'judge') }))
  if (ended.code === 0) return
  for (const [result] of results.values())
    result!.failure ??= `${restic.name} finds fault with it: ${said(ended)}`
}

const noRuns = ({ name }: Tool): ToolResult => ({ tool: name, runs: [] })

const preparation = (chosen: readonly Scenario[]): Scenario => ({
  id: '(first backup)',
  title: 'First backup (not counted)',
  corpus: chosen[0]!.corpus,
  step: 'first',
})

async function runStep(
  corpus: Corpus,
  step: Step,
  seat: Seat,
  seats: Seats,
  result: ToolResult,
): Promise<Ended> {
  const { tool } = seat
  const label = `a${seat.backups}`
  const fail = (why: string) => void (result.failure ??= why)
  let ended: Ended
  if (writing.has(step)) {
    ended = await timed(tool.backup(seat, corpus.tree, `a${++seat.backups}`))
    result.repositoryBytes = sizeOf(seat.repo)
  } else if (step === 'check') ended = await timed(tool.check(seat))
  else if (step === 'list') {
    const { folder, file } = fullestLeaf(corpus.files)
    ended = await timed(tool.list(seats.withoutCache(seat, tool), folder, label))
    if (!ended.stdout.includes(file.slice(folder.length + 1)))
      fail('its list does not have what the folder has')
  } else {
    const target = freshMemoryFolder(corpus.bytes) ?? scratchFolder(join(seat.repo, '..'), 'restored')
    try {
      ended = await timed(tool.restore(seat, target, label))
      const differences = differencesOf(corpus.tree, join(target, corpus.tree))
      if (differences !== null) fail(`what it restored differs: ${differences}`)
    } finally {
      removeScratch(target)
    }
  }
  if (ended.code !== 0) fail(said(ended))
  result.runs.push(costOf(ended))
  return ended
}

/** What others wrote reaches the disk first, at nobody's cost. */
function timed(command: Command): Promise<Ended> {
  execFileSync('sync')
  return measure(command)
}

/** On a tmpfs: where a tree of files was just deleted, ext4 is slow to make new ones. null: no tmpfs has the room. */
function freshMemoryFolder(bytes: number): string | null {
  const place = '/dev/shm'
  if (!existsSync(place)) return null
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize > 1.5 * bytes ? scratchFolder(place, 'holdfast-bench') : null
}

/** null: every file is there and has its bytes. */
function differencesOf(expected: string, found: string): string | null {
  try {
    execFileSync('diff', ['--recursive', '--brief', '--no-dereference', expected, found], { stdio: 'pipe' })
    return null
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer }
    return `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(0, 3).join(' | ') || String(error)
  }
}

function refuseFullDisk(folder: string, { bytes, name }: Corpus, tools: readonly Tool[]): void {
  const { bavail, bsize } = statfsSync(folder)
  const neededBytes = 1.1 * bytes * tools.length
  if (bavail * bsize > neededBytes) return
  throw new Error(
    `The corpus "${name}" may need ${Math.ceil(neededBytes / 1e9)} GB for repositories, and the work folder has less; name another with --work.`,
  )
}
