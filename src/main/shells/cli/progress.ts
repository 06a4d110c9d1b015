import { clock, count, percent, plural, rate, shortBytes, visible } from '../../../shared/wording.ts'
import type { Progress } from '../../engine/index.ts'
import { columnsOf, keepEnd } from './table.ts'

export type Working = Extract<Progress, { phase: 'store' | 'restore' | 'check' }>

const verbs = { store: 'Backing up', restore: 'Restoring', check: 'Checking' } as const

/** How much of it is done, 0 to 1; null while the whole is not known. By bytes, or by files where there are none. */
export function fraction({ doneBytes, doneFiles, totalBytes, totalFiles }: Working): number | null {
  if (totalBytes === null || totalFiles === null) return null
  const [done, total] = totalBytes > 0 ? [doneBytes, totalBytes] : [doneFiles, totalFiles]
  return total > 0 ? Math.min(1, done / total) : null
}

/** Eighths of a block, so that the bar moves evenly. */
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function bar(share: number, columns: number): string {
  const filled = Math.floor(share * columns * 8)
  const text = '█'.repeat(filled >> 3) + eighths[filled & 7]
  return `▕${text.padEnd(columns)}▏`
}

export interface Figures {
  bytesPerSecond: number | null
  msLeft: number | null
}

type Part = 'verb' | 'percent' | 'bar' | 'bytes' | 'files' | 'rate' | 'left' | 'errors'

/**
 * The status line: what is going on, in at most `columns`. What matters least goes first where space is short:
 * the file's name, then the bar, then rate and counts.
 */
export function progressLine(progress: Progress, figures: Figures, columns: number): string {
  if (progress.phase === 'commit') return keepEnd('Finishing: writing the index and the snapshot', columns)
  if (progress.phase === 'scan') {
    return keepEnd(`Looking  ${plural(progress.files, 'file')}, ${shortBytes(progress.bytes)}`, columns)
  }
  const share = fraction(progress)
  const { totalFiles, totalBytes, doneFiles, doneBytes, errors } = progress
  // a check follows the trees first, of which nobody knows the number, and then reads packs
  const noun = progress.phase !== 'check' ? 'file' : totalFiles === null ? 'tree' : 'pack'
  const parts: Record<Part, string> = {
    verb: verbs[progress.phase],
    percent: share === null ? '' : percent(share, 1).padStart(6),
    bar: share === null ? '' : bar(share, 20),
    bytes: bytesText(doneBytes, totalBytes),
    files:
      totalFiles === null ? plural(doneFiles, noun) : `${count(doneFiles)} of ${plural(totalFiles, noun)}`,
    rate: figures.bytesPerSecond === null || doneBytes === 0 ? '' : rate(figures.bytesPerSecond),
    left: figures.msLeft === null || share === 1 ? '' : `${clock(calm(figures.msLeft))} left`,
    errors: errors === 0 ? '' : plural(errors, 'error'),
  }
  const order: Part[] = ['verb', 'percent', 'bar', 'bytes', 'files', 'rate', 'left', 'errors']
  const dispensable: Part[] = ['bar', 'files', 'rate', 'bytes', 'verb', 'left']
  const join = () =>
    order
      .map(name => parts[name])
      .filter(text => text !== '')
      .join('  ')
  let line = join()
  for (const name of dispensable) {
    if (columnsOf(line) <= columns) break
    parts[name] = ''
    line = join()
  }
  const room = columns - columnsOf(line) - 2
  // what a check is at has no name but an ID
  if (room < 12 || progress.path === '' || progress.phase === 'check') return keepEnd(line, columns)
  return `${line}  ${keepEnd(visible(progress.path), room)}`
}

/** `1.2 of 3.4 GiB`, the unit said once where it is the same; nothing where there are no bytes to speak of. */
function bytesText(done: number, total: number | null): string {
  if (total === 0 || (total === null && done === 0)) return ''
  if (total === null) return shortBytes(done)
  const [doneText, totalText] = [shortBytes(done), shortBytes(total)]
  const unit = totalText.slice(totalText.indexOf(' '))
  return `${doneText.endsWith(unit) ? doneText.slice(0, -unit.length) : doneText} of ${totalText}`
}

/** A countdown in steps that do not flicker. */
const calm = (ms: number): number => {
  const step = ms < 60_000 ? 1000 : ms < 600_000 ? 5000 : 60_000
  return Math.ceil(ms / step) * step
}
