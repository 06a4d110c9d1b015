import { AppError, type FailureCode } from '../../shared/errors.ts'
import type { Id } from './format/id.ts'

/** Candidates named in a message at most. */
const shown = 5

/**
 * The one ID that begins with `text`, as people abbreviate them.
 * @param what the noun for messages: `snapshot`, `key`
 * @throws `code` none begins so, or more than one: then the hint names them
 */
export function findByPrefix(
  ids: Iterable<Id>,
  text: string,
  what: string,
  code: FailureCode,
  howToList: string,
): Id {
  if (!/^[0-9a-f]{1,64}$/.test(text)) {
    throw new AppError(
      code,
      `“${text}” is not the ID of a ${what}: IDs are made of the digits 0-9 and a-f.`,
      {
        hint: howToList,
      },
    )
  }
  const found: Id[] = []
  for (const id of ids) if (id.startsWith(text)) found.push(id)
  if (found.length === 0) {
    throw new AppError(code, `There is no ${what} whose ID begins with ${text}.`, { hint: howToList })
  }
  if (found.length === 1) return found[0]!
  found.sort()
  const digits = distinguishing(found)
  const names = found.slice(0, shown).map(id => id.slice(0, digits))
  const more = found.length > shown ? ` and ${found.length - shown} more` : ''
  throw new AppError(code, `${found.length} ${what}s have IDs that begin with ${text}.`, {
    hint: `Type more of the ID: ${names.join(', ')}${more}.`,
  })
}

/** How many digits tell neighbours in a sorted list apart, but 8 at least. */
function distinguishing(sorted: readonly Id[]): number {
  let digits = 8
  for (const [at, id] of sorted.entries()) {
    const other = sorted[at + 1]
    if (other === undefined) break
    let same = 0
    while (same < 64 && id[same] === other[same]) same++
    digits = Math.max(digits, same + 1)
  }
  return digits
}
