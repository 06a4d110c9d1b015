import { join } from 'node:path'
import { describe, expect, test as plainTest } from 'vitest'
import type { Backend } from '../../src/main/engine/backend/backend.ts'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { shortId } from '../../src/main/engine/format/id.ts'
import { addKey, changePassword, listKeys, removeKey } from '../../src/main/engine/keys.ts'
import { openRepository } from '../../src/main/engine/repository.ts'
import { BackendError } from '../../src/shared/errors.ts'
import { withFaults } from '../support/faults.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { goldenCopy } from '../support/memory-copy.ts'
import { needs } from '../support/needs.ts'
import { freshRepository, quickCost } from '../support/repo.ts'
import { restic, testPassword as oldPassword } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { tempDir } from '../support/tmp.ts'
import { vectors } from '../support/vectors.ts'

const { test } = needs('restic')
const run = testRun()
const who = { hostname: 'atlas', username: 'bob' }
const newPassword = 'staple ☃ battery'

const fresh = async () => {
  const backend = memoryBackend()
  return { backend, repo: await freshRepository({ backend }) }
}
const opens = (backend: Backend, password: string) =>
  openRepository(backend, password, run).then(
    ({ keyId }) => keyId,
    () => null,
  )
const namesOf = ({ files }: { files: Map<string, unknown> }, kind: string) =>
  [...files.keys()].filter(name => name.startsWith(`${kind}/`))

/** A storage that damages keys as they are written. */
function damaging(inner: Backend): Backend {
  return {
    ...inner,
    write: (file, data, signal) =>
      inner.write(
        file,
        file.kind === 'key' ? data.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) : data,
        signal,
      ),
  }
}

describe('what keys do', () => {
  plainTest('listed by ID, the current one marked', async () => {
    const repo = await openRepository(await goldenCopy(), vectors.password2, run)
    expect(await listKeys(repo, run.signal)).toEqual(
      vectors.keys
        .map(({ file, raw_utf8, opens_with_password }) => {
          const { created, hostname, username } = JSON.parse(raw_utf8) as Record<string, string>
          return { id: file, current: opens_with_password === vectors.password2, created, hostname, username }
        })
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    )
  })

  plainTest('an added one opens the repository, and the others go on to', async () => {
    const { backend, repo } = await fresh()
    const now = testRun({ now: () => Date.parse('2024-02-29T12:00:00.5Z') })
    const added = await addKey(repo, newPassword, who, now, quickCost)
    expect(added).toEqual({
      id: added.id,
      current: false,
      ...who,
      created: expect.stringContaining('.5') as string,
    })
    expect(Date.parse(added.created)).toBe(Date.parse('2024-02-29T12:00:00.5Z'))
    expect(await opens(backend, newPassword)).toBe(added.id)
    expect(await opens(backend, oldPassword)).toBe(repo.keyId)
    expect((await listKeys(repo, run.signal)).map(({ id, current }) => [id, current]).sort()).toEqual(
      [
        [added.id, false],
        [repo.keyId, true],
      ].sort(),
    )
    expect(namesOf(backend, 'lock')).toEqual([])
  })

  plainTest('one with a password that another key has', async () => {
    const { backend, repo } = await fresh()
    const added = await addKey(repo, oldPassword, who, run, quickCost)
    await removeKey(
      await openRepository(backend, oldPassword, run),
      otherOf(backend, await opens(backend, oldPassword)),
      run,
    )
    expect([repo.keyId, added.id]).toContain(await opens(backend, oldPassword))
  })

  plainTest('removed by a prefix; never the one in use', async () => {
    const { backend, repo } = await fresh()
    const added = await addKey(repo, newPassword, who, run, quickCost)
    await expect(removeKey(repo, repo.keyId.slice(0, 12), run)).rejects.toMatchObject({
      code: 'target_refused',
    })
    await expect(removeKey(repo, 'f'.repeat(64), run)).rejects.toMatchObject({ code: 'not_found' })
    await expect(removeKey(repo, '', run)).rejects.toMatchObject({ code: 'not_found' })
    expect(await removeKey(repo, added.id.slice(0, 12), run)).toBe(added.id)
    expect(await opens(backend, newPassword)).toBeNull()
    expect(await opens(backend, oldPassword)).toBe(repo.keyId)
  })

  plainTest('none is removed by one that is itself gone', async () => {
    const { backend, repo } = await fresh()
    const added = await addKey(repo, newPassword, who, run, quickCost)
    await removeKey(await openRepository(backend, newPassword, run), repo.keyId, run)
    await expect(removeKey(repo, added.id, run)).rejects.toMatchObject({ code: 'target_refused' })
    expect(await opens(backend, newPassword)).toBe(added.id)
  })

  plainTest('a changed password: the new one opens, the old one no longer', async () => {
    const { backend, repo } = await fresh()
    const changed = await changePassword(repo, newPassword, who, run, quickCost)
    expect(changed).toMatchObject({ current: true, ...who })
    expect(await opens(backend, newPassword)).toBe(changed.id)
    expect(await opens(backend, oldPassword)).toBeNull()
    expect(namesOf(backend, 'key')).toEqual([`key/${changed.id}`])
  })

  plainTest('an empty password is refused before anything is done', async () => {
    const { backend, repo } = await fresh()
    const before = [...backend.files.keys()]
    for (const attempt of [addKey, changePassword]) {
      await expect(attempt(repo, '', who, run)).rejects.toMatchObject({ code: 'invalid_input' })
    }
    expect([...backend.files.keys()]).toEqual(before)
  })

  plainTest('a damaged one is named in the list and can be removed', async () => {
    const { backend, repo } = await fresh()
    const { id } = await addKey(repo, newPassword, who, run, quickCost)
    backend.files.get(`key/${id}`)![30]! ^= 1
    await expect(listKeys(repo, run.signal)).rejects.toMatchObject({
      code: 'data_corrupt',
      message: `Key file ${shortId(id)} is damaged: it opens nothing.`,
    })
    await removeKey(repo, id, run)
    expect(await listKeys(repo, run.signal)).toHaveLength(1)
  })
})

describe('at least one key opens, whatever happens', () => {
  /** What a command may leave behind, by whether it said that it was done. */
  async function judgeWhatIsLeft(backend: Backend, done: boolean, operation: 'add' | 'change') {
    const [old, added] = [await opens(backend, oldPassword), await opens(backend, newPassword)]
    expect(old ?? added).not.toBeNull()
    if (operation === 'add') expect(old).not.toBeNull()
    if (done) expect(added).not.toBeNull()
    if (done && operation === 'change') expect(old).toBeNull()
    return { old, added }
  }
  const operations = { add: addKey, change: changePassword }

  /** Repeats an operation on copies of one repository, each time with another call that fails. */
  async function sweep(operation: 'add' | 'change', broken: (inner: Backend, nth: number) => Backend) {
    const { backend } = await fresh()
    const counted = withFaults(memoryBackend(new Map(backend.files)), 0, 'before')
    await operations[operation](
      await openRepository(counted.backend, oldPassword, run),
      newPassword,
      who,
      run,
      quickCost,
    )
    expect(counted.calls()).toBeGreaterThan(10)
    return Promise.all(
      Array.from({ length: counted.calls() }, async (_, at) => {
        const copy = memoryBackend(new Map(backend.files))
        const sick = broken(copy, at + 1)
        const failure = await openRepository(sick, oldPassword, run)
          .then(repo => operations[operation](repo, newPassword, who, run, quickCost))
          .then(
            () => null,
            (error: unknown) => error,
          )
        if (failure !== null) expect(failure).toMatchObject({ code: 'backend_unreachable' })
        return { failure, copy, ...(await judgeWhatIsLeft(copy, failure === null, operation)) }
      }),
    )
  }

  plainTest.each(['add', 'change'] as const)('%s: any one call is lost', async operation => {
    for (const when of ['before', 'after'] as const) {
      const ends = await sweep(operation, (inner, nth) => withFaults(inner, nth, when).backend)
      // A key that was not proven is taken back, unless the call to take it back is the one that fails.
      const left = ends.filter(({ failure, added }) => failure !== null && added !== null)
      for (const { failure } of left) {
        expect((failure as Error).message).toMatch(
          /^The work is done, but|^The new password works, but the old key \w{8} could not be removed/,
        )
      }
    }
  })

  plainTest.each(['add', 'change'] as const)('%s: killed at any one call', async operation => {
    // How many calls there are varies by one: keys are tried in the order of their IDs, and those are random.
    const killed = new Set<Backend>()
    const ends = await sweep(operation, (inner, nth) => {
      let calls = 0
      const alive = <T>(act: () => T): T => {
        if (++calls < nth) return act()
        killed.add(inner)
        throw new BackendError('backend_unreachable', 'Killed (on purpose).')
      }
      return {
        ...inner,
        list: (...args) => alive(() => inner.list(...args)),
        stat: async (...args) => alive(() => inner.stat(...args)),
        read: async (...args) => alive(() => inner.read(...args)),
        write: async (...args) => alive(() => inner.write(...args)),
        remove: async (...args) => alive(() => inner.remove(...args)),
      }
    })
    for (const { failure, copy } of ends) expect(failure !== null).toBe(killed.has(copy))
    expect(killed.size).toBeGreaterThan(10)
    expect(ends.some(({ old, added }) => old !== null && added !== null)).toBe(true)
  })

  plainTest.each(['add', 'change'] as const)(
    '%s: a key that the storage damages is taken back, also when its password has another key',
    async operation => {
      const { backend } = await fresh()
      const repo = await openRepository(damaging(backend), oldPassword, run)
      for (const password of [newPassword, oldPassword]) {
        await expect(operations[operation](repo, password, who, run, quickCost)).rejects.toMatchObject({
          code: 'data_corrupt',
          message: expect.stringMatching(/^The new key \w{8} does not open the repository/) as string,
        })
        expect(namesOf(backend, 'key')).toEqual([`key/${repo.keyId}`])
      }
      expect(namesOf(backend, 'lock')).toEqual([])
    },
  )

  plainTest('cancelled between adding and proving', async () => {
    const { backend } = await fresh()
    const run = testRun()
    const cancelling: Backend = {
      ...backend,
      write: async (file, data, signal) => {
        await backend.write(file, data, signal)
        if (file.kind === 'key') run.abort(new Error('stop'))
      },
    }
    const repo = await openRepository(cancelling, oldPassword, run)
    await expect(changePassword(repo, newPassword, who, run, quickCost)).rejects.toThrow('stop')
    expect(namesOf(backend, 'key')).toEqual([`key/${repo.keyId}`])
    expect(namesOf(backend, 'lock')).toEqual([])
  })
})

describe('restic agrees', () => {
  test('it opens with our keys, and we with its', async () => {
    const root = join(tempDir('keys'), 'repo')
    const disk = localBackend(root)
    const repo = await freshRepository({ backend: disk })
    const added = await addKey(repo, newPassword, who, run)
    const judge = restic(root)
    const [keys] = await judge.json<{ id: string; userName: string; hostName: string; current: boolean }[]>(
      ['key', 'list'],
      { password: newPassword },
    )
    expect(keys!.find(({ current }) => current)).toMatchObject({
      id: shortId(added.id),
      userName: who.username,
      hostName: who.hostname,
    })
    await changePassword(repo, 'third', who, run, quickCost)
    expect((await judge.run(['key', 'list'])).stderr).toMatch(/wrong password/)
    await judge.ok(['key', 'list'], { password: 'third' })
    await judge.ok(['check', '--read-data'], { password: 'third' })
  })
})

function otherOf(backend: { files: Map<string, unknown> }, id: string | null): string {
  return namesOf(backend, 'key')
    .map(name => name.slice(4))
    .find(name => name !== id)!
}
