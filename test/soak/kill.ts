import { cpSync, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest, type Manifest } from '../support/manifest.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { removeTree } from '../support/tmp.ts'
import { mebibytes, seconds, spread, type Campaign, type Figure, type Soak } from './campaign.ts'
import { holdfast, repositoryFiles, said, startHoldfast, summaryOf, type Ended } from './programs.ts'

interface BackupSummary {
  snapshot_id: string
  data_added: number
  data_added_packed: number
  total_files_processed: number
  total_bytes_processed: number
}

/** Everything that the rounds start from. */
interface Stage {
  soak: Soak
  source: string
  /** A repository with a snapshot of the small old tree. */
  base: string
  oldSnapshot: string
  oldManifest: Manifest
  /** The same, and a snapshot of the large tree. */
  full: string
  manifest: Manifest
  summary: BackupSummary
}

export const kill: Campaign = {
  name: 'kill',
  promise:
    'killed at any moment of a backup, a key change or a restore: every old snapshot restores byte-equal, the same command run again finishes, nothing needs a manual unlock.',
  how: 'SIGKILL to a real `holdfast` process at moments spread over its whole duration, and as a lock, an index or a snapshot is being written. After each: `restic check` of what is left (every 10th with `--read-data`), `holdfast check`, the old snapshot restored and compared by manifest, the same backup again, `restic check` with its lock. For a key change: one of the two passwords opens, and the change can be repeated. For a restore: repeated into the same folder, the result equals the source.',

  async run(soak) {
    const stage = await prepare(soak)
    return [
      ...(await killBackups(stage)),
      ...(await cancelBackups(stage)),
      ...(await killKeyChanges(stage)),
      ...(await killRestores(stage)),
    ]
  },
}

async function prepare(soak: Soak): Promise<Stage> {
  const at = (name: string) => join(soak.scratch, name)
  const source = at('source')
  const base = at('base')
  const full = at('full')
  await freshRepository({ backend: localBackend(base) })
  buildTree(source, { files: 300, seed: 5, meanBytes: 20_000 })
  const old = summaryOf<BackupSummary>(await holdfast(base, ['backup', '--json', source]))
  const oldManifest = readManifest(source)

  buildTree(join(source, 'small'), { files: 6_000, seed: 6, meanBytes: 14_000 })
  mkdirSync(join(source, 'large'))
  for (const [nth, mib] of [90, 60, 30, 10, 10].entries()) {
    writeFileSync(join(source, 'large', `${nth}`), noise(`large ${nth}`, mib * 2 ** 20))
  }
  copy(base, full)
  const ended = await holdfast(full, ['backup', '--json', source])
  const summary = summaryOf<BackupSummary>(ended)
  soak.say(
    `${summary.total_files_processed} files, ${mebibytes(summary.total_bytes_processed)}: ${seconds(ended.ms)}`,
  )
  return {
    soak,
    source,
    base,
    oldSnapshot: old.snapshot_id,
    oldManifest,
    full,
    manifest: readManifest(source),
    summary,
  }
}

function copy(from: string, to: string): void {
  removeTree(to)
  cpSync(from, to, { recursive: true, preserveTimestamps: true, mode: 0 })
}

/**
 * Kills `begin`'s process after a time in the nth of `of` equal parts of `durationMs`. Comes it too late, it tries
 * again earlier: `reset` makes the start as it was.
 */
async function killAt(
  stage: Stage,
  nth: number,
  of: number,
  durationMs: number,
  signal: NodeJS.Signals,
  begin: () => ReturnType<typeof startHoldfast>,
): Promise<{ ended: Ended; afterMs: number }> {
  for (let limit = durationMs; ; limit *= 0.93) {
    const afterMs = ((nth + stage.soak.next()) / of) * limit
    const { child, ended } = begin()
    await Promise.race([sleep(afterMs), ended])
    child.kill(signal)
    const result = await ended
    if (signal !== 'SIGKILL' || result.signal === 'SIGKILL') return { ended: result, afterMs }
    if (result.code !== 0) stage.soak.problem(`not killed, but ${said(result)}`)
  }
}

const aims = ['index', 'snapshots', 'locks'] as const

/** Kills as soon as something changes in a folder of the repository, or does so for the second or third time. */
async function killOnChange(
  stage: Stage,
  repo: string,
  folder: (typeof aims)[number],
  begin: () => ReturnType<typeof startHoldfast>,
): Promise<{ ended: Ended; afterMs: number }> {
  for (;;) {
    let changes = 1 + Math.floor(stage.soak.next() * 3)
    const { child, ended } = begin()
    const watcher = watch(join(repo, folder), () => --changes === 0 && child.kill('SIGKILL'))
    const result = await ended
    watcher.close()
    if (result.signal === 'SIGKILL') return { ended: result, afterMs: result.ms }
    if (result.code !== 0) stage.soak.problem(`not killed, but ${said(result)}`)
  }
}

async function expectOk(stage: Stage, what: string, work: Promise<Ended>): Promise<Ended> {
  const ended = await work
  if (ended.code !== 0) stage.soak.problem(`${what} ${said(ended)}`)
  return ended
}

const expectNothing = (stage: Stage, what: string, work: Promise<unknown>) =>
  work.catch((error: unknown) => stage.soak.problem(`${what}: ${String(error)}`))

function expectEqual(stage: Stage, what: string, wanted: Manifest, folder: string): void {
  const differences = manifestDifferences(wanted, readManifest(folder))
  if (differences.length > 0) {
    stage.soak.problem(`${what}: ${differences.length} differences: ${differences.slice(0, 5).join('; ')}`)
  }
}

async function expectWhole(stage: Stage, repo: string, what: string, nth: number): Promise<void> {
  const readData = nth % 10 === 9 ? ['--read-data'] : []
  // What was left is judged as it is, the dead process's lock too.
  await expectNothing(stage, `${what}: restic check`, restic(repo).check(['--no-lock', ...readData]))
  await expectOk(stage, `${what}: check`, holdfast(repo, ['check', ...readData]))
  const target = join(stage.soak.scratch, 'old-restored')
  await expectOk(stage, `${what}: restore`, holdfast(repo, ['restore', stage.oldSnapshot, '-t', target]))
  expectEqual(stage, `${what}: the old snapshot`, stage.oldManifest, join(target, stage.source))
  removeTree(target)
}

async function fullDuration(stage: Stage, repo: string): Promise<number> {
  copy(stage.base, repo)
  return (await expectOk(stage, 'a whole backup', holdfast(repo, ['backup', '--json', stage.source]))).ms
}

async function killBackups(stage: Stage): Promise<Figure[]> {
  const { soak, source, base, manifest } = stage
  const timed = soak.count('kills', 50)
  const kills = timed + soak.count('aimed-kills', 12)
  const repo = join(soak.scratch, 'repo')
  const durationMs = await fullDuration(stage, repo)
  const wholePacks = repositoryFiles(repo).packBytes
  const where = { before: 0, packs: 0, indexed: 0, saved: 0 }
  const [after, again, leftovers, rerunMs]: number[][] = [[], [], [], []]
  let temporary = 0
  let withLock = 0
  for (let nth = 0; nth < kills; nth++) {
    const begin = () => {
      copy(base, repo)
      return startHoldfast(repo, ['backup', '--json', source])
    }
    const { afterMs } =
      nth < timed
        ? await killAt(stage, nth, timed, durationMs, 'SIGKILL', begin)
        : await killOnChange(stage, repo, aims[nth % aims.length]!, begin)
    const [start, left] = [repositoryFiles(base), repositoryFiles(repo)]
    if (left.snapshots > start.snapshots) where.saved++
    else if (left.indexes > start.indexes) where.indexed++
    else if (left.packs > start.packs || left.temporary > 0) where.packs++
    else where.before++
    temporary += left.temporary
    if (left.locks > 0) withLock++
    after!.push(afterMs)
    leftovers!.push(left.temporaryBytes)

    const what = `backup killed after ${Math.round(afterMs)} ms`
    await expectWhole(stage, repo, what, nth)
    const rerun = await expectOk(stage, `${what}: next backup`, holdfast(repo, ['backup', '--json', source]))
    rerunMs!.push(rerun.ms)
    const done = repositoryFiles(repo)
    again!.push(Math.max(0, done.packBytes - wholePacks))
    if (done.locks > 0) soak.problem(`${what}: ${done.locks} locks are left after the next backup`)
    await expectNothing(stage, `${what}: restic check after the next backup`, restic(repo).check())
    if (nth % 10 === 9) {
      const target = join(soak.scratch, 'all-restored')
      await restic(repo).restore('latest', target)
      expectEqual(stage, `${what}: the next snapshot`, manifest, join(target, source))
      removeTree(target)
    }
    if (nth % 10 === 9) soak.say(`${nth + 1} backups killed`)
  }
  return [
    ['source', `${manifest.size} items, ${mebibytes(stage.summary.total_bytes_processed)}`],
    ['an undisturbed backup', seconds(durationMs)],
    [
      'backups killed',
      `${timed} at any moment, ${kills - timed} as something appeared in locks/, index/ or snapshots/`,
    ],
    ['killed after', spread(after!, seconds)],
    [
      'where it hit',
      `${where.before} before the first pack, ${where.packs} among packs, ${where.indexed} after the index, ${where.saved} after the snapshot`,
    ],
    ['locks of dead processes, cleared by the next command', String(withLock)],
    ['the next backup took', spread(rerunMs!, seconds)],
    [
      'stored again, of what the killed run had stored',
      `${spread(again!, mebibytes)} (whole: ${mebibytes(wholePacks)})`,
    ],
    ['unfinished files left in the repository', `${temporary}, ${spread(leftovers!, mebibytes)} a kill`],
  ]
}

/** Ctrl-C: everything is tidy, and hardly anything is stored twice. */
async function cancelBackups(stage: Stage): Promise<Figure[]> {
  const { soak, source, base } = stage
  const cancels = soak.count('cancels', 10)
  const repo = join(soak.scratch, 'repo')
  const durationMs = await fullDuration(stage, repo)
  const wholePacks = repositoryFiles(repo).packBytes
  const again: number[] = []
  const tookMs: number[] = []
  let finished = 0
  for (let nth = 0; nth < cancels; nth++) {
    let sentAt = 0
    const { ended, afterMs } = await killAt(stage, nth, cancels, durationMs * 0.95, 'SIGTERM', () => {
      copy(base, repo)
      const begun = startHoldfast(repo, ['backup', '--json', source])
      const kill = begun.child.kill.bind(begun.child)
      begun.child.kill = signal => ((sentAt = performance.now()), kill(signal))
      return begun
    })
    tookMs.push(performance.now() - sentAt)
    const what = `backup cancelled after ${Math.round(afterMs)} ms`
    if (ended.code === 0) finished++
    else if (ended.code !== 130 && ended.signal !== 'SIGTERM') soak.problem(`${what} ${said(ended)}`)
    const left = repositoryFiles(repo)
    if (ended.signal === null && left.locks + left.temporary > 0) {
      soak.problem(`${what}: ${left.locks} locks and ${left.temporary} unfinished files are left`)
    }
    await expectNothing(stage, `${what}: restic check`, restic(repo).check())
    await expectOk(stage, `${what}: next backup`, holdfast(repo, ['backup', '--json', source]))
    again.push(Math.max(0, repositoryFiles(repo).packBytes - wholePacks))
    await expectNothing(stage, `${what}: restic check`, restic(repo).check())
  }
  return [
    ['backups cancelled (SIGTERM), and finished before it came', `${cancels}, ${finished}`],
    ['stopping took', spread(tookMs, seconds)],
    ['stored again after a cancel', spread(again, mebibytes)],
  ]
}

async function killKeyChanges(stage: Stage): Promise<Figure[]> {
  const { soak, base, oldSnapshot } = stage
  const kills = soak.count('key-kills', 20)
  const repo = join(soak.scratch, 'repo')
  const begin = () => {
    copy(base, repo)
    return startHoldfast(repo, ['key', 'passwd'], { HOLDFAST_NEW_PASSWORD: 'second' })
  }
  const { ms } = await begin().ended
  const opened = { old: 0, new: 0, both: 0 }
  const opens = async (password: string) =>
    (await holdfast(repo, ['snapshots', '--no-lock'], { HOLDFAST_PASSWORD: password })).code === 0
  for (let nth = 0; nth < kills; nth++) {
    const { afterMs } = await killAt(stage, nth, kills, ms, 'SIGKILL', begin)
    const what = `key change killed after ${Math.round(afterMs)} ms`
    const [old, fresh] = [await opens(testPassword), await opens('second')]
    if (!old && !fresh) {
      soak.problem(`${what}: neither password opens the repository`)
      continue
    }
    opened[old && fresh ? 'both' : old ? 'old' : 'new']++
    const password = old ? testPassword : 'second'
    const judge = restic(repo, { password })
    await expectNothing(stage, `${what}: restic check`, judge.check(['--no-lock']))
    const env = { HOLDFAST_PASSWORD: password, HOLDFAST_NEW_PASSWORD: 'third' }
    await expectOk(stage, `${what}: check`, holdfast(repo, ['check'], env))
    await expectOk(stage, `${what}: once more`, holdfast(repo, ['key', 'passwd'], env))
    if (!(await opens('third')) || (await opens(password))) {
      soak.problem(`${what}: after the second change the third password must open and ${password} must not`)
    }
    const shown = await restic(repo, { password: 'third' }).snapshots()
    if (shown[0]?.id !== oldSnapshot) soak.problem(`${what}: the snapshot is not there`)
  }
  return [
    ['key changes killed', String(kills)],
    [
      'what then opened',
      `the old password ${opened.old}, the new one ${opened.new}, both ${opened.both}, none ${kills - opened.old - opened.new - opened.both}`,
    ],
  ]
}

async function killRestores(stage: Stage): Promise<Figure[]> {
  const { soak, source, full, manifest } = stage
  const kills = soak.count('restore-kills', 20)
  const target = join(soak.scratch, 'target')
  const args = ['restore', 'latest', '-t', target]
  const strays = () =>
    readdirSync(target, { recursive: true, encoding: 'utf8' }).filter(path =>
      /(^|\/)\.holdfast-[^/]*$/.test(path),
    ).length
  mkdirSync(target)
  const { ms } = await expectOk(stage, 'a whole restore', holdfast(full, args))
  let leftByKill = 0
  let leftAfterRerun = 0
  const begun: number[] = []
  for (let nth = 0; nth < kills; nth++) {
    await killAt(stage, nth, kills, ms, 'SIGKILL', () => {
      removeTree(target)
      mkdirSync(target)
      return startHoldfast(full, args)
    })
    const found = readManifest(target, { contents: false, xattrs: false })
    begun.push(found.size)
    leftByKill += strays()
    await expectOk(stage, 'the restore again', holdfast(full, args))
    const left = strays()
    leftAfterRerun += left
    if (left > 0) soak.problem(`${left} temporary files are left after the second restore`)
    const differences = manifestDifferences(manifest, readManifest(join(target, source)), {
      without: path => /(^|\/)\.holdfast-[^/]*$/.test(path),
    })
    if (differences.length > 0) {
      soak.problem(`${differences.length} differences after a restore: ${differences.slice(0, 5).join('; ')}`)
    }
  }
  return [
    ['an undisturbed restore', seconds(ms)],
    ['restores killed', `${kills}, with ${spread(begun, items => items.toFixed(0))} items in the target`],
    ['unfinished files in the target after the kill', String(leftByKill)],
    ['the same after the second restore', String(leftAfterRerun)],
  ]
}
