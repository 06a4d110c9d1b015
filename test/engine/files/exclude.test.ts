import { lstatSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localBackend } from '../../../src/main/engine/backend/local.ts'
import { compileExcludes, noRules, type ExcludeRules } from '../../../src/main/engine/files/exclude.ts'
import { compileIncludes, compileList } from '../../../src/main/engine/files/pattern-list.ts'
import { joinRaw, rawFromText, textFromRaw, type Raw } from '../../../src/main/engine/format/raw.ts'
import { needs } from '../../support/needs.ts'
import { freshRepository, testPassword } from '../../support/repo.ts'
import { restic } from '../../support/restic.ts'
import { makeTemp, removeTree, tempDir } from '../../support/tmp.ts'

const cacheHeader = 'Signature: 8a477f597d28d172789f06886806bc55'

/** Content by path; a number is a size, a folder ends with a slash, a link says where to after an arrow. */
const tree: Record<string, string | number> = {
  'readme.txt': 'x',
  'README.md': 'x',
  'foo/a.c': 'x',
  'foo/a.h': 'x',
  'foo/bar/a.c': 'x',
  'foo/bar/foo/bar/deep.c': 'x',
  'foo/bar/foo/keep.txt': 'x',
  'foo/keep.txt': 'x',
  'src/foo/a.c': 'x',
  'src/work/special/bar/test.go': 'x',
  'src/bar/test.go': 'x',
  'src/main.go': 'x',
  'src/x/b/c': 'x',
  'src/x/y/b/z/c': 'x',
  'node_modules/left-pad/index.js': 'x',
  'node_modules/keep/index.js': 'x',
  'web/node_modules/a/b/c.js': 'x',
  '.hidden/.secret': 'x',
  '.git/objects/ab/cd': 'x',
  'logs/1.log': 'x',
  'logs/2.log': 'x',
  'logs/10.log': 'x',
  'logs/old/3.log': 'x',
  'brackets/[x]': 'x',
  'brackets/x': 'x',
  'brackets/a*b': 'x',
  'brackets/a?b': 'x',
  'brackets/ab': 'x',
  'brackets/back\\slash': 'x',
  'brackets/$HOME': 'x',
  '!bang': 'x',
  '#hash': 'x',
  ' lead and trail ': 'x',
  'ünïcode/ÄÖÜ.TXT': 'x',
  'ünïcode/äöü.txt': 'x',
  'ünïcode/☃': 'x',
  'ünïcode/ΣΑΣ': 'x',
  'empty/': '',
  'size/0': 0,
  'size/999': 999,
  'size/1024': 1024,
  'size/1025': 1025,
  'size/big': 3_000_000,
  'size/link': '-> a target of more than ten bytes',
  'cache/CACHEDIR.TAG': `${cacheHeader}\n# a cache`,
  'cache/data': 'x',
  'cache/sub/data': 'x',
  'fake-cache/CACHEDIR.TAG': 'Signature: none',
  'fake-cache/data': 'x',
  'short-cache/CACHEDIR.TAG': 'Sig',
  'short-cache/data': 'x',
  'folder-cache/CACHEDIR.TAG/inside': 'x',
  'folder-cache/data': 'x',
  'marked/.nobackup': '',
  'marked/data': 'x',
  'marked/sub/deeper/data': 'x',
  'both/.nobackup': '',
  'both/CACHEDIR.TAG': cacheHeader,
  'both/data': 'x',
  'headed/.nobackup': 'really: no',
  'headed/data': 'x',
}

let base: string
/** Idle repositories: restic at work on one waits long for the lock of another that goes away, so each has its own. */
const idle: string[] = []
const repos: string[] = []
beforeAll(async () => {
  base = join(makeTemp('exclude'), 'Tree')
  for (const [path, content] of Object.entries(tree)) {
    const full = join(base, path)
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true })
    if (path.endsWith('/')) continue
    if (typeof content === 'number') {
      writeFileSync(full, '')
      truncateSync(full, content)
    } else if (content.startsWith('-> ')) symlinkSync(content.slice(3), full)
    else writeFileSync(full, content)
  }
  for (let count = 0; count < 5; count++) {
    const repo = makeTemp('exclude-repo')
    repos.push(repo)
    await freshRepository({ backend: localBackend(repo) })
  }
  idle.push(...repos)
})
afterAll(() => {
  removeTree(dirname(base))
  for (const repo of repos) removeTree(repo)
})

const rules = (some: Partial<ExcludeRules>): ExcludeRules => ({ ...noRules, ...some })

/** What a walk keeps, as a backup asks. */
function kept(given: ExcludeRules, warnings: string[] = []): string[] {
  const excluder = compileExcludes(given)
  const found: string[] = []
  const enter = (folder: Raw) => {
    const names = readdirSync(textFromRaw(folder)).map(rawFromText)
    for (const name of excluder.keptNames(folder, names, ({ path }) => warnings.push(path))) {
      const path = joinRaw(folder, name)
      if (excluder.pathExcluded(path)) continue
      const stat = lstatSync(textFromRaw(path), { bigint: true })
      if (excluder.entryExcluded(path, stat)) continue
      found.push(textFromRaw(path).slice(base.length + 1))
      if (stat.isDirectory() && excluder.entersFolder(path, stat)) enter(path)
    }
  }
  const root = rawFromText(base)
  if (!excluder.pathExcluded(root)) enter(root)
  return found.sort()
}

/** What restic stores; nothing at all when it fails for want of anything to store. */
async function storedByRestic(options: string[], more?: { env: Record<string, string> }): Promise<string[]> {
  const repo = idle.pop() ?? raise('more tests at a time than repositories')
  try {
    const judge = restic(repo, { password: testPassword })
    const { code, stdout } = await judge.run(['backup', '--json', ...options, '--', base], more)
    if (code !== 0) return []
    const id = /"snapshot_id":"([0-9a-f]+)"/.exec(stdout)![1]!
    return (await judge.json<{ struct_type: string; path: string }>(['ls', '--no-lock', id]))
      .filter(({ struct_type, path }) => struct_type === 'node' && path.startsWith(`${base}/`))
      .map(({ path }) => path.slice(base.length + 1))
      .sort()
  } finally {
    idle.push(repo)
  }
}
const raise = (message: string): never => {
  throw new Error(message)
}

/** `BASE` stands for the tree's own path. */
const patternSets: string[][] = [
  [],
  ['*.c'],
  ['foo'],
  ['foo/'],
  ['foo/*.c'],
  ['foo/bar'],
  ['BASE/foo'],
  ['BASE/foo/*'],
  ['BASE/*/bar'],
  ['BASE/*'],
  ['/foo'],
  ['**/foo'],
  ['foo/**'],
  ['foo/**/bar'],
  ['BASE/**/*.go'],
  ['BASE/src/**/test.go'],
  ['BASE/src/**/b/**/c'],
  ['src/**/b/**/c'],
  ['BASE/src/**/**/**/**/**/c'],
  ['src/*/b', 'logs/?.log'],
  ['[0-9].log'],
  ['[^0-9]*.log', '?*.txt'],
  ['\\[x\\]'],
  ['[x]'],
  ['a\\*b', 'a[?]b'],
  ['a*b'],
  ['back\\\\slash'],
  ['.*'],
  ['BASE/.*'],
  ['*'],
  ['?'],
  ['☃'],
  ['?nïcode'],
  ['[à-ü]*'],
  [' lead and trail '],
  ['#hash'],
  ['\\!bang'],
  ['!bang'],
  ['*', '!foo'],
  ['node_modules/*', '!node_modules/keep'],
  ['node_modules', '!node_modules/keep'],
  ['*.log', '!1.log', 'old'],
  ['!1.log', '*.log'],
  ['*.c', '!foo/**/*.c', 'bar/*.c'],
  ['BASE/*', '!BASE/src', '!BASE/foo', '*.go'],
  ['', 'readme.txt'],
  ['../foo', './logs', 'foo/../src'],
  ['BASE'],
  ['/'],
  ['**'],
  ['size//999', 'size/./1024/'],
]

const { test: resticTest } = needs('restic', 'linux')

resticTest.concurrent.each(patternSets.map(set => ({ set })))(
  'restic leaves out the same for $set',
  async ({ set }) => {
    const patterns = set.map(pattern => pattern.replace('BASE', base))
    const options = patterns.flatMap(pattern => ['--exclude', pattern])
    const theirs = await storedByRestic(options)
    expect(kept(rules({ excludes: patterns }))).toEqual(theirs)
  },
)

resticTest.each([
  ['readme.*'],
  ['FOO'],
  ['äöü.TXT'],
  ['σασ'],
  ['[A-Z]*.md'],
  ['*.TXT', '!README.txt'],
  ['ÜNÏCODE'],
])('restic leaves out the same for --iexclude %s', async (...patterns) => {
  const theirs = await storedByRestic(patterns.flatMap(pattern => ['--iexclude', pattern]))
  expect(kept(rules({ iexcludes: patterns }))).toEqual(theirs)
})

resticTest('random patterns leave out what restic leaves out', async () => {
  let seed = 20_240_229
  const pick = <T>(from: readonly T[]): T =>
    from[(seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) % from.length]!
  const names = [
    'foo',
    'bar',
    'a.c',
    '*.c',
    '*',
    '**',
    '?*',
    'src',
    'keep*',
    '[a-k]*',
    'x',
    'b',
    'c',
    '*o*',
    'logs',
  ]
  const sets = Array.from({ length: 24 }, () =>
    Array.from({ length: pick([1, 2, 3, 4]) }, () => {
      const parts = Array.from({ length: pick([1, 1, 2, 2, 3, 4]) }, () => pick(names))
      return pick(['', '', '!', `${base}/`]) + parts.join('/')
    }),
  )
  const mismatches: unknown[] = []
  const work = async () => {
    for (let excludes = sets.pop(); excludes !== undefined; excludes = sets.pop()) {
      const theirs = await storedByRestic(excludes.flatMap(pattern => ['--exclude', pattern]))
      const ours = kept(rules({ excludes }))
      if (ours.join() !== theirs.join()) mismatches.push({ excludes, ours, theirs })
    }
  }
  await Promise.all(repos.map(work))
  expect(mismatches).toEqual([])
})

const others: [string[], Partial<ExcludeRules>][] = [
  [['--exclude-caches'], { excludeCaches: true }],
  [['--exclude-if-present', '.nobackup'], { excludeIfPresent: ['.nobackup'] }],
  [['--exclude-if-present', '.nobackup:really'], { excludeIfPresent: ['.nobackup:really'] }],
  [['--exclude-if-present', '.nobackup:re:no'], { excludeIfPresent: ['.nobackup:re:no'] }],
  [['--exclude-if-present', 'CACHEDIR.TAG'], { excludeIfPresent: ['CACHEDIR.TAG'] }],
  [
    ['--exclude-caches', '--exclude-if-present', '.nobackup', '--exclude', 'data'],
    { excludeCaches: true, excludeIfPresent: ['.nobackup'], excludes: ['data'] },
  ],
  [['--exclude-larger-than', '1k'], { excludeLargerThanBytes: 1024 }],
  [['--exclude-larger-than', '10'], { excludeLargerThanBytes: 10 }],
  [['--exclude-larger-than', '2M'], { excludeLargerThanBytes: 2 * 2 ** 20 }],
  [['--one-file-system'], { oneFileSystem: true }],
]
resticTest.concurrent.each(others)('restic leaves out the same for %j', async (options, given) => {
  expect(kept(rules(given))).toEqual(await storedByRestic(options))
})

resticTest('exclude files mean what they mean to restic', async () => {
  const file = join(tempDir(), 'skip.txt')
  const text = [
    '\ufeff# comment',
    '',
    '  *.go  \r',
    '\t# indented comment',
    '$PART/*.c',
    '${PART}/keep.txt',
    'brackets/$$HOME',
    'lo${MISSING}gs/1.log',
    'x${unclosed',
    '\\#hash',
    '!src/main.go',
    'price: 5$',
    '$',
  ].join('\n')
  writeFileSync(file, text)
  const theirs = await storedByRestic(['--exclude-file', file], { env: { PART: 'foo/bar' } })
  const variables = { PART: 'foo/bar' }
  expect(kept(rules({ excludeFiles: [{ name: file, text }], variables }))).toEqual(theirs)
  expect(theirs).toContain('brackets/x')
  expect(theirs).not.toContain('brackets/$HOME')

  const folded = await storedByRestic(['--iexclude-file', file], { env: { PART: 'FOO/BAR' } })
  const ours = kept(rules({ iexcludeFiles: [{ name: file, text }], variables: { PART: 'FOO/BAR' } }))
  expect(ours).toEqual(folded)
})

test('a tag without its header marks nothing and is warned of', () => {
  const warnings: string[] = []
  kept(rules({ excludeCaches: true }), warnings)
  expect(warnings.map(path => path.slice(base.length + 1)).sort()).toEqual([
    'fake-cache/CACHEDIR.TAG',
    'folder-cache/CACHEDIR.TAG',
    'short-cache/CACHEDIR.TAG',
  ])
})

test('of a folder on another device only the mount point stays, unless it is a target', () => {
  const stat = (dev: bigint, folder: boolean) =>
    Object.assign(lstatSync(folder ? base : join(base, 'readme.txt'), { bigint: true }), { dev })
  const excluder = compileExcludes(rules({ oneFileSystem: true }))
  excluder.allowDevice('/' as Raw, stat(1n, true))
  excluder.allowDevice('/mnt/usb' as Raw, stat(2n, true))
  const answers = (path: string, dev: bigint, folder: boolean) => {
    const given = stat(dev, folder)
    return [excluder.entryExcluded(path as Raw, given), excluder.entersFolder(path as Raw, given)]
  }
  expect(answers('/home', 1n, true)).toEqual([false, true])
  expect(answers('/proc', 7n, true)).toEqual([false, false])
  expect(answers('/etc/hosts', 7n, false)).toEqual([true, false])
  expect(answers('/etc/passwd', 1n, false)[0]).toBe(false)
  expect(answers('/mnt/usb/a', 2n, true)).toEqual([false, true])
  expect(answers('/mnt/usb/a', 1n, true)).toEqual([false, false])
  expect(answers('/mnt/usbstick', 2n, true)).toEqual([false, false])
})

test('rules of a folder hold in it instead of the outer ones; of several, those of the nearest', () => {
  const below = [
    { folder: join(base, 'foo'), rules: rules({ excludes: ['*.txt'] }) },
    { folder: join(base, 'foo/bar/foo'), rules: rules({}) },
  ]
  const paths = kept(rules({ excludes: ['*.c'], below }))
  expect(paths.filter(path => /^(foo|src\/foo|src\/x)\//.test(path))).toEqual([
    'foo/a.c',
    'foo/a.h',
    'foo/bar',
    'foo/bar/a.c',
    'foo/bar/foo',
    'foo/bar/foo/bar',
    'foo/bar/foo/bar/deep.c',
    'foo/bar/foo/keep.txt',
    'src/x/b',
    'src/x/b/c',
    'src/x/y',
    'src/x/y/b',
    'src/x/y/b/z',
    'src/x/y/b/z/c',
  ])
  expect(kept(rules({ below: [{ folder: '/', rules: rules({ excludes: ['*.c'] }) }] }))).not.toContain(
    'src/foo/a.c',
  )
})

test('rooted patterns hold for paths relative to the working folder too', () => {
  const excluder = compileExcludes(rules({ excludes: ['/home/ada/tmp', '/home/eve'] }), {
    workingFolder: '/home/ada',
    platform: 'linux',
  })
  const answers = ['tmp/x', './tmp', '../eve/x', 'docs', '/home/ada/tmp'].map(path =>
    excluder.pathExcluded(path as Raw),
  )
  expect(answers).toEqual([true, true, true, false, true])

  const windows = compileExcludes(rules({ excludes: ['C:\\Users\\ada\\tmp'] }), {
    workingFolder: 'C:\\Users\\ada',
    platform: 'win32',
  })
  const there = ['C:\\Users\\ada\\tmp/x', 'tmp', 'C:/Users/ada/docs'].map(path =>
    windows.pathExcluded(path as Raw),
  )
  expect(there).toEqual([true, true, false])
})

test('a broken rule names itself and where it stands', () => {
  const failure = (some: Partial<ExcludeRules>) => {
    try {
      compileExcludes(rules(some))
      return null
    } catch (error) {
      return error
    }
  }
  const invalid = (...parts: string[]) => ({
    code: 'invalid_input',
    message: expect.stringMatching(parts.map(part => `(?=.*${part})`).join('')),
    hint: expect.any(String),
  })
  expect(failure({ excludes: ['good', 'ba[d'] })).toMatchObject(invalid('ba\\[d', '--exclude', 'not closed'))
  expect(failure({ iexcludes: ['!x\\'] })).toMatchObject(invalid('--iexclude', 'single'))
  expect(failure({ excludeFiles: [{ name: 'skip.txt', text: 'a\n# b\n[x-]\n' }] })).toMatchObject(
    invalid('\\[x-\\]', 'line 3 of skip.txt'),
  )
  expect(failure({ excludeFiles: [{ name: 'skip.txt', text: '$HOME/x' }] })).toMatchObject(invalid('HOME'))
  expect(failure({ excludeIfPresent: [''] })).toMatchObject(invalid('names no file'))
  expect(failure({ excludeIfPresent: [':header'] })).toMatchObject(invalid(':header'))
})

const includeSets: string[][] = [
  ['foo'],
  ['*.c'],
  ['BASE/src'],
  ['BASE/src/**/b'],
  ['BASE/foo/*/foo'],
  ['src/*/b', '!z'],
  ['nothing-of-this-name'],
  ['BASE/logs', '!*.log'],
]
resticTest('--include brings back what restic brings back', async () => {
  const judge = restic(repos[0]!, { password: testPassword })
  const id = await judge.backup([base])
  const targets = tempDir('include')
  const outcomes = includeSets.map(async (set, index) => {
    const target = join(targets, String(index))
    const patterns = set.map(pattern => pattern.replace('BASE', base))
    const options = patterns.flatMap(pattern => ['--include', pattern])
    mkdirSync(target)
    await judge.restore(id, target, ['--no-lock', ...options])
    const theirs = readdirSync(target, { recursive: true, withFileTypes: true })
      .filter(entry => !entry.isDirectory())
      .map(entry => join(entry.parentPath, entry.name).slice(target.length))
    return { set, ours: brought(patterns), theirs: theirs.sort() }
  })
  for (const { set, ours, theirs } of await Promise.all(outcomes)) expect([set, ours]).toEqual([set, theirs])

  /** What a restore brings back, as it walks a snapshot. */
  function brought(patterns: string[]): string[] {
    const includes = compileIncludes(patterns, [])
    const found: string[] = []
    const enter = (folder: string) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        if (!entry.isDirectory() && includes.matches(rawFromText(path))) found.push(path)
        if (entry.isDirectory() && includes.childMayMatch(rawFromText(path))) enter(path)
      }
    }
    enter(base)
    return found.sort()
  }
})

test('includes without regard to case', () => {
  const includes = compileIncludes(['exact'], ['ANY*'])
  expect(
    ['/x/exact', '/x/Exact', '/x/anything', '/ANY/b'].map(path => includes.matches(path as Raw)),
  ).toEqual([true, false, true, true])
  expect(compileIncludes([], []).childMayMatch('/x' as Raw)).toBe(false)
})

test('100,000 paths against 20 patterns take well under a second', () => {
  const patterns = [
    '*.o',
    '*.tmp',
    'node_modules',
    '.cache',
    '.git',
    '/proc',
    '/sys',
    '/var/tmp/*',
    '**/build/**/*.map',
  ]
  patterns.push(
    'Thumbs.db',
    '*~',
    '.DS_Store',
    'target/debug',
    '/home/*/.local/share/Trash',
    '*.py[co]',
    '__pycache__',
  )
  patterns.push('/home/*/Downloads/**', '?core', 'cache*', '*.sw?')
  expect(patterns).toHaveLength(20)
  const { matches } = compileList(patterns.map(text => ({ text, origin: 'here' })))
  const paths = Array.from(
    { length: 100_000 },
    (_, n) => `/home/ada/projects/project-${n % 100}/src/module-${n % 1000}/file-${n}.ts` as Raw,
  )
  const started = performance.now()
  expect(paths.filter(matches)).toEqual([])
  expect(performance.now() - started).toBeLessThan(4000) // for a machine that is busy with other things
})
