import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Command, CommanderError } from 'commander'
import { AppError, failures, toWireError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { openOutput } from './output.ts'
import { takeSecrets } from './password.ts'
import { addSharedOptions } from './repo-options.ts'
import type { Shell } from './shell.ts'

interface Entry {
  summary: string
  /** Its file is read only when it is called: the others cost nothing. */
  load?: () => Promise<{ build: (shell: Shell) => Command }>
}

const groups: Record<string, Record<string, Entry>> = {
  'Back up and restore:': {
    init: { summary: 'make a new repository', load: () => import('./init.ts') },
    backup: { summary: 'store a snapshot of files and folders', load: () => import('./backup.ts') },
    restore: { summary: 'restore a snapshot, or a part of it', load: () => import('./restore.ts') },
    check: { summary: 'prove that the repository is whole', load: () => import('./check.ts') },
  },
  'Plans, by a Holdfast in the background or by the command itself:': {
    plan: { summary: 'list, add, change, run and pause plans', load: () => import('./plan.ts') },
    destination: { summary: 'list, add and remove destinations', load: () => import('./destination.ts') },
    apply: { summary: 'make plans what a YAML file says', load: () => import('./apply.ts') },
    status: { summary: 'show whether everything is protected', load: () => import('./status.ts') },
    search: { summary: 'search names in all snapshots, at once', load: () => import('./search.ts') },
    vault: { summary: 'show where passwords are kept; open it', load: () => import('./vault.ts') },
    audit: { summary: 'show who asked for what', load: () => import('./audit.ts') },
    serve: { summary: 'run in the background: schedules, server', load: () => import('./serve.ts') },
    service: { summary: 'print a unit that starts it by itself', load: () => import('./service.ts') },
  },
  'Look into a repository:': {
    snapshots: { summary: 'list the snapshots', load: () => import('./snapshots.ts') },
    ls: { summary: 'list what is in a snapshot', load: () => import('./ls.ts') },
    find: { summary: 'find files by name, in all snapshots', load: () => import('./find.ts') },
    diff: { summary: 'show what differs between two snapshots', load: () => import('./diff.ts') },
    stats: { summary: 'count files and bytes', load: () => import('./stats.ts') },
    cat: { summary: 'print an object of the repository', load: () => import('./cat.ts') },
  },
  'Look after a repository:': {
    key: { summary: 'list, add and remove keys; change the password', load: () => import('./key.ts') },
    unlock: { summary: 'remove locks that dead processes left', load: () => import('./unlock.ts') },
  },
  'Holdfast itself:': {
    demo: { summary: 'show the whole cycle on a sample, in seconds', load: () => import('./demo.ts') },
    version: { summary: 'print the version', load: () => import('./version.ts') },
    help: { summary: 'the help of a command: help backup' },
  },
}
const entries: Record<string, Entry> = Object.assign({}, ...Object.values(groups))

const secrets = takeSecrets(process.env)
const out = openOutput(process.stdout, process.stderr, process.env)
const interrupt = new AbortController()
let exitCode = 0
const wantsJson = process.argv.includes('--json')
const verbose = process.argv.some(arg => /^(--verbose|-[a-zA-Z]*v[a-zA-Z]*)$/.test(arg))

function stopOn(signal: NodeJS.Signals): void {
  process.on(signal, () => {
    if (interrupt.signal.aborted) {
      out.status(null)
      process.exit(failures.cancelled.exit)
    }
    out.say(signal === 'SIGINT' ? 'Stopping; Ctrl-C again quits at once.' : 'Stopping.')
    interrupt.abort(
      new AppError('cancelled', 'Interrupted.', {
        hint: 'Run it again to finish; what was done so far is kept.',
      }),
    )
  })
}

function programHelp(): Command {
  const program = addSharedOptions(new Command('holdfast'))
    .description('Backups you can prove, in standard restic repositories.')
    .usage('[options] <command> …')
    .option('-V, --version', 'print the version')
    .helpCommand(false)
    .enablePositionalOptions()
    .configureHelp({ visibleOptions: () => [] }) // they stand below the commands
  for (const [heading, group] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const [name, { summary }] of Object.entries(group)) program.command(name).description(summary)
  }
  const flags = program.options.map(option => `  ${option.flags.padEnd(30)} ${option.description}`)
  return program.addHelpText(
    'after',
    `
Options of all commands (before or after the command):
${flags.filter(line => !line.includes('--version')).join('\n')}
  -h, --help                     the help of a command

Examples:
  holdfast -r /mnt/backup/repo init
  holdfast -r /mnt/backup/repo backup ~/Documents
  holdfast -r /mnt/backup/repo restore latest --target /tmp/restored
  holdfast demo

Exit codes:
  0 done   1 failed   2 wrong usage   3 done, but some files could not be read
  10 no repository   11 locked   12 wrong password   130 interrupted   others: docs/exit-codes.md

A repository is restic's, format 2: restic lists, checks and restores it too.`,
  )
}

/** Where the command's name stands: behind options, some of which take the next word as their value. */
function commandPosition(argv: string[], program: Command): number {
  const takesValue = (flag: string) =>
    program.options.some(option => option.required && (option.long === flag || option.short === flag))
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    if (!word.startsWith('-') || word === '-') return i
    const letters = /^-([a-zA-Z]+)$/.exec(word)?.[1]
    const valueAt = letters === undefined ? -1 : [...letters].findIndex(letter => takesValue(`-${letter}`))
    // `-qr REPO`: the value is the next word; `-rREPO`: it is in the same one
    if (letters === undefined ? takesValue(word) : valueAt === letters.length - 1) i += 1
  }
  return argv.length
}

async function main(argv: string[]): Promise<void> {
  const program = quietExit(programHelp())
  const at = commandPosition(argv, program)
  const early = argv.slice(0, at)
  let [name, ...rest] = argv.slice(at)
  if (name === 'help') [name, ...rest] = [rest[0], '--help']
  // commander has the words for options and commands that do not exist
  for (const command of program.commands) command.action(() => {})
  await program.parseAsync([...early, name ?? 'help'], { from: 'user' })
  if (program.opts()['version'] === true) [name, ...rest] = ['version']
  const load = name === undefined ? undefined : entries[name]?.load
  if (load === undefined) return program.outputHelp()

  const { HOLDFAST_REPOSITORY, HOLDFAST_FROM_REPOSITORY, HOLDFAST_MEMORY, HOLDFAST_THREADS } = process.env
  const shell: Shell = {
    out,
    signal: interrupt.signal,
    secrets,
    repository: HOLDFAST_REPOSITORY,
    fromRepository: HOLDFAST_FROM_REPOSITORY,
    effort: { memory: HOLDFAST_MEMORY, threads: HOLDFAST_THREADS },
    early: program.opts(),
    exit: code => (exitCode = code),
  }
  const command = quietExit((await load()).build(shell))
  await command.name(`holdfast ${name}`).parseAsync(rest, { from: 'user' })
}

/** Commander throws instead of ending the process, and writes through our streams. */
function quietExit(command: Command): Command {
  command.exitOverride().configureOutput({
    writeOut: text => out.print(text.replace(/\n$/, '')),
    writeErr: text => out.say(text.replace(/\n$/, '')),
    outputError: () => {}, // reported once, in `report`
    getOutHelpWidth: () => Math.min(process.stdout.columns || 100, 110),
    getErrHelpWidth: () => Math.min(process.stderr.columns || 100, 110),
  })
  for (const child of command.commands) quietExit(child)
  return command
}

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return
    // a command like `key` without its second word: its help was shown instead
    if (error.code === 'commander.help') {
      exitCode = failures.invalid_input.exit
      return
    }
    // `--password=secret` is not an option, but may well have been tried
    const message = visible(
      error.message
        .replace(/^error: /, '')
        .replace(/'(--?[\w-]+)=[^']*'/, "'$1'")
        .replaceAll('\n', ' '),
    )
    return fail(
      failures.invalid_input.exit,
      message,
      'The command with --help behind it says what is possible.',
    )
  }
  const cancelled =
    interrupt.signal.aborted &&
    error instanceof Error &&
    (error.name === 'AbortError' || error.name === 'cancelled')
  const { code, message, hint } = toWireError(cancelled ? interrupt.signal.reason : error)
  if (code !== 'internal') return fail(failures[code].exit, visible(message), hint)
  const stack = error instanceof Error ? error.stack : undefined
  fail(
    failures.internal.exit,
    visible(message),
    verbose ? 'This is a bug in Holdfast.' : 'This is a bug in Holdfast; -v shows where.',
  )
  if (verbose && stack !== undefined) out.say(stack)
}

function fail(code: number, message: string, hint: string | undefined): void {
  exitCode = code
  if (wantsJson) out.json({ message_type: 'exit_error', code, message })
  out.say(`${out.red('Error:')} ${message}`)
  if (hint !== undefined) out.say(`       ${visible(hint)}`)
}

/** All has been said: leave, even where something still holds the event loop. */
async function leave(): Promise<never> {
  if (loopDelay)
    out.say(`loop delay of the main thread: p99 ${(loopDelay.percentile(99) / 1e6).toFixed(1)} ms`)
  try {
    await out.finish()
  } catch (error) {
    report(error)
  }
  process.exit(exitCode)
}

/** For the bench: how long other work on the main thread, such as a window's, would have had to wait. */
const loopDelay = process.env['HOLDFAST_LOOP_DELAY'] === '1' ? monitorEventLoopDelay({ resolution: 5 }) : null
loopDelay?.enable()

stopOn('SIGINT')
stopOn('SIGTERM')
// restic sends one to ask whether the owner of a lock still lives (`restic unlock`); it ignores it, too.
process.on('SIGHUP', () => undefined)
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    report(error)
    void leave()
  })
}
await main(process.argv.slice(2)).catch(report)
await leave()
