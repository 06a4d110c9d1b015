import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { mountSmallDisk, needsSmallDisk } from '../../support/small-disk.ts'
import { tempDir } from '../../support/tmp.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, sha256, someTime, treesOf } from './samples.ts'

const test = needsSmallDisk()
const full = expect.objectContaining({ code: 'disk_full', hint: expect.stringContaining('Free some space') })

test('a full disk: a clean failure, nothing half-written, and all goes on when there is room', () => {
  const disk = mountSmallDisk(join(tempDir('catalogue'), 'disk'), 'tmpfs', 3 << 20)
  onTestFinished(() => disk.unmount())
  const ballast = join(disk.path, 'ballast')
  const fill = () => {
    for (let size = 1 << 20; size >= 4096; size >>= 1) {
      for (;;) {
        try {
          writeFileSync(ballast, Buffer.alloc(size, 1), { flag: 'a' })
        } catch {
          break
        }
      }
    }
  }
  const directory = join(disk.path, 'data')
  const open = () => openCatalogue(directory, { now: () => someTime })

  fill()
  expect(open).toThrow() // not even a folder can be made
  rmSync(ballast)
  let catalogue = open()
  onTestFinished(() => catalogue.close())
  const [plan, run] = [aPlan(), aRun()]
  const destination = aDestination({ id: idOf('some destination') })
  catalogue.plans.insert(plan)
  catalogue.runs.save(run)
  catalogue.destinations.insert(destination)
  catalogue.audit.append({ atMs: 1, who: 'a', action: 'b', subject: 'c', detail: 'd' })
  fill()

  // What fits into the room that the log has is saved; sooner or later each call is refused, and changes nothing.
  let [lines, entries, trees] = [0, 1, 0]
  const long = 'x'.repeat(20_000)
  const refused = (call: () => void) => {
    for (let nth = 0; nth < 1_000; nth++) {
      try {
        call()
      } catch (error) {
        expect(error).toEqual(full)
        return
      }
    }
    throw new Error('It was never refused')
  }
  refused(() => {
    catalogue.runs.appendLog(
      run.id,
      [1, 2, 3].map(() => ({ atMs: 1, level: 'info' as const, text: long })),
    )
    lines += 3
  })
  refused(() => {
    catalogue.audit.append({ atMs: 1, who: 'a', action: 'b', subject: 'c', detail: long })
    entries++
  })
  refused(() => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, nth) => [`${trees} ${nth} name`, `${nth}`]),
    )
    catalogue.snapshots.addTrees(destination.id, treesOf(files).trees)
    trees++
  })
  const large = { ...plan, revision: 2, tags: Array.from({ length: 5_000 }, (_, nth) => `tag ${nth}`) }
  expect(() => catalogue.plans.update(large, 1)).toThrow(full)
  const look = () => {
    expect(catalogue.plans.list()).toEqual([plan])
    expect(catalogue.runs.log(run.id, 0, 10_000)).toHaveLength(lines)
    expect(catalogue.audit.verify()).toEqual({ entries, brokenAtSeq: null })
    expect(catalogue.notices()).toEqual([])
  }
  look()

  rmSync(ballast)
  catalogue.plans.update(large, 1)
  catalogue.plans.update({ ...plan, revision: 1 }, 2)
  const tree = treesOf({ one: { more: 'x' } })
  const snapshot = aSnapshot(tree.id, { id: sha256('one') })
  catalogue.snapshots.addTrees(destination.id, tree.trees)
  catalogue.snapshots.add(snapshot)
  catalogue.snapshots.markIndexed(destination.id, snapshot.id)
  expect(catalogue.snapshots.search({ query: 'more', limit: 5 }).found).toHaveLength(1)
  catalogue.close()
  catalogue = open()
  look()
  expect(readdirSync(directory).filter(name => name.includes('damaged'))).toEqual([])
})
