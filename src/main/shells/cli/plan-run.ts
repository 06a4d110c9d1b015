import { Command, Option } from 'commander'
import type { Client } from '../../../shared/contract.ts'
import type { BackupType } from '../../../shared/entities/plan.ts'
import type { Run } from '../../../shared/entities/run.ts'
import { AppError, failures } from '../../../shared/errors.ts'
import { count, duration, plural, shortBytes, visible } from '../../../shared/wording.ts'
import { shortOf } from './app-text.ts'
import { addAppOptions, withApp } from './app.ts'
import { findNamed } from './find-named.ts'
import { followRun } from './follow-run.ts'
import { addHelp } from './help.ts'
import { settingsOf, type Settings } from './repo-options.ts'
import { createRunDisplay } from './run-progress.ts'
import type { Shell } from './shell.ts'

interface Options {
  type: BackupType
  dryRun?: boolean
  detach?: boolean
}

const warningsShown = 20

export function buildRun(shell: Shell): Command {
  const command = new Command('run')
    .description('Start a plan now, and follow it to its end. Ctrl-C cancels it; what was stored is kept.')
    .argument('<plan>', 'its name, or the beginning of its ID')
    .addOption(
      new Option('--type <type>', 'emergency: before a risky change, kept by a rule of its own')
        .choices(['incremental', 'full', 'config', 'emergency'])
        .default('incremental'),
    )
    .option('-n, --dry-run', 'say what would be stored, and write nothing')
    .option('--detach', 'leave it to the Holdfast that runs already, and return at once')
    .action((name: string, options: Options) => run(shell, command, name, options))
  addHelp(command, {
    examples: [
      ['holdfast plan run Documents'],
      ['holdfast plan run Documents --type emergency', 'before something risky'],
      ['holdfast plan run Documents --detach', 'in the background, where `holdfast serve` or the app runs'],
    ],
    exits: [
      [3, 'done, but some files could not be read'],
      [27, 'a folder of the plan is not there'],
      [33, 'the password of the destination is missing'],
      [130, 'cancelled'],
    ],
  })
  return addAppOptions(command)
}

async function run(shell: Shell, command: Command, name: string, options: Options): Promise<void> {
  const settings = settingsOf(shell, command)
  const { out } = shell
  const needs = { long: true, heedsSignal: true }
  await withApp(shell, settings, needs, async ({ client, alone, unlock }) => {
    const plan = findNamed('plan', await client.call('plan.list', undefined), name)
    if (options.detach === true && alone) {
      throw new AppError(
        'invalid_input',
        'Holdfast does not run in the background: nobody is there to do it.',
        {
          hint: 'Leave out --detach, or start `holdfast serve` first.',
        },
      )
    }
    await unlock()
    shell.signal.throwIfAborted()
    const started = await client.call('run.start', {
      planId: plan.id,
      type: options.type,
      dryRun: options.dryRun === true,
    })
    if (options.detach === true) {
      if (settings.json) return out.json(started)
      return out.print(
        `started "${visible(plan.name)}" (run ${shortOf(started.id)}); see \`holdfast status\``,
      )
    }
    const display = createRunDisplay(out, settings, Date.now)
    let ended: Run
    try {
      ended = await followRun(client, started, { changed: display.show, signal: shell.signal })
    } finally {
      display.end()
    }
    await conclude(shell, settings, client, ended)
  })
}

async function conclude(shell: Shell, settings: Settings, client: Client, run: Run): Promise<void> {
  const { out } = shell
  if (run.warnings > 0) await showWarnings(shell, settings, client, run)
  const done = run.state === 'succeeded' || run.state === 'partial'
  if (settings.json && (done || run.counts !== null)) out.json(summaryJson(run))
  if (done) {
    if (!settings.json && (!settings.quiet || run.dryRun))
      for (const line of summaryLines(run)) out.print(line)
    if (run.state === 'partial') shell.exit(failures.source_unreadable.exit)
    return
  }
  throw failureOf(run)
}

/** What a run that did not succeed is to the command that waited for it. */
function failureOf(run: Run): AppError {
  const more = { hint: `holdfast plan history '${run.planName}' shows it.` }
  if (run.error !== null) {
    const { code, message, hint } = run.error
    return new AppError(code, message, hint === undefined ? more : { hint })
  }
  if (run.state === 'cancelled') {
    return new AppError('cancelled', `The run of "${run.planName}" was cancelled.`, {
      hint: 'Run it again to finish; what was stored so far is kept.',
    })
  }
  if (run.state === 'interrupted') {
    return new AppError('backend_unreachable', `The run of "${run.planName}" was cut off in the middle.`, {
      hint: 'It is finished by the Holdfast that runs now; what was stored is kept.',
    })
  }
  return new AppError('conflict', run.waitingFor ?? `The run of "${run.planName}" never began.`, more)
}

async function showWarnings(shell: Shell, settings: Settings, client: Client, run: Run): Promise<void> {
  const { out } = shell
  const limit = settings.verbose > 0 || settings.json ? 1000 : warningsShown
  let afterSeq = 0
  let shown = 0
  for (;;) {
    const page = await client.call('run.warnings', { id: run.id, afterSeq, limit })
    for (const { kind, path, message, seq } of page) {
      afterSeq = seq
      shown += 1
      if (settings.json) {
        const what = { message }
        out.json(
          kind === 'unreadable'
            ? { message_type: 'error', error: what, during: 'archival', item: path }
            : { message_type: 'warning', warning: what, during: 'archival', item: path },
        )
      }
      const label = { unreadable: out.red('error'), metadata: 'warning', note: 'note' }[kind]
      if (kind === 'note' && settings.quiet) continue
      out.say(`${label}: ${path === '' ? '' : `${visible(path)}: `}${visible(message)}`)
    }
    if (page.length < limit || limit === warningsShown) break
  }
  const more = run.warnings - shown
  if (more > 0) out.say(`… and ${plural(more, 'more warning')} (-v lists them all)`)
}

function summaryLines(run: Run): string[] {
  const { counts, snapshotId, startedAtMs, endedAtMs, dryRun } = run
  const took = duration((endedAtMs ?? 0) - (startedAtMs ?? 0))
  const name = visible(run.planName)
  const lines = counts
    ? [
        `${plural(counts.filesTotal, 'file')}, ${shortBytes(counts.bytesScanned)} in ${took}: ` +
          `${count(counts.filesNew)} new, ${count(counts.filesChanged)} changed, ${count(counts.filesUnmodified)} as before`,
        `${dryRun ? 'Would add' : 'Added'} ${shortBytes(counts.bytesNew)}, ${shortBytes(counts.bytesStored)} as stored`,
      ]
    : []
  if (dryRun) return [...lines, `"${name}": dry run, nothing was written`]
  if (run.state === 'partial')
    lines.push(
      `${plural(run.warnings, 'item')} could not be read and ${run.warnings === 1 ? 'is' : 'are'} not in it.`,
    )
  return [
    ...lines,
    `"${name}": snapshot ${snapshotId?.slice(0, 8) ?? 'not needed, nothing changed'}${snapshotId ? ' saved' : ''}`,
  ]
}

/** As the engine's own `backup --json`, with the run itself. */
function summaryJson(run: Run): object {
  const { counts, snapshotId, startedAtMs, endedAtMs } = run
  return {
    message_type: 'summary',
    ...(run.dryRun && { dry_run: true }),
    ...(counts !== null && {
      files_new: counts.filesNew,
      files_changed: counts.filesChanged,
      files_unmodified: counts.filesUnmodified,
      total_files_processed: counts.filesTotal,
      total_bytes_processed: counts.bytesScanned,
      data_added: counts.bytesNew,
      data_added_packed: counts.bytesStored,
    }),
    ...(startedAtMs !== null && endedAtMs !== null && { total_duration: (endedAtMs - startedAtMs) / 1000 }),
    ...(snapshotId !== null && { snapshot_id: snapshotId }),
    run,
  }
}
