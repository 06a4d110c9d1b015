import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lstat, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { bytes, count, duration, percent, plural, rate, visible } from '../../../shared/wording.ts'
import {
  backup,
  type BackupOptions,
  type BackupResult,
  check,
  initRepository,
  noRules,
  openBackend,
  openRepository,
  restore,
  type Run,
} from '../../engine/index.ts'
import { differences, readManifest } from './demo-manifest.ts'
import { changeSample, makeSample } from './demo-sample.ts'
import { addHelp } from './help.ts'
import type { Settings } from './repo-options.ts'
import { startRun, type Story } from './run.ts'
import { type Shell, whoAmI } from './shell.ts'
import { padEnd } from './table.ts'

interface Options {
  keep?: boolean
  json?: boolean
  quiet?: boolean
}

export function build(shell: Shell): Command {
  const command = new Command('demo')
    .description(
      'Show the whole cycle on a sample: back it up, change it, back it up again, check every byte, restore both snapshots and compare them with the originals. Takes seconds and leaves nothing behind.',
    )
    .option('--keep', 'leave the sample, the repository and the restored files in place')
    .option('--json', 'print the figures as JSON')
    .option('-q, --quiet', 'no progress')
    .option('-v, --verbose', 'say more when something goes wrong')
    .action((options: Options) => run(shell, options))
  return addHelp(command, {
    examples: [['holdfast demo'], ['holdfast demo --keep', 'and look around afterwards']],
    exits: [[1, 'what was restored is not what was backed up']],
  })
}

/** What was found out, as it is found. */
interface Account {
  step(name: string, told: string[], ms?: number): void
  figures: Record<string, unknown>
}

async function run(shell: Shell, options: Options): Promise<void> {
  const { out } = shell
  const startedAt = performance.now()
  const json = options.json === true || shell.early.json === true
  const account = openAccount(shell, json)
  const place = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  const settings: Settings = {
    repo: undefined,
    password: {},
    json: false,
    quiet: json || options.quiet === true || shell.early.quiet === true,
    verbose: 0,
    lock: true,
  }
  const during = async <T>(story: Story['during'], work: (run: Run) => Promise<T>): Promise<Timed<T>> => {
    const terminal = startRun(shell, settings, { during: story })
    return timed(() => work(terminal)).finally(terminal.end)
  }
  let equal = false
  try {
    equal = await cycle(place, account, during, shell)
  } finally {
    if (!options.keep) await rm(place, { recursive: true, force: true })
  }
  const ms = performance.now() - startedAt
  const peakBytes = process.resourceUsage().maxRSS * 1024
  if (json) {
    out.json({
      message_type: 'summary',
      equal,
      ...account.figures,
      total_duration: ms / 1000,
      peak_memory: peakBytes,
    })
  } else {
    out.print('')
    out.print(
      equal
        ? out.bold(`All equal. ${duration(ms)} in all, with ${bytes(peakBytes)} of memory at the most.`)
        : out.red('What was restored differs from what was backed up.'),
    )
    out.print('')
    out.print('The repository is a standard one of restic, which opens it too:')
    out.print(`  restic -r ${join(place, 'repository')} --password-file ${join(place, 'password')} snapshots`)
    out.print('')
    out.print(
      options.keep
        ? `Everything is in ${place}; remove it when you have seen enough.`
        : 'Everything was removed again. With --keep it stays, to look around.',
    )
  }
  if (!equal) shell.exit(1)
}

async function cycle(
  place: string,
  account: Account,
  during: <T>(story: Story['during'], work: (run: Run) => Promise<T>) => Promise<Timed<T>>,
  { out, signal }: Shell,
): Promise<boolean> {
  const read = async (root: string) => {
    out.status('Looking at the files themselves')
    return readManifest(root, signal).finally(() => out.status(null))
  }
  const source = join(place, 'sample')
  const location = join(place, 'repository')
  const password = randomBytes(16).toString('hex')
  await writeFile(join(place, 'password'), `${password}\n`, { mode: 0o600 })

  const sample = await timed(() => makeSample(source, signal))
  account.step(
    'A sample',
    [
      `${plural(sample.value.files, 'file')} in ${plural(sample.value.folders, 'folder')}, ${bytes(sample.value.bytes)}:`,
      'texts, pictures, some of them twice, a disk image,',
      'names that are no text, links',
    ],
    sample.ms,
  )
  const before = await read(source)

  const made = await during('archival', run =>
    initRepository(openBackend(location), { password, who: whoAmI() }, run),
  )
  account.step('New repository', ["restic's format 2, encrypted with AES-256"], made.ms)
  const repo = made.value
  let first: Timed<BackupResult>
  let second: Timed<BackupResult>
  try {
    first = await during('archival', run => backup(repo, backupOptions(source), run))
    account.step('First backup', toldOf(first, 'occurs more than once'), first.ms)

    const day = await timed(() => changeSample(source, signal))
    const { edited, added, deleted, renamed, appendedBytes } = day.value
    account.step(
      "A day's work",
      [
        `${count(edited)} edited, ${count(added)} added, ${count(deleted)} deleted, ${count(renamed)} renamed,`,
        `${bytes(appendedBytes)} appended to the disk image`,
      ],
      day.ms,
    )
    second = await during('archival', run => backup(repo, backupOptions(source), run))
    account.step('Second backup', toldOf(second, 'was there already'), second.ms)
  } finally {
    await repo.close()
  }
  const after = await read(source)

  // from here on as if on another machine: only the repository and its password
  const opened = await openRepository(openBackend(location), password, { signal })
  try {
    const proof = await during('check', run => check(opened, { readData: { kind: 'all' }, lock: true }, run))
    const errors = proof.value.problems.filter(problem => problem.level === 'error')
    account.step(
      'Check',
      [
        `${bytes(proof.value.bytesRead)} in ${plural(proof.value.packs, 'pack')}, every byte compared with`,
        errors.length === 0
          ? 'its hash: no errors were found'
          : `its hash: ${plural(errors.length, 'error')}, such as: ${errors[0]!.message}`,
      ],
      proof.ms,
    )

    const differing: string[] = []
    const restored = { files: 0, bytes: 0, ms: 0 }
    for (const [snapshot, manifest, name] of [
      [first.value.snapshot!, before, 'restored-first'],
      [second.value.snapshot!, after, 'restored-second'],
    ] as const) {
      const target = join(place, name)
      const done = await during('restore', run =>
        restore(opened, restoreOptions(snapshot, source, target), run),
      )
      restored.files += done.value.filesRestored
      restored.bytes += done.value.bytesRestored
      restored.ms += done.ms
      differing.push(...differences(manifest, await read(target)))
    }
    account.step(
      'Restore',
      [
        `both snapshots: ${plural(restored.files, 'file')}, ${bytes(restored.bytes)}, ${rate(perSecond(restored.bytes, restored.ms))}`,
      ],
      restored.ms,
    )
    const shown = differing.slice(0, 5).map(path => visible(Buffer.from(path, 'latin1').toString()))
    account.step(
      'Compare',
      differing.length === 0
        ? [
            `${count(before.size + after.size)} items are equal to what was backed up in`,
            'bytes, permissions, owners, times, link targets',
          ]
        : [`${plural(differing.length, 'item')} differ:`, ...shown],
    )
    const size = await sizeOf(location)
    account.step('Repository', [
      `two snapshots of ${bytes(first.value.totalBytesProcessed + second.value.totalBytesProcessed)} take ${bytes(size)}`,
    ])
    const judge = await resticSays(location, join(place, 'password'), signal)
    if (judge)
      account.step('restic', [`${judge.version} is installed here; its own check says:`, judge.verdict])
    Object.assign(account.figures, {
      files: sample.value.files,
      bytes: sample.value.bytes,
      first_backup: figuresOf(first),
      second_backup: figuresOf(second),
      check: {
        packs: proof.value.packs,
        bytes_read: proof.value.bytesRead,
        errors: errors.length,
        seconds: proof.ms / 1000,
      },
      restore: { files: restored.files, bytes: restored.bytes, seconds: restored.ms / 1000 },
      compared: before.size + after.size,
      differing: differing.length,
      repository_bytes: size,
    })
    return differing.length === 0 && errors.length === 0
  } finally {
    await opened.close()
  }
}

const backupOptions = (source: string): BackupOptions => ({
  ...whoAmI(),
  paths: [source],
  rules: noRules,
  tags: ['demo'],
  full: false,
  parent: null,
  compression: 'default',
  dryRun: false,
  skipIfUnchanged: false,
  lock: true,
  scan: true,
})

const restoreOptions = (
  snapshot: NonNullable<BackupResult['snapshot']>,
  source: string,
  target: string,
): Parameters<typeof restore>[1] => ({
  snapshot,
  // on Windows the drive is the first folder of the snapshot
  subpath: source.replace(/^([A-Za-z]):/, '/$1').replaceAll('\\', '/'),
  target,
  includes: [],
  iincludes: [],
  excludes: [],
  iexcludes: [],
  overwrite: 'always',
  delete: false,
  dryRun: false,
  verify: false,
  lock: true,
})

function toldOf({ value, ms }: Timed<BackupResult>, known: string): string[] {
  const { totalBytesProcessed: total, dataAdded, dataAddedPacked } = value
  const share = percent(Math.max(0, total - dataAdded), total)
  return [
    `${plural(value.totalFilesProcessed, 'file')}, ${bytes(total)}, ${rate(perSecond(total, ms))};`,
    `${share} of it ${known},`,
    `the other ${bytes(dataAdded)} take ${bytes(dataAddedPacked)}`,
  ]
}

const figuresOf = ({ value, ms }: Timed<BackupResult>): object => ({
  snapshot_id: value.snapshot?.id,
  files_new: value.filesNew,
  files_changed: value.filesChanged,
  files_unmodified: value.filesUnmodified,
  total_bytes_processed: value.totalBytesProcessed,
  data_added: value.dataAdded,
  data_added_packed: value.dataAddedPacked,
  seconds: ms / 1000,
})

interface Timed<T> {
  value: T
  ms: number
}

async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAt = performance.now()
  return { value: await work(), ms: performance.now() - startedAt }
}

const perSecond = (amount: number, ms: number): number => (ms > 0 ? (amount / ms) * 1000 : 0)

function openAccount({ out }: Shell, json: boolean): Account {
  return {
    figures: {},
    step: (name, told, ms) => {
      if (json) return
      const [head = '', ...more] = told
      out.print(
        `${out.bold(padEnd(name, 16))}${padEnd(head, 54)}${ms === undefined ? '' : out.dim(duration(ms).padStart(8))}`.trimEnd(),
      )
      for (const line of more) out.print(`${' '.repeat(16)}${line}`)
    },
  }
}

async function sizeOf(folder: string): Promise<number> {
  let total = 0
  for (const name of await readdir(folder, { recursive: true })) {
    const stat = await lstat(join(folder, name))
    if (stat.isFile()) total += stat.size
  }
  return total
}

/** The judgement of restic itself, where it is installed. */
async function resticSays(
  location: string,
  passwordFile: string,
  signal: AbortSignal,
): Promise<{ version: string; verdict: string } | null> {
  const call = async (...args: string[]) =>
    (await promisify(execFile)('restic', args, { signal })).stdout.trim()
  try {
    const version = (await call('version')).split(' ').slice(0, 2).join(' ')
    const said = await call(
      '-r',
      location,
      '--password-file',
      passwordFile,
      '--no-cache',
      'check',
      '--read-data',
    ).catch((error: { stderr?: string; message: string }) => error.stderr?.trim() ?? error.message)
    signal.throwIfAborted()
    return { version, verdict: said.split('\n').at(-1) ?? '' }
  } catch {
    signal.throwIfAborted()
    return null // not installed
  }
}
