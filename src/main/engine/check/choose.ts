import { randomUUID } from 'node:crypto'
import { AppError } from '../../../shared/errors.ts'
import type { ReadData } from '../check.ts'
import { idOf, type Id } from '../format/id.ts'

/** The first byte of an ID has no more values. */
const mostParts = 256

export function refuseBadChoice(choice: ReadData): void {
  if (choice.kind === 'part') {
    const { n, of } = choice
    const ok = Number.isInteger(n) && Number.isInteger(of) && n >= 1 && n <= of && of <= mostParts
    if (!ok) {
      throw new AppError('invalid_input', `Part ${n}/${of} of the data makes no sense.`, {
        hint: `Choose a part n/t with 1 ≤ n ≤ t ≤ ${mostParts}, such as 1/7.`,
      })
    }
  }
  if (choice.kind === 'percent' && !(choice.percent > 0 && choice.percent <= 100)) {
    throw new AppError('invalid_input', `${choice.percent} % of the data makes no sense.`, {
      hint: 'Choose a percentage above 0 and up to 100, such as 2.5%.',
    })
  }
}

/** Which packs to read, sorted by ID. Pure but for an absent seed. */
export function choosePacks(choice: ReadData, packs: ReadonlyMap<Id, number>): Id[] {
  const ids = [...packs.keys()].sort()
  switch (choice.kind) {
    case 'none':
      return []
    case 'all':
      return ids
    case 'part':
      return ids.filter(id => parseInt(id.slice(0, 2), 16) % choice.of === choice.n - 1)
    case 'percent': {
      const count = Math.max(1, Math.round((ids.length * choice.percent) / 100))
      const seed = choice.seed ?? randomUUID()
      const draw = new Map(ids.map(id => [id, idOf(Buffer.from(seed + id))]))
      const drawn = ids.toSorted((a, b) => (draw.get(a)! < draw.get(b)! ? -1 : 1))
      return drawn.slice(0, count).sort()
    }
  }
}
