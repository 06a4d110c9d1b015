import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import { PlanDraft } from '../../src/shared/entities/plan.ts'
import type { Run } from '../../src/shared/entities/run.ts'
import { noise } from '../support/content.ts'
import { manifestDifferences, readManifest } from '../support/manifest.ts'
import { freshRepository } from '../support/repo.ts'
import { restic } from '../support/restic.ts'
import { buildTree } from '../support/seeded-tree.ts'
import { removeTree } from '../support/tmp.ts'
import { mebibytes, seconds, spread, type Campaign, type Soak } from './campaign.ts'
import { repositoryFiles, said, start } from './programs.ts'

const program = fileURLToPath(new URL('../support/owner-process.ts', import.meta.url))
const now = () => new Date().getTime()

/** Of what the killed run had to store; more is not kept. */
const mostStoredTwice = 0.05

export const owner: Campaign = {
  name: 'owner',
  promise:
    'when the process that owns the runs is killed in the midst of one, the next start marks that run, finishes it by another, stores hardly anything twice, and leaves no lock that needs a hand.',
  how: 'SIGKILL to a process with the real catalogue and the real engine, at moments spread over the whole duration of a first backup of incompressible data. Then the same program is started again on the same data directory. Judged: the two records of runs, `restic check` (every 10th with `--read-data`, and restored and compared by manifest), the locks, and the bytes of packs against those of an undisturbed run.',

  async run(soak) {
    const at = (name: string) => join(soak.scratch, name)
    const source = at('source')
    makeSource(source, soak.count('mebibytes', 1_400))
    const manifest = readManifest(source)
    await makeStage(at('base'), at('repo'), source)

    const begin = () => {
      const { child, ended } = start(process.execPath, [program, at('data')])
      /** The moment at which a run begins to work. */
      const working = new Promise<number>(resolve => {
        let heard = ''
        child.stdout!.on('data', (part: Buffer) => {
          heard += part.toString('utf8')
          if (heard.includes('"state":"running"')) resolve(performance.now())
        })
        void ended.then(() => resolve(performance.now()))
      })
      return { child, ended, working }
    }
    const fresh = () => {
      for (const name of ['repo', 'data']) removeTree(at(name))
      for (const name of ['repo', 'data']) cpSync(join(at('base'), name), at(name), { recursive: true })
    }
    const recorded = (): Run[] => {
      const catalogue = openCatalogue(at('data'), { now })
      const { runs } = catalogue.runs.page({ limit: 100 })
      catalogue.close()
      return runs
    }

    fresh()
    const undisturbed = begin()
    const beganMs = await undisturbed.working
    const whole = await undisturbed.ended
    const workMs = performance.now() - beganMs
    if (whole.code !== 0 || recorded()[0]?.state !== 'succeeded') {
      soak.problem(`an undisturbed run ${said(whole)}`)
      return []
    }
    const { packBytes: wholeBytes, indexes: wholeIndexes } = repositoryFiles(at('repo'))
    soak.say(`${mebibytes(wholeBytes)} in packs, ${seconds(workMs)}`)

    const kills = soak.count('owner-kills', 30)
    const where = { working: 0, after: 0 }
    const [twice, finishMs, afterMs]: number[][] = [[], [], []]
    let locks = 0
    let limitMs = workMs
    for (let nth = 0; nth < kills;) {
      fresh()
      const killMs = ((nth + soak.next()) / kills) * limitMs
      const { child, ended, working } = begin()
      await working
      await Promise.race([sleep(killMs), ended])
      child.kill('SIGKILL')
      const killed = await ended
      const what = `killed after ${Math.round(killMs)} ms`
      if (killed.signal === null && killed.code !== 0) soak.problem(`${what}: ${said(killed)}`)
      const left = repositoryFiles(at('repo'))
      const before = recorded()
      const works = before[0]?.endedAtMs === null
      if (works) afterMs!.push(killMs)
      else limitMs *= 0.96 // it came too late; the next one comes earlier
      where[works ? 'working' : 'after']++
      locks += left.locks

      const next = await begin().ended
      if (next.code !== 0) soak.problem(`${what}: the next start ${said(next)}`)
      if (works) finishMs!.push(next.ms)
      judge(soak, what, before, recorded())
      const done = repositoryFiles(at('repo'))
      if (done.locks > 0) soak.problem(`${what}: ${done.locks} locks are left`)
      const again = Math.max(0, done.packBytes - wholeBytes)
      if (works) twice!.push(again)
      if (again > wholeBytes * mostStoredTwice) soak.problem(`${what}: ${mebibytes(again)} were stored twice`)
      const judged = restic(at('repo'))
      const thorough = works && nth % 10 === 9
      await judged
        .check(thorough ? ['--read-data'] : [])
        .catch((error: unknown) => soak.problem(`${what}: ${String(error)}`))
      if (thorough) {
        await judged.restore('latest', at('restored'))
        const differences = manifestDifferences(manifest, readManifest(join(at('restored'), source)))
        if (differences.length > 0) soak.problem(`${what}: ${differences.slice(0, 5).join('; ')}`)
        removeTree(at('restored'))
        soak.say(`${nth + 1} killed`)
      }
      if (works) nth++ // what hit no run at work is judged too, but does not count
    }
    const share = (bytes: number) => `${((bytes / wholeBytes) * 100).toFixed(2)} %`
    return [
      ['source', `${manifest.size} items, ${mebibytes(wholeBytes)} in packs`],
      ['an undisturbed run', `${seconds(workMs)}, ${wholeIndexes} index files`],
      ['killed while the run worked', `${where.working}, after ${spread(afterMs!, seconds)}`],
      ['besides, soon after its end', String(where.after)],
      ['locks of dead processes, cleared by the next start', String(locks)],
      ['the next start took, to the end of the run that finishes it', spread(finishMs!, seconds)],
      ['stored twice', `${spread(twice!, mebibytes)} (${spread(twice!, share)})`],
    ]
  },
}

/** Whether the history tells what happened. `before` is what the kill left, newest first. */
function judge(soak: Soak, what: string, before: readonly Run[], runs: readonly Run[]): void {
  const told = runs.map(({ state, trigger }) => `${state} (${trigger})`).join(', ')
  const cut = before.find(({ endedAtMs }) => endedAtMs === null)
  const begun = cut !== undefined && cut.startedAtMs !== null
  const wanted = begun
    ? 'succeeded (recovery), interrupted (manual)'
    : cut !== undefined || before.length === 0
      ? 'succeeded (manual)'
      : 'succeeded (manual), succeeded (manual)' // it had ended: the next start begins one of its own
  if (told !== wanted) soak.problem(`${what}: the history says ${told} instead of ${wanted}`)
  if (begun && runs[0]?.followsRunId !== cut.id) soak.problem(`${what}: the finisher does not name it`)
}

/** Files of many sizes, none of which can be compressed. */
function makeSource(source: string, sizeMebibytes: number): void {
  mkdirSync(join(source, 'large'), { recursive: true })
  let left = sizeMebibytes
  for (let nth = 0; left > 0; nth++) {
    const size = Math.min(left, 1 + ((nth * 37) % 90))
    writeFileSync(join(source, 'large', `${nth}`), noise(`owner ${nth}`, size * 2 ** 20))
    left -= size
  }
  buildTree(join(source, 'small'), { files: 2_000, seed: 9, meanBytes: 10_000 })
}

/** An empty repository and a data directory with a plan for it, to be copied to where the plan says. */
async function makeStage(base: string, repoPath: string, source: string): Promise<void> {
  const repo = await freshRepository({ backend: localBackend(join(base, 'repo')) })
  const catalogue = openCatalogue(join(base, 'data'), { now })
  const id = randomUUID()
  const stamp = () => ({ revision: catalogue.nextRevision(), createdAtMs: now() })
  catalogue.destinations.insert({
    ...stamp(),
    id,
    name: 'Drive',
    location: { kind: 'local', path: repoPath },
    repositoryId: repo.id,
    presence: 'present',
    refreshedAtMs: null,
  })
  catalogue.plans.insert({
    ...PlanDraft.parse({
      name: 'Everything',
      sources: [{ kind: 'files', paths: [source] }],
      destinationIds: [id],
    }),
    ...stamp(),
    id: randomUUID(),
    pausedUntilMs: null,
  })
  catalogue.close()
}
