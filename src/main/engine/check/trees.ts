import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'
import { shortId, type BlobType, type Id } from '../format/id.ts'
import { textFromRaw } from '../format/raw.ts'
import type { SavedSnapshot } from '../format/snapshot.ts'
import { decodeTree, type TreeNode } from '../format/tree.ts'
import { breathe, inParallel } from '../parallel.ts'
import { sentence, type Ledger } from './ledger.ts'

/** Trees read at once. */
const readers = 8

/** Trees looked at before timers and input get their turn. */
const spellTrees = 16

/**
 * Walks the trees of all snapshots, each tree once, level by level: memory is one ID a tree.
 * @param tells whether to report how far it is
 * @returns how many trees there are
 */
export async function walkTrees(
  ledger: Ledger,
  snapshots: readonly SavedSnapshot[],
  tells: boolean,
): Promise<number> {
  const { run } = ledger
  const seen = new Set<Id>()
  const missing = new Set<string>()
  let level = new Set(snapshots.map(snapshot => snapshot.tree))
  let done = 0
  let pause = Promise.resolve()

  function need(type: BlobType, id: Id): boolean {
    if (ledger.index.has(type, id)) return true
    const subject = `${type} blob ${id}`
    if (missing.has(subject)) return false
    missing.add(subject)
    const message = `${type === 'tree' ? 'Tree' : 'Data'} blob ${shortId(id)} is in no index.`
    ledger.add({ level: 'error', kind: 'blob_missing', subject, message, at: { blob: id, type } })
    return false
  }

  while (level.size > 0) {
    const next = new Set<Id>()
    await inParallel(level, readers, run.signal, async id => {
      await pause // all of them at once, or the others would go on without end
      seen.add(id)
      if (!need('tree', id)) return
      const nodes = await loadTree(ledger, id)
      for (const node of nodes ?? []) {
        if (node.type === 'file') for (const content of node.content ?? []) need('data', content)
        if (node.type === 'dir' && node.subtree !== null) next.add(node.subtree)
      }
      if (nodes) checkNodes(ledger, id, nodes)
      if (++done % spellTrees === 0) pause = breathe()
      if (!tells) return
      run.report({
        phase: 'check',
        doneFiles: done,
        doneBytes: 0,
        totalFiles: null,
        totalBytes: null,
        errors: ledger.findings.length,
        path: id,
      })
    })
    level = next.difference(seen)
  }
  return done
}

/**
 * The nodes from the first copy that is whole, or null when there is none. Damage that is not in the ledger yet is
 * entered, with the copies it takes away.
 */
export async function loadTree(ledger: Ledger, id: Id): Promise<TreeNode[] | null> {
  const { repo, run, index } = ledger
  const subject = `tree blob ${id}`
  for (const place of index.find('tree', id)) {
    if (!ledger.isWhole('tree', id, place.packId)) continue
    let plain: Buffer
    try {
      let tries = 0
      const range = { start: place.offset, end: place.offset + place.length }
      const sealed = await ledger.read(() =>
        // A second time by itself: what can't be read may be another part of the pack.
        tries++ === 0
          ? ledger.treePacks.read(place, run.signal)
          : repo.backend.read({ kind: 'pack', name: place.packId }, range, run.signal),
      )
      plain = repo.openBlob(sealed, place)
    } catch (error) {
      const { message } = ledger.damage(error)
      const text = `Pack ${shortId(place.packId)}: ${message}`
      ledger.add({
        level: 'error',
        kind: 'blob_damaged',
        subject,
        message: text,
        at: { blob: id, type: 'tree' },
      })
      ledger.loseCopy('tree', id, place.packId)
      continue
    }
    try {
      return decodeTree(plain)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'data_corrupt') throw error
      // Its hash is right: every copy says the same.
      const text = `Tree blob ${shortId(id)} is not a valid tree: ${sentence(error.message)}`
      ledger.add({
        level: 'error',
        kind: 'tree_invalid',
        subject,
        message: text,
        at: { blob: id, type: 'tree' },
      })
      for (const { packId } of index.find('tree', id)) ledger.loseCopy('tree', id, packId)
      return null
    }
  }
  return null
}

/** The rest of what makes a tree valid the decoder has seen to. */
function checkNodes(ledger: Ledger, tree: Id, nodes: readonly TreeNode[]): void {
  for (const { type, name, content } of nodes) {
    if (type !== 'file' || content !== null) continue
    ledger.add({
      level: 'error',
      kind: 'node_invalid',
      subject: `tree blob ${tree}`,
      message: `Tree ${shortId(tree)}: the file “${visible(textFromRaw(name))}” has no list of its content.`,
      at: { tree },
    })
  }
}
