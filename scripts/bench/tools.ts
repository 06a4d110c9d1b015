// The programs compared, and how each is told to do the same work.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { devNull } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from './measure.ts'

/** Of every repository made here. */
export const password = 'correct horse battery staple'

/** A tool's own folders in one round. */
export interface Place {
  repo: string
  /** Its cache, kept between the steps of a round as users have it. */
  cache: string
}

export interface Tool {
  /** With its version: `restic 0.14.0`. */
  name: string
  kind: 'holdfast' | 'restic' | 'borg'
  remarks: string
  init(place: Place): Command
  /** `label` differs from backup to backup: borg wants a name. */
  backup(place: Place, source: string, label: string): Command
  /** Puts the file `/a/b` at `target/a/b`; `target` is an empty folder. */
  restore(place: Place, target: string, label: string): Command
  /** Reads every byte. */
  check(place: Place): Command
  /** The entries of one folder without subfolders. */
  list(place: Place, folder: string, label: string): Command
  keyDerivation(repo: string): string
  /** Where in its cache folder it keeps compiled code of its own; null: nowhere. */
  codeCache: string | null
}

const root = fileURLToPath(new URL('../../', import.meta.url))

/** @param words program and first arguments; null: this checkout's, bundled where the bundle is newer than the source */
export function holdfast(words: readonly string[] | null): Tool {
  const bundle = newestBundle()
  const [program, ...first] = words ?? [process.execPath, bundle ?? join(root, 'src/main/shells/cli/main.ts')]
  const run = ({ repo, cache }: Place, ...args: string[]): Command => ({
    program: program!,
    args: [...first, '--repo', repo, ...args],
    env: {
      HOLDFAST_PASSWORD: password,
      HOLDFAST_HOME: join(cache, 'home'),
      XDG_CACHE_HOME: cache,
      HOLDFAST_LOOP_DELAY: '1',
    },
  })
  const env = { ...process.env, HOLDFAST_HOME: devNull } // nothing of this goes into the user's own
  const version = execFileSync(program!, [...first, '--version'], { encoding: 'utf8', env }).trim()
  return {
    name: `Holdfast ${/[\d.]+\S*/.exec(version)?.[0] ?? version}`,
    kind: 'holdfast',
    remarks: words
      ? 'as given by --holdfast'
      : bundle
        ? 'the bundled build'
        : 'run from its TypeScript source',
    init: place => run(place, 'init'),
    backup: (place, source) => run(place, 'backup', source),
    restore: (place, target) => run(place, 'restore', 'latest', '--target', target),
    check: place => run(place, 'check', '--read-data'),
    list: (place, folder) => run(place, 'ls', 'latest', folder),
    keyDerivation: scryptOf,
    codeCache: 'home/cache/code',
  }
}

export function restic(program: string): Tool {
  const run = ({ repo, cache }: Place, ...args: string[]): Command => ({
    program,
    args: ['--repo', repo, '--cache-dir', cache, ...args],
    env: { RESTIC_PASSWORD: password },
  })
  const version = execFileSync(program, ['version'], { encoding: 'utf8' })
  return {
    name: `restic ${/restic (\S+)/.exec(version)?.[1] ?? '(unknown version)'}`,
    kind: 'restic',
    remarks: `its defaults; ${/go\S+/.exec(version)?.[0] ?? 'unknown Go'}; a cache of its own, kept through a round`,
    init: place => run(place, 'init'),
    backup: (place, source) => run(place, 'backup', source),
    restore: (place, target) => run(place, 'restore', 'latest', '--target', target),
    check: place => run(place, 'check', '--read-data'),
    list: (place, folder) => run(place, 'ls', 'latest', folder),
    keyDerivation: scryptOf,
    codeCache: null,
  }
}

export function borg(program: string): Tool {
  const run = ({ cache }: Place, args: string[], cwd?: string): Command => ({
    program,
    args,
    env: { BORG_PASSPHRASE: password, BORG_BASE_DIR: cache, BORG_CHECK_I_KNOW_WHAT_I_AM_DOING: 'YES' },
    ...(cwd !== undefined && { cwd }),
  })
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
  return {
    name: version,
    kind: 'borg',
    remarks: '--encryption repokey, --compression zstd,3',
    init: place => run(place, ['init', '--encryption', 'repokey', place.repo]),
    backup: (place, source, label) =>
      run(place, ['create', '--compression', 'zstd,3', `${place.repo}::${label}`, source]),
    restore: (place, target, label) => run(place, ['extract', `${place.repo}::${label}`], target),
    check: place => run(place, ['check', '--verify-data', place.repo]),
    list: (place, folder, label) => run(place, ['list', `${place.repo}::${label}`, folder.slice(1)]),
    keyDerivation: repo => `PBKDF2-HMAC-SHA256, ${pbkdf2Rounds(repo) ?? 'unknown'} iterations`,
    codeCache: null,
  }
}

/** Every restic and borg on PATH, each file once, then the restics named. */
export function peersOnPath(path: string, named: readonly string[]): Tool[] {
  const found = (name: string): string[] =>
    path
      .split(delimiter)
      .filter(Boolean)
      .map(folder => join(folder, name))
      .filter(existsSync)
  const unique = (files: string[]) => [...new Map(files.map(file => [realpathSync(file), file])).values()]
  return [...unique([...found('restic'), ...named]).map(restic), ...unique(found('borg')).map(borg)]
}

/** null: there is none, or a source is newer. */
function newestBundle(): string | null {
  const bundle = join(root, 'out/cli/main.js')
  if (!existsSync(bundle)) return null
  const builtAt = statSync(bundle).mtimeMs
  const sources = globSync('src/{main,shared}/**/*.ts', { cwd: root })
  return sources.every(path => statSync(join(root, path)).mtimeMs <= builtAt) ? bundle : null
}

/** A restic key file is plain JSON but for the key itself. */
function scryptOf(repo: string): string {
  const { N, r, p } = scryptCost(repo)
  return `scrypt N=${N} r=${r} p=${p}`
}

export function scryptCost(repo: string): { N: number; r: number; p: number } {
  const [name] = readdirSync(join(repo, 'keys'))
  const { N, r, p } = JSON.parse(readFileSync(join(repo, 'keys', name!), 'utf8')) as Record<string, number>
  return { N: N!, r: r!, p: p! }
}

/** Out of the MessagePack map in the repository's config: a name, then an unsigned integer. */
function pbkdf2Rounds(repo: string): number | null {
  const [, base64] = readFileSync(join(repo, 'config'), 'utf8').split(/^key = /m) // its last setting
  const key = Buffer.from(base64 ?? '', 'base64')
  const at = key.indexOf('iterations') + 'iterations'.length
  if (at < 'iterations'.length) return null
  return key[at] === 0xce ? key.readUInt32BE(at + 1) : key[at] === 0xcd ? key.readUInt16BE(at + 1) : null
}
