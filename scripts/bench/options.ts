import { parseArgs } from 'node:util'
import { scenarios } from './scenarios.ts'

export interface Options {
  rounds: number
  quick: boolean
  /** Scenario IDs; with `floor`. */
  only: string[]
  work: string | null
  corpus: string | null
  next: string | null
  about: string
  holdfast: string[] | null
  peers: string[]
  ownKey: boolean
  json: string | null
  write: boolean
  grow: boolean
  growFiles: number[]
  growBlobs: number[]
  /** As given, without paths: what a report may show. */
  command: string
}

export const usage = `npm run bench -- [options]

Runs Holdfast and every restic and borg on PATH side by side, and says what each took.

  --quick              small corpora and one round: about a minute
  --rounds N           how often each step is run (default 3); medians count
  --only NAME,…        of: ${scenarios.map(({ id }) => id).join(', ')}; floor
  --work DIR           where corpora are kept for the next run and repositories are made
                       (default: a temporary folder, removed at the end)
  --corpus DIR         a real tree instead of the made-up source code; copied, never changed
  --next DIR           a later version of that tree
  --about TEXT         what that tree is, for the report
  --holdfast CMD       another Holdfast (words separated by spaces)
  --peer PATH          one more restic (may be repeated)
  --own-key            Holdfast makes its repository itself; otherwise it works in a copy of the one restic made,
                       so that format, chunker polynomial and the cost of the password are the same
  --grow               instead: how time and memory grow with files and with blobs in the index
  --grow-files N,…     (default 10000,100000,1000000)
  --grow-blobs N,…     (default 1000000,10000000)
  --json FILE          the figures
  --write              puts the figures into docs/performance.md, .json and .svg`

/** @throws {Error} with a sentence for people */
export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      work: { type: 'string' },
      corpus: { type: 'string' },
      next: { type: 'string' },
      about: { type: 'string' },
      holdfast: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      'own-key': { type: 'boolean', default: false },
      'same-key': { type: 'boolean', default: false }, // the default, for those who like to say it
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      grow: { type: 'boolean', default: false },
      'grow-files': { type: 'string', default: '10000,100000,1000000' },
      'grow-blobs': { type: 'string', default: '1000000,10000000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const known = [...scenarios.map(({ id }) => id), 'floor']
  const only = values.only === undefined ? known : values.only.split(',').map(name => name.trim())
  const unknown = only.filter(name => !known.includes(name))
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}; there are ${known.join(', ')}.`)
  if (values.next !== undefined && values.corpus === undefined) throw new Error('--next needs --corpus.')
  if (values['own-key'] && values['same-key'])
    throw new Error('--own-key and --same-key contradict each other.')
  return {
    rounds: values.rounds === undefined ? (values.quick ? 1 : 3) : positive('--rounds', values.rounds),
    quick: values.quick,
    only,
    work: values.work ?? null,
    corpus: values.corpus ?? null,
    next: values.next ?? null,
    about: values.about ?? '',
    holdfast: values.holdfast?.split(' ').filter(Boolean) ?? null,
    peers: values.peer,
    ownKey: values['own-key'],
    json: values.json ?? null,
    write: values.write,
    grow: values.grow,
    growFiles: numbers('--grow-files', values['grow-files']),
    growBlobs: numbers('--grow-blobs', values['grow-blobs']),
    command: shown(args),
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} wants a number from 1 on, not "${text}".`)
  return value
}

const numbers = (name: string, text: string): number[] =>
  text === '' ? [] : text.split(',').map(part => positive(name, part))

const places = new Set(['--work', '--corpus', '--next', '--holdfast', '--peer', '--json', '--about'])
const hidden = new Set(['--work', '--json', '--about', '--write'])

/** Paths say something about the machine and nothing about the figures. */
function shown(args: readonly string[]): string {
  const words: string[] = []
  for (let n = 0; n < args.length; n++) {
    const [name = '', ...value] = args[n]!.split('=')
    const takesNext = value.length === 0 && places.has(name)
    if (takesNext) n++
    if (hidden.has(name)) continue
    words.push(places.has(name) ? `${name} …` : args[n]!)
  }
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ')
}
