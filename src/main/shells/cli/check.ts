import { Command } from 'commander'
import { AppError } from '../../../shared/errors.ts'
import { bytes, duration, plural, visible } from '../../../shared/wording.ts'
import { check, type CheckResult, type ReadData } from '../../engine/index.ts'
import { parseSubset } from './arguments.ts'
import { addEffortOptions, startEffort, type EffortOptions } from './effort.ts'
import { addHelp } from './help.ts'
import { withRepository } from './open.ts'
import { addSharedOptions, settingsOf } from './repo-options.ts'
import { startRun } from './run.ts'
import type { Shell } from './shell.ts'

interface Options extends EffortOptions {
  readData?: boolean
  readDataSubset?: ReadData
}

export function build(shell: Shell): Command {
  const command = new Command('check')
    .description(
      'Check that the repository is whole: every snapshot, tree and pack is there and fits. With --read-data every byte is read and compared with its hash.',
    )
    .option('--read-data', 'read all data')
    .option(
      '--read-data-subset <part>',
      'read the n-th of t parts (2/7), or packs picked at random (5%)',
      parseSubset,
    )
    .action((options: Options) => run(shell, command, options))
  addHelp(command, {
    examples: [
      ['holdfast -r /mnt/backup/repo check'],
      ['holdfast check --read-data', 'the full proof'],
      ['holdfast check --read-data-subset 1/7', 'a seventh each day of the week'],
    ],
    exits: [[1, 'the check found errors; each was named']],
  })
  return addSharedOptions(addEffortOptions(command))
}

async function run(shell: Shell, command: Command, options: Options): Promise<void> {
  const effort = await startEffort(shell, options)
  const settings = { ...settingsOf(shell, command), ...effort }
  const { out } = shell
  if (options.readData && options.readDataSubset) {
    throw new AppError('invalid_input', '--read-data and --read-data-subset exclude each other.', {
      hint: 'Give one of them.',
    })
  }
  const readData: ReadData = options.readDataSubset ?? { kind: options.readData ? 'all' : 'none' }
  await withRepository(shell, settings, async repo => {
    const terminal = startRun(shell, settings, { during: 'check' })
    let result: CheckResult
    try {
      result = await check(repo, { ...effort, readData, lock: settings.lock }, terminal)
    } finally {
      terminal.end()
    }
    const errors = result.problems.filter(problem => problem.level === 'error')
    for (const { level, kind, subject, message } of result.problems) {
      if (settings.json) {
        out.json({ message_type: level, message: `${subject}: ${message}`, kind, subject })
      } else if (level === 'error' || !settings.quiet) {
        out.say(`${level === 'error' ? out.red('error') : 'hint'}: ${visible(subject)}: ${visible(message)}`)
      }
    }
    if (settings.json) out.json(summaryJson(result, errors.length))
    else if (!settings.quiet) for (const line of summaryLines(result)) out.print(line)
    if (errors.length > 0) {
      out.say(`The repository has ${plural(errors.length, 'error')}.`)
      shell.exit(1)
    } else if (!settings.json && !settings.quiet) out.print(out.green('no errors were found'))
  })
}

const summaryLines = (result: CheckResult): string[] => [
  `checked ${plural(result.snapshots, 'snapshot')}, ${plural(result.trees, 'tree')}, ` +
    `${plural(result.blobs, 'blob')} in ${plural(result.packs, 'pack')} in ${duration(result.durationMs)}`,
  result.packsRead > 0
    ? `read ${plural(result.packsRead, 'pack')} whole (${bytes(result.bytesRead)}) and compared every byte with its hash`
    : 'the data itself was not read (--read-data does)',
]

const summaryJson = (result: CheckResult, errors: number): object => ({
  message_type: 'summary',
  num_errors: errors,
  num_hints: result.problems.length - errors,
  snapshots: result.snapshots,
  trees: result.trees,
  blobs: result.blobs,
  packs: result.packs,
  packs_read: result.packsRead,
  bytes_read: result.bytesRead,
  total_duration: result.durationMs / 1000,
})
