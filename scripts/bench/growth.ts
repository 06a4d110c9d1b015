// How time and memory grow: with the files in the tree, and with the blobs in the repository's index.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  encodeColumns,
  idWords,
  rowWords,
  type IndexColumns,
} from '../../src/main/engine/format/index-columns.ts'
import { openBackend, openRepository } from '../../src/main/engine/index.ts'
import { noise } from './contents.ts'
import { prepareGrowing } from './corpora.ts'
import { warm } from './folders.ts'
import { costOf, measure, said, succeed, type Command } from './measure.ts'
import type { GrowthRow } from './results.ts'
import { removeScratch, scratchFolder } from './scratch.ts'
import type { Seats } from './seats.ts'
import { password, type Place, type Tool } from './tools.ts'

export interface Growing {
  work: string
  tools: readonly Tool[]
  seats: Seats
  heard: (row: GrowthRow) => void
  say: (line: string) => void
}

/** A first backup of so many files, then one of the same. */
export async function growFiles(counts: readonly number[], growing: Growing): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = []
  for (const count of counts) {
    const corpus = prepareGrowing(growing.work, count, growing.say)
    warm(corpus.files)
    for (const tool of growing.tools) {
      await seated(growing, tool, async place => {
        for (const [n, work] of ['first backup', 'nothing changed'].entries()) {
          rows.push(await measured(growing, count, work, tool, tool.backup(place, corpus.tree, `a${n}`)))
        }
      })
    }
  }
  return rows
}

/** A repository with ten files in it whose index lists so many blobs more; their packs are not there. */
export async function growBlobs(counts: readonly number[], growing: Growing): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = []
  for (const count of counts) {
    const restics = growing.tools.filter(({ kind }) => kind !== 'borg')
    const [maker] = restics
    if (!maker) return rows
    await seated(growing, maker, async ({ repo, cache }) => {
      const tree = join(cache, '../tree')
      mkdirSync(tree)
      writeNotes(tree, 'as they were')
      await succeed(maker.backup({ repo, cache }, tree, 'a0'))
      growing.say(`listing ${count} blobs in the index`)
      await listBlobs(repo, count)
      for (const tool of restics) {
        const place = growing.seats.withoutCache({ repo, cache }, tool)
        // The second time a program has in its own cache what it keeps there.
        rows.push(
          await measured(growing, count, 'list a folder, no cache', tool, tool.list(place, tree, 'a0')),
        )
        rows.push(await measured(growing, count, 'list a folder', tool, tool.list(place, tree, 'a0')))
        writeNotes(tree, `as ${tool.name} finds them`)
        rows.push(await measured(growing, count, 'ten files changed', tool, tool.backup(place, tree, 'a1')))
      }
    })
  }
  return rows
}

async function seated(
  { work, seats }: Growing,
  tool: Tool,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  const folder = scratchFolder(work, 'grow')
  try {
    await use(await seats.take(folder, tool))
  } finally {
    removeScratch(folder)
  }
}

async function measured(
  { heard }: Growing,
  count: number,
  work: string,
  tool: Tool,
  command: Command,
): Promise<GrowthRow> {
  execFileSync('sync')
  const ended = await measure(command)
  const failure = ended.code === 0 ? {} : { failure: said(ended) }
  const row = { count, work, tool: tool.name, cost: costOf(ended), ...failure }
  heard(row)
  return row
}

function writeNotes(tree: string, text: string): void {
  for (let n = 0; n < 10; n++) writeFileSync(join(tree, `note-${n}`), `note ${n}, ${text}`)
}

const blobsAFile = 50_000 // as restic and Holdfast write them
const blobsAPack = 1_000

async function listBlobs(location: string, count: number): Promise<void> {
  const run = { signal: new AbortController().signal }
  const repo = await openRepository(await openBackend(location), password, run)
  const bytes = noise(`index of ${count}`)
  for (let done = 0; done < count; done += blobsAFile) {
    const blobs = Math.min(blobsAFile, count - done)
    const json = Buffer.concat([...encodeColumns([madeUp(blobs, bytes)])])
    await repo.saveUnpacked('index', json, run.signal)
  }
  await repo.close()
}

function madeUp(blobs: number, bytes: (count: number) => Uint8Array): IndexColumns {
  const ids = (count: number) => new Uint32Array(Uint8Array.from(bytes(count * idWords * 4)).buffer)
  const packs = Math.ceil(blobs / blobsAPack)
  const blobIds = ids(blobs)
  const rows = new Uint32Array(blobs * rowWords)
  for (let row = 0; row < blobs; row++) {
    const nth = row % blobsAPack
    rows.set(blobIds.subarray(row * idWords, (row + 1) * idWords), row * rowWords)
    rows.set([0, nth * 5000, 5000, 16_000 + nth], row * rowWords + idWords)
  }
  const packEnds = Uint32Array.from({ length: packs }, (_, nth) => Math.min(blobs, (nth + 1) * blobsAPack))
  return { packs, packIds: ids(packs), packEnds, rows }
}
