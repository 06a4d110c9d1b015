import { parseArgs } from 'node:util'
import { random } from '../support/content.ts'
import { makeTemp, removeTree } from '../support/tmp.ts'
import type { Campaign, Figure, Soak } from './campaign.ts'
import { corpus } from './corpus.ts'
import { damage } from './damage.ts'
import { full } from './full.ts'
import { kill } from './kill.ts'
import { owner } from './owner.ts'
import { pack } from './pack.ts'
import { table, writeFigures } from './report.ts'
import { schedule } from './schedule.ts'
import { together } from './together.ts'

const campaigns: readonly Campaign[] = [kill, owner, full, together, damage, schedule, corpus, pack]

const usage = `npm run soak -- [CAMPAIGN…] [options]

Runs the campaigns named, or all: ${campaigns.map(({ name }) => name).join(', ')}.

  --write             put the figures into docs/reliability.md
  --seed N            other random moments (default 1)
  --keep              leave the scratch folder
  --kills N --aimed-kills N --cancels N --key-kills N --restore-kills N        kill
  --owner-kills N --mebibytes N                                 owner
  --passes N                                                    full
  --rounds N                                                    together
  --zones N                                                     schedule: only so many zones
  --damages N                                                   damage
  --corpus FOLDER --next FOLDER                                 corpus: two versions of a tree, only read`

const say = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...Object.fromEntries(
        [
          'kills',
          'aimed-kills',
          'cancels',
          'key-kills',
          'restore-kills',
          'owner-kills',
          'mebibytes',
          'passes',
          'rounds',
          'damages',
          'zones',
        ].map(name => [name, { type: 'string' as const }]),
      ),
      corpus: { type: 'string' },
      next: { type: 'string' },
      seed: { type: 'string' },
      write: { type: 'boolean' },
      keep: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const unknown = positionals.filter(name => !campaigns.some(campaign => campaign.name === name))
  if (values.help || unknown.length > 0) {
    say(usage)
    return values.help ? 0 : 2
  }
  const given = values as Record<string, string | boolean | undefined>
  const option = (name: string): string | null => (typeof given[name] === 'string' ? given[name] : null)
  const chosen = campaigns.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

  let failed = false
  for (const campaign of chosen) {
    say(`\n== ${campaign.name}: ${campaign.promise}`)
    const missing = campaign.unavailable?.(option) ?? null
    if (missing !== null) {
      say(`  not run: ${missing}`)
      failed ||= positionals.includes(campaign.name)
      continue
    }
    const problems: string[] = []
    const scratch = makeTemp(`soak-${campaign.name}`)
    const soak: Soak = {
      scratch,
      count: (name, otherwise) => Number(option(name) ?? otherwise),
      option,
      next: random(Number(option('seed') ?? 1)),
      say: line => say(`  ${line}`),
      problem: text => {
        problems.push(text)
        say(`  PROBLEM ${text}`)
      },
    }
    const startedAt = performance.now()
    let figures: Figure[] = []
    try {
      figures = await campaign.run(soak)
    } catch (error) {
      soak.problem(error instanceof Error ? (error.stack ?? error.message) : String(error))
    } finally {
      if (values.keep) say(`  kept: ${scratch}`)
      else removeTree(scratch)
    }
    const ms = performance.now() - startedAt
    if (figures.length > 0) say(table(figures))
    say(`  ${problems.length} problems, ${Math.ceil(ms / 1000)} s`)
    failed ||= problems.length > 0
    const switches = process.argv.slice(2).filter(word => word !== '--write' && !positionals.includes(word))
    const command = ['npm run soak --', campaign.name, ...switches.map(hidePath)].join(' ')
    if (values.write) await writeFigures({ campaign, figures, problems, command, ms }, new Date())
  }
  return failed ? 1 : 0
}

/** Where a corpus lies on this machine is nobody's business. */
const hidePath = (word: string): string => (word.startsWith('/') ? 'FOLDER' : word)

process.exitCode = await main()
