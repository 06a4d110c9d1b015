import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { backup } from '../../src/main/engine/backup.ts'
import { rawFromText, type Raw } from '../../src/main/engine/format/raw.ts'
import type { SavedSnapshot } from '../../src/main/engine/format/snapshot.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { findSnapshot, anySnapshot } from '../../src/main/engine/snapshots.ts'
import {
  manifestDifferences,
  readManifest,
  subManifest,
  type Manifest,
  type ManifestItem,
} from '../support/manifest.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, plainBackup } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { restoreInto } from '../support/restoring.ts'
import { testRun } from '../support/run.ts'
import { makeTemp, removeTree, tempDir } from '../support/tmp.ts'
import { buildZoo } from '../support/zoo.ts'

let place: string
let zoo: string

beforeAll(async () => {
  place = makeTemp('zoo')
  zoo = join(place, 'zoo')
  mkdirSync(zoo)
  await buildZoo(zoo)
})
afterAll(() => removeTree(place))

const inZoo = (manifest: Manifest): Manifest => subManifest(manifest, rawFromText(zoo.slice(1)))
/** The source itself, and the target's own folder, which keeps its attributes, are not compared. */
const isSocket = (_: Raw, item: ManifestItem) => item.type === 'socket'

const { test: withRestic } = needs('restic', 'getfattr', 'linux')

/** What restic 0.14 does not store: paths that are too long for it, and the attributes of links. */
const beyondRestic = (path: Raw, item: ManifestItem) =>
  isSocket(path, item) || /^long-path(\/|$)/.test(path) || path.includes('invalid-target')

withRestic('gives back the whole zoo from a repository that restic made', async () => {
  const dir = tempDir()
  const tool = restic(join(dir, 'repo'))
  await tool.init()
  const made = await tool.run(['backup', zoo, '--json'])
  expect([0, 3]).toContain(made.code)
  const repo = await openRepository(localBackend(join(dir, 'repo')), testPassword, testRun())
  const { snapshot } = await findSnapshot(repo, 'latest', anySnapshot, testRun().signal)

  const { result, run } = await restoreInto(repo, snapshot, join(dir, 'out'), { verify: true })

  expect(result).toMatchObject({
    failed: 0,
    filesRestored: result.totalFiles,
    bytesRestored: result.totalBytes,
  })
  expect(run.warnings.filter(({ kind }) => kind !== 'note')).toEqual([])
  const linksHaveNoAttributes = (manifest: Manifest): Manifest =>
    new Map(
      [...manifest].map(([path, item]) => [path, item.type === 'symlink' ? { ...item, xattrs: [] } : item]),
    )
  expect(
    manifestDifferences(linksHaveNoAttributes(readManifest(zoo)), inZoo(readManifest(join(dir, 'out'))), {
      without: beyondRestic,
    }),
  ).toEqual([])
})

let repo: Repository
let snapshot: SavedSnapshot

withRestic('gives back the whole zoo that Holdfast stored, paths of over 4,096 bytes too', async () => {
  repo = await freshRepository()
  snapshot = (await backup(repo, plainBackup([zoo]), testRun())).snapshot!
  const out = join(tempDir(), 'out')

  const { result, run } = await restoreInto(repo, snapshot, out, { verify: true })

  expect(run.warnings.filter(({ kind }) => kind !== 'note')).toEqual([])
  expect(result.failed).toBe(0)
  expect(manifestDifferences(readManifest(zoo), inZoo(readManifest(out)), { without: isSocket })).toEqual([])

  // In small pieces: links across them, folders in pieces of their own.
  const pieces = join(tempDir(), 'out')
  await restoreInto(repo, snapshot, pieces, {}, undefined, { limits: { items: 3, blobs: 2 } })
  expect(manifestDifferences(readManifest(out), readManifest(pieces), { ignore: ['mtimeNs'] })).toEqual([])
  expect(manifestDifferences(readManifest(zoo), inZoo(readManifest(pieces)), { without: isSocket })).toEqual(
    [],
  )

  // Once more over what is there: nothing to do, and nothing done.
  const before = readManifest(out)
  const again = await restoreInto(repo, snapshot, out, { verify: true })
  expect(again.result).toMatchObject({ failed: 0, filesRestored: 0, bytesRestored: 0 })
  expect(again.items.filter(item => !/^unchanged |^skip .*\/socket$/.test(item))).toEqual([])
  expect(manifestDifferences(before, readManifest(out))).toEqual([])
})
