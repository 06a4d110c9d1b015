import { AppError } from '../../../shared/errors.ts'
import { visible } from '../../../shared/wording.ts'

interface Named {
  id: string
  name: string
}

/**
 * Which one a person means: its name (in any case, if that is clear), else the beginning of its ID.
 * @throws not_found, invalid_input more than one is meant
 */
export function findNamed<T extends Named>(what: 'plan' | 'destination', all: readonly T[], text: string): T {
  const exact = all.find(({ name }) => name === text)
  if (exact) return exact
  const alike = all.filter(({ name }) => name.toLowerCase() === text.toLowerCase())
  const found =
    alike.length > 0 ? alike : text === '' ? [] : all.filter(({ id }) => id.startsWith(text.toLowerCase()))
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    throw new AppError(
      'invalid_input',
      `"${text}" may be ${found.map(({ name }) => `"${name}"`).join(' or ')}.`,
      {
        hint: `Write the whole name, or more of the ID.`,
      },
    )
  }
  throw new AppError('not_found', `There is no ${what} "${visible(text)}".`, {
    hint:
      all.length === 0
        ? `There is none at all yet: \`holdfast ${what} add\` makes one.`
        : `There is: ${all.map(({ name }) => `"${name}"`).join(', ')}.`,
  })
}
