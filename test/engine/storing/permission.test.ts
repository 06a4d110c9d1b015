import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as breath } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Backend, FileKind } from '../../../src/main/engine/backend/backend.ts'
import { backup } from '../../../src/main/engine/backup.ts'
import { encodeLock } from '../../../src/main/engine/format/lock.ts'
import { formatTime } from '../../../src/main/engine/format/time.ts'
import type { Repository } from '../../../src/main/engine/repository.ts'
import type { Progress } from '../../../src/main/engine/run.ts'
import { noise } from '../../support/content.ts'
import { memoryBackend } from '../../support/memory-backend.ts'
import { freshRepository, plainBackup } from '../../support/repo.ts'
import { testRun } from '../../support/run.ts'
import { tempDir } from '../../support/tmp.ts'

/** Work begins while the lock settles; invariant 25 is that nothing of it gets out before the lock is known to stand. */
test('a lock that conflicts, seen at the last look, leaves nothing but our own lock to remove', async () => {
  const source = tempDir('source')
  for (let file = 0; file < 3; file++) writeFileSync(join(source, `${file}`), noise(`pack ${file}`, 9e6))
  const disk = memoryBackend()
  const run = testRun()
  const isDone = (at: Progress) => at.phase === 'store' && at.doneFiles === 3
  const written: FileKind[] = []
  let repo: Repository | null | undefined // null: the other has put its lock
  const backend: Backend = {
    ...disk,
    async write(file, data, signal) {
      written.push(file.kind)
      await disk.write(file, data, signal)
      if (file.kind !== 'lock' || !repo) return
      const json = encodeLock({
        time: formatTime(BigInt(new Date().getTime()) * 1_000_000n),
        exclusive: true,
        hostname: 'another',
        username: 'ada',
        pid: 1,
        uid: 0,
        gid: 0,
      })
      const other = repo
      repo = null
      await other.saveUnpacked('lock', json, signal)
    },
    /** The last look comes when all has been stored that may be by then. */
    async *list(kind, signal) {
      if (kind === 'lock' && repo === null) while (!run.reports.some(isDone)) await breath()
      yield* disk.list(kind, signal)
    },
  }
  const opened = await freshRepository({ backend })
  repo = opened
  written.length = 0
  const attempt = backup(opened, plainBackup([source], { lock: true }), run)
  await expect(attempt).rejects.toMatchObject({ code: 'repository_locked' })
  expect(written).toEqual(['lock', 'lock'])
  expect(await opened.listIds('lock', testRun().signal)).toHaveLength(1) // the other's
})
