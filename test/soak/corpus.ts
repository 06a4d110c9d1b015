import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { manifestDifferences, readManifest, type Manifest } from '../support/manifest.ts'
import { mebibytes, type Campaign, type Figure } from './campaign.ts'
import {
  asHoldfast,
  asRestic,
  measured,
  repositoryFiles,
  summaryOf,
  type Cost,
  type Invocation,
} from './programs.ts'

interface Summary {
  snapshot_id: string
  data_blobs: number
  data_added: number
  data_added_packed?: number
  total_files_processed: number
  total_bytes_processed: number
}

export const corpus: Campaign = {
  name: 'corpus',
  promise:
    'what Holdfast writes, restic checks, restores, continues and prunes; what restic writes, Holdfast checks, restores and continues; neither stores again what the other has stored.',
  how: 'two versions of a real source tree, one after the other at the same path. Trees are compared by manifest: bytes, modes, owners, times, links, attributes. Each step is a process of its own under `/usr/bin/time`.',
  unavailable: option =>
    option('corpus') === null || option('next') === null ? 'needs --corpus FOLDER and --next FOLDER' : null,

  async run({ scratch, option, problem, say }) {
    const figures: Figure[] = []
    const at = (name: string) => join(scratch, name)
    const tree = at('tree')
    const copies = { older: at('older'), newer: at('newer') }
    for (const [name, from] of [
      ['older', option('corpus')!],
      ['newer', option('next')!],
    ] as const) {
      execFileSync('cp', ['-a', '--', from, copies[name]])
    }
    const manifests = { older: readManifest(copies.older), newer: readManifest(copies.newer) }
    type Version = keyof typeof copies
    let here: Version | null = null
    /** By renaming: nothing is deleted, and nothing in the tree changes. */
    const show = (version: Version) => {
      if (here === version) return
      if (here !== null) renameSync(tree, copies[here])
      renameSync(copies[version], tree)
      here = version
    }

    const step = async (what: string, invocation: Invocation) => {
      const result = await measured(scratch, ...invocation)
      figures.push([what, cost(result)])
      say(`${what}: ${cost(result)}`)
      return result
    }
    const note = (what: string, value: string) => {
      figures.push([what, value])
      say(`${what}: ${value}`)
    }
    const equal = (what: string, wanted: Manifest, folder: string) => {
      const differences = manifestDifferences(wanted, readManifest(folder))
      note(what, differences.length === 0 ? 'equal' : `${differences.length} differences`)
      if (differences.length > 0) problem(`${what}: ${differences.slice(0, 10).join('; ')}`)
    }
    const noData = (what: string, { data_blobs, data_added }: Summary) => {
      note(what, `${data_blobs} data blobs`)
      if (data_blobs !== 0) problem(`${what}: ${data_blobs} data blobs, ${data_added} bytes`)
    }
    const ours = at('made-by-holdfast')
    const theirs = at('made-by-restic')

    for (const version of ['older', 'newer'] as const) {
      const files = [...manifests[version].values()].filter(({ type }) => type === 'file')
      const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes!, 0)
      note(
        `the ${version} tree`,
        `${files.length} files, ${manifests[version].size - files.length} others, ${mebibytes(bytes)}`,
      )
    }

    await measured(scratch, ...asHoldfast(ours, ['init']))
    const ids: Record<Version, string> = { older: '', newer: '' }
    for (const version of ['older', 'newer'] as const) {
      show(version)
      const summary = summaryOf<Summary>(
        await step(`holdfast backup, ${version}`, asHoldfast(ours, ['backup', '--json', tree])),
      )
      ids[version] = summary.snapshot_id
      note(`  stored, ${version}`, `${summary.data_blobs} data blobs, ${mebibytes(summary.data_added)}`)
      note(`  repository after it`, mebibytes(repositoryFiles(ours).bytes))
    }
    await step('holdfast backup, nothing changed', asHoldfast(ours, ['backup', '--json', tree]))
    await step('restic check --read-data', asRestic(ours, ['check', '--read-data']))
    await step('holdfast check --read-data', asHoldfast(ours, ['check', '--read-data']))

    const diffs = await Promise.all(
      [asRestic, asHoldfast].map(async (as, nth) => {
        mkdirSync(at(`diff-${nth}`))
        const { stdout } = await measured(at(`diff-${nth}`), ...as(ours, ['diff', ids.older, ids.newer]))
        return stdout
          .split('\n')
          .map(line => line.trimEnd())
          .filter(line => line !== '' && !/^comparing/i.test(line))
          .sort()
      }),
    )
    const [inRestic, inHoldfast] = diffs.map(lines => new Set(lines))
    const onlyOne = [...inRestic!.symmetricDifference(inHoldfast!)]
    note('diff of the two, by restic and by holdfast', `${diffs[0]!.length} lines, ${onlyOne.length} differ`)
    if (onlyOne.length > 0) problem(`the diffs differ: ${onlyOne.slice(0, 10).join(' | ')}`)

    for (const version of ['older', 'newer'] as const) {
      for (const [who, as] of [
        ['holdfast', asHoldfast],
        ['restic', asRestic],
      ] as const) {
        const target = at(`${who}-${version}`)
        await step(`${who} restore, ${version}`, as(ours, ['restore', ids[version], '--target', target]))
        equal(`  compared with the source`, manifests[version], join(target, tree))
      }
    }

    noData(
      'restic continues it and adds',
      summaryOf<Summary>(
        await step('restic backup --force', asRestic(ours, ['backup', '--json', '--force', tree])),
      ),
    )
    await step('restic forget --prune of the older', asRestic(ours, ['forget', '--prune', ids.older]))
    note('  repository after it', mebibytes(repositoryFiles(ours).bytes))
    await step('holdfast check --read-data', asHoldfast(ours, ['check', '--read-data']))
    for (const snapshot of [ids.newer, 'latest']) {
      const target = at(`pruned-${snapshot.slice(0, 8)}`)
      await step(
        'holdfast restore after the prune',
        asHoldfast(ours, ['restore', snapshot, '--target', target]),
      )
      equal('  compared with the source', manifests.newer, join(target, tree))
    }

    await measured(scratch, ...asRestic(theirs, ['init']))
    const made: Record<Version, string> = { older: '', newer: '' }
    for (const version of ['older', 'newer'] as const) {
      show(version)
      const result = await step(`restic backup, ${version}`, asRestic(theirs, ['backup', '--json', tree]))
      made[version] = summaryOf<Summary>(result).snapshot_id
      note('  repository after it', mebibytes(repositoryFiles(theirs).bytes))
    }
    const listed = await measured(scratch, ...asHoldfast(theirs, ['snapshots']))
    const missing = Object.values(made).filter(id => !listed.stdout.includes(id.slice(0, 8)))
    if (missing.length > 0) problem(`holdfast does not list ${missing.join(', ')}`)
    await step('holdfast check --read-data of it', asHoldfast(theirs, ['check', '--read-data']))
    for (const version of ['older', 'newer'] as const) {
      const target = at(`of-restic-${version}`)
      await step(
        `holdfast restore of it, ${version}`,
        asHoldfast(theirs, ['restore', made[version], '--target', target]),
      )
      equal('  compared with the source', manifests[version], join(target, tree))
    }
    for (const args of [[], ['--full']]) {
      const what = ['holdfast backup into it', ...args].join(' ')
      noData(
        '  which adds',
        summaryOf<Summary>(await step(what, asHoldfast(theirs, ['backup', '--json', ...args, tree]))),
      )
    }
    await step('restic check --read-data of it', asRestic(theirs, ['check', '--read-data']))
    return figures
  },
}

const cost = ({ seconds, cpuSeconds, peakBytes }: Cost): string =>
  `${seconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s, peak memory ${Math.round(peakBytes / 2 ** 20)} MiB`
