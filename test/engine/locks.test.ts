import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { localBackend } from '../../src/main/engine/backend/local.ts'
import { decodeLock, encodeLock, type LockFile } from '../../src/main/engine/format/lock.ts'
import { shortId } from '../../src/main/engine/format/id.ts'
import { formatTime, parseTime } from '../../src/main/engine/format/time.ts'
import { lockTimes, unlock, withLock } from '../../src/main/engine/locks.ts'
import { openRepository, type Repository } from '../../src/main/engine/repository.ts'
import { BackendError, failures } from '../../src/shared/errors.ts'
import { random } from '../support/content.ts'
import { withFaults } from '../support/faults.ts'
import { recordWrites } from '../support/journal.ts'
import { memoryBackend } from '../support/memory-backend.ts'
import { needs } from '../support/needs.ts'
import { freshRepository } from '../support/repo.ts'
import { restic, testPassword } from '../support/restic.ts'
import { testRun } from '../support/run.ts'
import { tempDir } from '../support/tmp.ts'

const minute = 60_000
const noon = Date.parse('2026-03-01T12:00:00Z')
/** The real proportions on the clock that tests turn by hand, and next to no waiting. */
const times = { ...lockTimes, settleMs: 2, watchMs: 10, unreadableMs: [1, 2] }
const { signal } = new AbortController()

/** A repository in memory, what is locked in it, and a clock to turn. */
async function bench() {
  const disk = memoryBackend()
  const { backend, journal } = recordWrites(disk)
  await freshRepository({ backend: disk })
  const repo = await openRepository(backend, testPassword, testRun())
  let nowMs = noon
  const run = testRun({ now: () => nowMs })
  const names = () => [...disk.files.keys()].filter(key => key.startsWith('lock/')).map(key => key.slice(5))
  return {
    disk,
    repo,
    run,
    journal,
    names,
    pass: (ms: number) => void (nowMs += ms),
    locks: () =>
      Promise.all(names().map(async id => decodeLock(await repo.loadUnpacked('lock', id, signal)))),
    /** Until the one lock there is has another name. */
    renewed: (old: string) =>
      vi.waitFor(() => {
        expect(names()).toHaveLength(1)
        expect(names()).not.toEqual([old])
        return names()[0]!
      }),
  }
}

const another = (more: Partial<LockFile> = {}): LockFile => ({
  time: formatTime(BigInt(noon) * 1_000_000n),
  exclusive: true,
  hostname: 'elsewhere',
  username: 'grace',
  pid: 4242,
  uid: 0,
  gid: 0,
  ...more,
})
const put = (repo: Repository, more?: Partial<LockFile>) =>
  repo.saveUnpacked('lock', encodeLock(another(more)), signal)

/** Of a process that ran a moment ago. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  )

/** Work that goes on until it is stopped. */
const never = ({ signal }: { signal: AbortSignal }) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })

describe('who may hold it together', () => {
  test.each([
    ['shared', 'shared', true],
    ['shared', 'exclusive', false],
    ['exclusive', 'shared', false],
    ['exclusive', 'exclusive', false],
  ] as const)('%s, then %s: %s', async (first, second, together) => {
    const { repo, run, names } = await bench()
    await withLock(
      repo,
      first,
      run,
      async () => {
        const inner = withLock(repo, second, run, async () => names().length, times)
        if (together) expect(await inner).toBe(2)
        else await expect(inner).rejects.toMatchObject({ code: 'repository_locked' })
        expect(names()).toHaveLength(1)
      },
      times,
    )
    expect(names()).toEqual([])
    expect(failures.repository_locked.exit).toBe(11)
  })

  test('the refusal names who, where and since when, and what to do', async () => {
    const { repo, run } = await bench()
    const id = await put(repo, { time: formatTime(BigInt(noon - 12 * minute) * 1_000_000n) })
    await expect(withLock(repo, 'shared', run, async () => 'taken', times)).rejects.toMatchObject({
      message: `The repository at memory is exclusively locked by process 4242 of grace on elsewhere (lock ${shortId(id)}, renewed 12 minutes ago).`,
      hint: 'Wait until that operation has ended, then try again.',
    })
  })

  test("a foreign host's lock is respected however old, until `unlock` removes it", async () => {
    const { repo, run, names } = await bench()
    const id = await put(repo, { time: '2020-01-01T00:00:00Z', exclusive: false })
    await expect(withLock(repo, 'exclusive', run, async () => 'taken', times)).rejects.toMatchObject({
      code: 'repository_locked',
      message: expect.stringMatching(/ is locked by process 4242 .* renewed 6 years ago/),
      hint: expect.stringMatching(/stale.*holdfast unlock/),
    })
    expect(names()).toEqual([id])
    expect(await unlock(repo, {}, run)).toEqual({ removed: [id], kept: [] })
    expect(await withLock(repo, 'exclusive', run, async () => 'done', times)).toBe('done')
  })

  test.each(['shared', 'exclusive'] as const)(
    "%s: a dead process's lock is cleared with a note, in the way or not; a living one's is not",
    async kind => {
      const { repo, run, names } = await bench()
      const pid = deadPid()
      await put(repo, { hostname: hostname(), pid, exclusive: kind === 'shared' })
      await put(repo, { hostname: hostname(), pid, exclusive: false })
      const foreign = kind === 'shared' ? await put(repo, { exclusive: false, pid }) : null
      await withLock(repo, kind, run, async () => expect(names()).toHaveLength(foreign ? 2 : 1), times)
      expect(names()).toEqual(foreign ? [foreign] : [])
      const note = {
        kind: 'note',
        path: 'memory',
        message: `A lock left by a process that no longer runs (process ${pid} of grace on ${hostname()}) was removed.`,
      }
      expect(run.warnings).toEqual([note, note])

      const alive = await put(repo, { hostname: hostname(), pid: process.ppid, exclusive: true })
      await expect(withLock(repo, kind, run, async () => 'taken', times)).rejects.toMatchObject({
        code: 'repository_locked',
      })
      expect(names()).toContain(alive)
    },
  )

  test('a process number no system has is not taken for dead', async () => {
    const { repo, run } = await bench()
    for (const pid of [0, 2 ** 53 - 1]) {
      await put(repo, { hostname: hostname(), pid })
      await expect(withLock(repo, 'shared', run, async () => 'taken', times)).rejects.toMatchObject({
        code: 'repository_locked',
      })
      await unlock(repo, { all: true }, run)
    }
  })

  test('empty lock files are ignored, and only --remove-all removes them', async () => {
    const { repo, run, disk, names } = await bench()
    const empty = 'ab'.repeat(32)
    disk.files.set(`lock/${empty}`, new Uint8Array(0))
    expect(await withLock(repo, 'exclusive', run, async () => names().length, times)).toBe(2)
    expect(await unlock(repo, {}, run)).toEqual({ removed: [], kept: [] })
    expect(run.warnings).toEqual([])
    expect(await unlock(repo, { all: true }, run)).toEqual({ removed: [empty], kept: [] })
  })

  test('an unreadable lock is waited for, then refused, then left by `unlock` and removed by --remove-all', async () => {
    const { repo, run, disk, names } = await bench()
    const id = await put(repo, { exclusive: false })
    const whole = disk.files.get(`lock/${id}`)!
    disk.files.set(`lock/${id}`, whole.subarray(0, 50))
    let looks = 0
    const watched: Repository = {
      ...repo,
      backend: { ...repo.backend, list: (...args) => (looks++, repo.backend.list(...args)) },
    }
    await expect(withLock(watched, 'shared', run, async () => 'taken', times)).rejects.toMatchObject({
      code: 'repository_locked',
      message: `The repository at memory has a lock that can't be read (${shortId(id)}).`,
      cause: { code: 'data_corrupt' },
    })
    expect([looks, names()]).toEqual([1 + times.unreadableMs.length, [id]])
    expect(await unlock(repo, {}, run)).toEqual({ removed: [], kept: [] })
    expect(run.warnings).toMatchObject([{ kind: 'note', message: expect.stringContaining(shortId(id)) }])

    const patient = { ...times, unreadableMs: [60, 60, 60] }
    const waiting = withLock(repo, 'shared', run, async () => 'done', patient)
    await sleep(20)
    disk.files.set(`lock/${id}`, whole)
    expect(await waiting).toBe('done')

    disk.files.set(`lock/${id}`, whole.subarray(0, 50))
    expect(await unlock(repo, { all: true }, run)).toEqual({ removed: [id], kept: [] })
  })

  test('a lock released while it is being looked at is none', async () => {
    const { repo, run } = await bench()
    const id = await put(repo)
    const vanishing: Repository = {
      ...repo,
      loadUnpacked: async (kind, name, signal) => {
        await repo.removeFile('lock', id, signal)
        return repo.loadUnpacked(kind, name, signal)
      },
    }
    expect(await withLock(vanishing, 'exclusive', run, async () => 'done', times)).toBe('done')
  })

  test('without a lock nothing is written', async () => {
    const { repo, run, journal } = await bench()
    await put(repo)
    expect(await withLock(repo, 'none', run, async () => journal.length, times)).toBe(1)
  })

  test('unlock removes what is over 30 minutes old or dead, and keeps the rest', async () => {
    const { repo, run, names } = await bench()
    const at = (ms: number) => formatTime(BigInt(noon - ms) * 1_000_000n)
    const old = await put(repo, { time: at(30 * minute + 1) })
    const young = await put(repo, { time: at(30 * minute) })
    const ahead = await put(repo, { time: at(-60 * minute) })
    const dead = await put(repo, { time: at(0), hostname: hostname(), pid: deadPid() })
    const { removed, kept } = await unlock(repo, {}, run)
    expect(removed.sort()).toEqual([old, dead].sort())
    expect(kept.map(({ id }) => id).sort()).toEqual([young, ahead].sort())
    expect(kept.find(({ id }) => id === young)).toEqual({ id: young, ...another({ time: at(30 * minute) }) })
    expect((await unlock(repo, { all: true }, run)).removed.sort()).toEqual([young, ahead].sort())
    expect(names()).toEqual([])
  })
})

describe('kept fresh', () => {
  test('every 5 minutes a new file is written before the old one goes', async () => {
    const { repo, run, names, pass, renewed, locks, journal } = await bench()
    const written = await withLock(
      repo,
      'exclusive',
      run,
      async () => {
        const ids = [names()[0]!]
        expect(await locks()).toEqual([
          {
            ...another({ hostname: hostname(), username: userInfo().username, pid: process.pid }),
            uid: process.getuid?.() ?? 0,
            gid: process.getgid?.() ?? 0,
          },
        ])
        pass(5 * minute - 1)
        await sleep(3 * times.watchMs)
        expect(names()).toEqual(ids)
        pass(1)
        ids.push(await renewed(ids[0]!))
        pass(6 * minute)
        ids.push(await renewed(ids[1]!))
        expect((await locks()).map(({ time }) => Number(parseTime(time) / 1_000_000n) - noon)).toEqual([
          11 * minute,
        ])
        return ids
      },
      times,
    )
    const [first, second, third] = written
    expect(journal.map(({ file, data }) => [data ? 'write' : 'remove', file.name])).toEqual([
      ['write', first],
      ['write', second],
      ['remove', first],
      ['write', third],
      ['remove', second],
      ['remove', third],
    ])
  })

  test('a clock set back does not stop the refresh', async () => {
    const { repo, run, names, pass, renewed, locks } = await bench()
    await withLock(
      repo,
      'shared',
      run,
      async () => {
        const [first] = names()
        pass(-180 * minute)
        await renewed(first!)
        expect(await locks()).toMatchObject([{ time: '2026-03-01T09:00:00Z' }])
      },
      times,
    )
  })

  test('failed refreshes may pass', async () => {
    const { repo, run, names, pass, renewed } = await bench()
    let down = false
    let tried = 0
    const shaky: Repository = {
      ...repo,
      backend: {
        ...repo.backend,
        write: async (...args) => {
          if (!down) return repo.backend.write(...args)
          tried++
          throw new BackendError('backend_unreachable', 'The cable is out.')
        },
      },
    }
    await withLock(
      shaky,
      'shared',
      run,
      async run => {
        const [first] = names()
        down = true
        for (const wait of [6, 8, 8]) {
          pass(wait * minute)
          const before = tried
          await vi.waitFor(() => expect(tried).toBeGreaterThan(before))
        }
        expect(run.signal.aborted).toBe(false)
        down = false
        await renewed(first!)
      },
      times,
    )
    expect(names()).toEqual([])

    const failure = await failureOf(
      withLock(
        shaky,
        'shared',
        run,
        async run => {
          down = true
          pass(23 * minute)
          return never(run)
        },
        times,
      ),
    )
    expect(failure).toMatchObject({ code: 'lock_lost', cause: { message: 'The cable is out.' } })
  })

  test('a refresh that hangs aborts the work with lock_lost', async () => {
    const { repo, run, names, pass } = await bench()
    let stuck = false
    const hanging: Repository = {
      ...repo,
      backend: {
        ...repo.backend,
        write: (file, data, signal) =>
          names().length === 0 ? repo.backend.write(file, data, signal) : ((stuck = true), never({ signal })),
      },
    }
    await expect(
      withLock(
        hanging,
        'shared',
        run,
        async run => {
          pass(6 * minute)
          await vi.waitFor(() => expect(stuck).toBe(true))
          await sleep(3 * times.watchMs)
          expect(run.signal.aborted).toBe(false)
          pass(17 * minute)
          return never(run)
        },
        times,
      ),
    ).rejects.toMatchObject({ code: 'lock_lost' })
    expect(names()).toEqual([])
  })

  test('after a sleep the lock is renewed where it still stands', async () => {
    const { repo, run, names, pass, renewed } = await bench()
    await withLock(
      repo,
      'shared',
      run,
      async run => {
        const [first] = names()
        pass(600 * minute)
        await renewed(first!)
        await sleep(2 * times.watchMs)
        expect(run.signal.aborted).toBe(false)
      },
      times,
    )
    expect(names()).toEqual([])
  })

  test.each([
    ['after a sleep', 600],
    ['by force', 6],
  ])('a lock that is gone %s ends the work', async (_, minutes) => {
    const { repo, run, names, pass } = await bench()
    const failure = await failureOf(
      withLock(
        repo,
        'shared',
        run,
        async run => {
          await unlock(repo, { all: true }, run)
          pass(minutes * minute)
          return never(run)
        },
        times,
      ),
    )
    expect(failure).toMatchObject({ code: 'lock_lost', hint: expect.stringContaining('again') })
    expect(names()).toEqual([])
  })

  test('a lock cleared in the moment of its late renewal ends the work and leaves none', async () => {
    const { repo, run, names, pass, journal } = await bench()
    const racing: Repository = {
      ...repo,
      backend: {
        ...repo.backend,
        write: async (...args) => {
          const before = names()
          await repo.backend.write(...args)
          for (const id of before) await repo.removeFile('lock', id, signal) // by an `unlock` elsewhere
        },
      },
    }
    await expect(
      withLock(racing, 'shared', run, run => (pass(600 * minute), never(run)), times),
    ).rejects.toMatchObject({ code: 'lock_lost' })
    expect(journal.filter(({ data }) => data !== null)).toHaveLength(2)
    expect(names()).toEqual([])
  })

  test('work that ends before the loss was noticed is no success either', async () => {
    const { repo, run, pass } = await bench()
    const unnoticed = withLock(
      repo,
      'shared',
      run,
      async () => {
        await unlock(repo, { all: true }, run)
        pass(23 * minute)
        return 'done'
      },
      times,
    )
    await expect(unnoticed).rejects.toMatchObject({ code: 'lock_lost' })
    const deaf = withLock(
      repo,
      'shared',
      run,
      async run => {
        await unlock(repo, { all: true }, run)
        pass(6 * minute)
        await vi.waitFor(() => expect(run.signal.aborted).toBe(true))
        return 'done all the same'
      },
      times,
    )
    await expect(deaf).rejects.toMatchObject({ code: 'lock_lost' })
    const stumbling = withLock(
      repo,
      'shared',
      run,
      async run => {
        await unlock(repo, { all: true }, run)
        pass(6 * minute)
        await vi.waitFor(() => expect(run.signal.aborted).toBe(true))
        throw new Error('a consequence')
      },
      times,
    )
    await expect(stumbling).rejects.toMatchObject({ code: 'lock_lost' })
  })
})

describe('released', () => {
  test('after success, failure and cancel', async () => {
    const { repo, run, names } = await bench()
    expect(await withLock(repo, 'exclusive', run, async () => names().length, times)).toBe(1)
    expect(names()).toEqual([])
    const failing = async () => {
      expect(names()).toHaveLength(1)
      throw new Error('no')
    }
    await expect(withLock(repo, 'exclusive', run, failing, times)).rejects.toThrow('no')
    expect(names()).toEqual([])
    const cancelled = withLock(
      repo,
      'exclusive',
      run,
      within => (run.abort(new Error('enough')), never(within)),
      times,
    )
    run.abort(new Error('enough'))
    await expect(cancelled).rejects.toThrow('enough')
    expect(names()).toEqual([])
  })

  test('when cancelled while it is being taken', async () => {
    const { repo, run, names } = await bench()
    const slow = { ...times, settleMs: 10_000 }
    const taking = withLock(repo, 'exclusive', run, never, slow)
    await vi.waitFor(() => expect(names()).toHaveLength(1))
    run.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('enough')
    expect(names()).toEqual([])
  })

  test('a release that fails is told, but never in place of the failure before it', async () => {
    const { repo, run } = await bench()
    const sticky: Repository = {
      ...repo,
      removeFile: async () => {
        throw new BackendError('backend_unreachable', 'The cable is out.')
      },
    }
    await expect(withLock(sticky, 'shared', run, async () => 'done', times)).rejects.toMatchObject({
      code: 'backend_unreachable',
      message: 'The work is done, but its lock on the repository at memory could not be removed.',
    })
    const failing = async () => Promise.reject(new Error('no'))
    await expect(withLock(sticky, 'shared', run, failing, times)).rejects.toThrow('no')
    expect(run.warnings).toMatchObject([{ kind: 'note', message: expect.stringContaining('lock') }])
  })
})

describe('whatever fails', () => {
  test.each(['before', 'after'] as const)(
    'losing any one call (%s it acts): work never goes on without its lock, and no lock is left untold',
    async when => {
      for (let nth = 1; ; nth++) {
        const { disk, names } = await bench()
        const dead = await put(await openRepository(disk, testPassword, testRun()), {
          hostname: hostname(),
          pid: deadPid(),
          exclusive: true,
        })
        const faulty = withFaults(disk, nth, when)
        let nowMs = noon
        const run = testRun({ now: () => nowMs })
        const failure = await openRepository(faulty.backend, testPassword, run)
          .then(repo =>
            withLock(
              repo,
              'exclusive',
              run,
              async ({ signal }) => {
                for (const wait of [6, 600]) {
                  const before = names().filter(name => name !== dead)
                  expect(before).not.toEqual([])
                  nowMs += wait * minute
                  await vi.waitFor(() => {
                    if (!signal.aborted) expect(names()).not.toEqual(before)
                    if (!signal.aborted) expect(names()).not.toEqual([])
                  })
                  await sleep(times.watchMs)
                }
                signal.throwIfAborted()
              },
              times,
            ),
          )
          .then(
            () => null,
            (error: unknown) => error as BackendError,
          )
        const left = names().filter(name => name !== dead)
        const told = [failure?.message, ...run.warnings.map(({ message }) => message)].some(
          text =>
            text?.includes('lock could not be removed') ||
            text?.includes('lock on the repository at memory could not be removed'),
        )
        expect([nth, left.length]).toEqual([nth, told && when === 'before' ? 1 : 0])
        if (!faulty.fired()) {
          expect([failure, names()]).toEqual([null, []])
          expect(nth).toBeGreaterThan(15)
          return
        }
        // Lost calls of a refresh are made up for by the next one; after a long sleep there is no time for that.
        if (failure) expect(['backend_unreachable', 'lock_lost']).toContain(failure.code)
      }
    },
  )

  test.each([
    ['exclusive', 'exclusive'],
    ['exclusive', 'shared'],
  ] as const)('%s and %s at the same moment: never both', async (...kinds) => {
    const next = random(11)
    const { disk, run } = await bench()
    const slow = async <T>(act: () => T): Promise<Awaited<T>> => {
      if (next() < 0.5) await sleep(Math.floor(next() * 4))
      return await act()
    }
    let won = 0
    const round = async () => {
      const { files, ...fresh } = memoryBackend(new Map(disk.files))
      const repo = await openRepository(
        {
          ...fresh,
          write: (...args) => slow(() => fresh.write(...args)),
          stat: (...args) => slow(() => fresh.stat(...args)),
          read: (...args) => slow(() => fresh.read(...args)),
          async *list(...args) {
            yield* await slow(() => Array.fromAsync(fresh.list(...args)))
          },
        },
        testPassword,
        run,
      )
      let inside = 0
      const contend = async (kind: 'shared' | 'exclusive') => {
        await sleep(Math.floor(next() * 12))
        return failureOf(
          withLock(
            repo,
            kind,
            run,
            async () => {
              expect(++inside).toBe(1)
              won++
              await sleep(Math.floor(next() * 6))
              inside--
            },
            { ...times, settleMs: 3 },
          ),
        )
      }
      for (const failure of await Promise.all(kinds.map(contend))) {
        if (failure !== null) expect(failure).toMatchObject({ code: 'repository_locked' })
      }
      expect([...files.keys()].filter(key => key.startsWith('lock/'))).toEqual([])
    }
    for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 40 }, round))
    expect(won).toBeGreaterThan(20)
  })
})

const { describe: withRestic } = needs('linux', 'restic')

withRestic.each([1, 2] as const)('beside restic, format version %i', version => {
  async function shared() {
    const dir = tempDir('locks')
    const path = join(dir, 'repo')
    const repo = await freshRepository({ backend: localBackend(path), version })
    writeFileSync(join(dir, 'file'), 'content')
    return { path, repo, judge: restic(path), file: join(dir, 'file') }
  }

  test('restic respects our locks and reads them', async () => {
    const { repo, judge, file } = await shared()
    await withLock(repo, 'shared', testRun(), async () => {
      await judge.backup([file])
      for (const args of [['check'], ['prune']]) {
        const { code, stderr } = await judge.run(args)
        expect([1, 11]).toContain(code)
        expect(stderr).toContain(`locked by PID ${process.pid} on ${hostname()}`)
      }
      const id = (await judge.ok(['list', 'locks', '--no-lock'])).trim()
      const ours = await repo.loadUnpacked('lock', id, signal)
      expect(JSON.parse(await judge.ok(['cat', 'lock', id, '--no-lock']))).toEqual(
        JSON.parse(ours.toString('utf8')),
      )
      // It would clear ours were it stale.
      await judge.ok(['unlock'])
      expect(await repo.listIds('lock', signal)).toEqual([id])
    })
    await withLock(repo, 'exclusive', testRun(), async () => {
      expect((await judge.run(['snapshots'])).stderr).toContain('already locked exclusively')
      expect((await judge.run(['backup', file])).code).not.toBe(0)
    })
    await judge.check()
    expect(await judge.snapshots()).toHaveLength(1)
  })

  const spawnRestic = (path: string, args: string[]) => {
    const child = spawn('restic', ['--repo', path, '--no-cache', ...args], {
      env: { PATH: process.env['PATH'], RESTIC_PASSWORD: testPassword },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // a group with a stopped member may be hung up, and we with it
    })
    onTestFinished(() => void (child.exitCode === null && child.kill('SIGKILL')))
    return child
  }
  const lockAppears = (path: string) =>
    vi.waitFor(
      () => expect(readdirSync(join(path, 'locks'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]),
      {
        timeout: 20_000,
        interval: 5,
      },
    )

  test("we respect restic's, know them when they are stale, and leave them when they are not", async () => {
    const { path, repo, judge } = await shared()
    const child = spawnRestic(path, ['backup', '--stdin'])
    child.stdin.write('slowly')
    await lockAppears(path)
    await withLock(repo, 'shared', testRun(), async () => undefined)
    await expect(withLock(repo, 'exclusive', testRun(), async () => 'taken')).rejects.toMatchObject({
      code: 'repository_locked',
      message: expect.stringMatching(`is locked by process ${child.pid} of .* on ${hostname()}.* just now`),
    })
    expect(await unlock(repo, {}, testRun())).toMatchObject({
      removed: [],
      kept: [{ exclusive: false, pid: child.pid, username: userInfo().username }],
    })
    child.stdin.end()
    await once(child, 'exit')
    expect(await judge.snapshots()).toHaveLength(1)
    await withLock(repo, 'exclusive', testRun(), async () => undefined)
  })

  test("restic's exclusive lock keeps us out, and a killed restic does not", async () => {
    const { path, repo } = await shared()
    const child = spawnRestic(path, ['check'])
    await lockAppears(path)
    child.kill('SIGSTOP')
    await expect(withLock(repo, 'shared', testRun(), async () => 'taken')).rejects.toMatchObject({
      code: 'repository_locked',
      message: expect.stringContaining(`exclusively locked by process ${child.pid} `),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(readdirSync(join(path, 'locks'))).toHaveLength(1)
    const run = testRun()
    await withLock(repo, 'shared', run, async () => undefined)
    expect(run.warnings).toMatchObject([{ message: expect.stringContaining(`process ${child.pid} `) }])
    expect(readdirSync(join(path, 'locks'))).toEqual([])
  })

  test('a lock torn by a full disk hinders neither', async () => {
    const { path, repo, judge } = await shared()
    const id = await put(repo)
    const torn = join(path, 'locks', id)
    spawnSync('chmod', ['u+w', torn])
    truncateSync(torn, 0)
    await withLock(repo, 'exclusive', testRun(), async () => undefined)
    expect((await judge.run(['unlock', '--remove-all'])).code).toBe(0)
  })
})
