import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { manifestDifferences, readManifest, type Manifest } from '../support/manifest.ts'
import { freshRepository } from '../support/repo.ts'
import { restic } from '../support/restic.ts'
import { buildTree, nextDay } from '../support/seeded-tree.ts'
import { removeTree } from '../support/tmp.ts'
import type { Campaign, Soak } from './campaign.ts'
import { holdfast, said, startHoldfast, startRestic, summaryOf, type Ended } from './programs.ts'

const retries = 60

export const together: Campaign = {
  name: 'together',
  promise:
    "many processes on one repository at once, restic among them: nothing is lost, and whoever can't work now is told so (exit code 11).",
  how: 'in each round, at once: two `holdfast backup`, one `restic backup`, `holdfast check`, `restic check`, two restores, `holdfast unlock` and `restic unlock`. What is refused waits and tries again. In the end both tools check all data, and every snapshot of every round is restored and compared with its source as it was then.',

  async run(soak) {
    const rounds = soak.count('rounds', 10)
    const repo = join(soak.scratch, 'repo')
    await freshRepository({ backend: localBackend(repo) })
    const sources = ['a', 'b', 'c'].map(name => join(soak.scratch, name))
    for (const [nth, source] of sources.entries()) {
      buildTree(source, { files: 500, seed: nth, meanBytes: 30_000 })
    }
    const saved: { id: string; source: string; manifest: Manifest }[] = []
    const counts = { processes: 0, refused: 0, given: 0 }

    const first = summaryOf<{ snapshot_id: string }>(await holdfast(repo, ['backup', '--json', sources[0]!]))
    saved.push({ id: first.snapshot_id, source: sources[0]!, manifest: readManifest(sources[0]!) })

    /** Until it is let in. `refused` tells a conflict of locks from a failure. */
    async function insist(what: string, begin: () => Promise<Ended>, refused: (ended: Ended) => boolean) {
      await sleep(soak.next() * 1_500)
      for (let nth = 0; nth < retries; nth++) {
        counts.processes++
        const ended = await begin()
        if (ended.code === 0) return ended
        if (!refused(ended)) {
          soak.problem(`${what} ${said(ended)}`)
          return null
        }
        counts.refused++
        await sleep(200 + soak.next() * 1_500)
      }
      soak.problem(`${what} was never let in`)
      counts.given++
      return null
    }
    const ours = (args: string[]) =>
      insist(
        `holdfast ${args[0]}`,
        () => startHoldfast(repo, args).ended,
        ({ code, stderr }) => code === 11 && stderr.includes('locked by'),
      )
    const theirs = (args: string[]) =>
      insist(
        `restic ${args[0]}`,
        () => startRestic(repo, args).ended,
        ({ stderr }) => stderr.includes('already locked'),
      )

    for (let round = 0; round < rounds; round++) {
      const manifests = sources.map((source, nth) => {
        nextDay(source, { seed: nth, day: round + 1 })
        return readManifest(source)
      })
      const { id, manifest, source } = saved[Math.floor(soak.next() * saved.length)]!
      const targets = ['ours', 'theirs'].map(name => join(soak.scratch, name))
      const before = new Set(readdirSync(join(repo, 'snapshots')))
      const [backupA, backupB, backupC] = await Promise.all([
        ours(['backup', '--json', sources[0]!]),
        ours(['backup', '--json', sources[1]!]),
        theirs(['backup', '--json', sources[2]!]),
        ours(['check']),
        theirs(['check']),
        ours(['restore', id, '-t', targets[0]!]),
        theirs(['restore', id, '-t', targets[1]!]),
        ours(['unlock']),
        theirs(['unlock']),
      ])
      for (const [nth, ended] of [backupA, backupB, backupC].entries()) {
        if (!ended) continue
        const said = summaryOf<{ snapshot_id: string }>(ended).snapshot_id
        const id = readdirSync(join(repo, 'snapshots')).find(name => name.startsWith(said))
        if (id === undefined || before.has(id)) soak.problem(`snapshot ${said} is not there`)
        else saved.push({ id, source: sources[nth]!, manifest: manifests[nth]! })
      }
      for (const target of targets) {
        compare(soak, `snapshot ${id} restored in round ${round}`, manifest, join(target, source))
        removeTree(target)
      }
      soak.say(`round ${round + 1}: ${counts.processes} processes, ${counts.refused} refused`)
    }

    const locks = readdirSync(join(repo, 'locks'))
    if (locks.length > 0) soak.problem(`${locks.length} files are left in locks/`)
    const judge = restic(repo)
    await judge.check(['--read-data']).catch((error: unknown) => soak.problem(String(error)))
    const checked = await holdfast(repo, ['check', '--read-data'])
    if (checked.code !== 0) soak.problem(`check ${said(checked)}`)
    for (const { id, source, manifest } of saved) {
      const target = join(soak.scratch, 'final')
      const ended = await holdfast(repo, ['restore', id, '-t', target])
      if (ended.code !== 0) soak.problem(`restore of ${id} ${said(ended)}`)
      compare(soak, `snapshot ${id} at the end`, manifest, join(target, source))
      removeTree(target)
    }
    return [
      ['rounds of nine processes', String(rounds)],
      ['processes', String(counts.processes)],
      ['of them refused because of a lock, and tried again', String(counts.refused)],
      ['never let in', String(counts.given)],
      ['snapshots made, restored and equal at the end', String(saved.length)],
    ]
  },
}

function compare(soak: Soak, what: string, wanted: Manifest, folder: string): void {
  const differences = manifestDifferences(wanted, readManifest(folder))
  if (differences.length > 0)
    soak.problem(`${what}: ${differences.length} differences: ${differences.slice(0, 5).join('; ')}`)
}
