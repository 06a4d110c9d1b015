/** Text laid out in columns of a terminal. */

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u
const none = /\p{Mn}|\p{Me}|\p{Cf}/u

const charColumns = (char: string): number =>
  char < '\x7f' ? 1 : none.test(char) ? 0 : wide.test(char) ? 2 : 1

/** How many columns `text` takes. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const char of text) columns += charColumns(char)
  return columns
}

/** The end of `text`, a path's more telling part, in at most `columns`. */
export function keepEnd(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  const chars = [...text]
  let room = columns - 1
  let from = chars.length
  while (from > 0 && room >= charColumns(chars[from - 1]!)) room -= charColumns(chars[--from]!)
  return columns < 1 ? '' : `…${chars.slice(from).join('')}`
}

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
export const padStart = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - columnsOf(text))) + text

export interface Column<Row> {
  title: string
  /** Several lines where a cell holds a list. */
  cell: (row: Row) => string | string[]
  right?: boolean
}

/** A heading between two rules, the rows, and `foot` below a third, as restic lays tables out. */
export function table<Row>(columns: Column<Row>[], rows: Row[], foot?: string): string[] {
  const cells = rows.map(row => columns.map(column => [column.cell(row)].flat()))
  const widths = columns.map((column, i) =>
    Math.max(columnsOf(column.title), ...cells.flatMap(row => row[i]!.map(columnsOf))),
  )
  const line = (texts: string[]) =>
    texts
      .map((text, i) => (columns[i]!.right ? padStart(text, widths[i]!) : padEnd(text, widths[i]!)))
      .join('  ')
      .trimEnd()
  const lines = cells.flatMap(row => {
    const height = Math.max(1, ...row.map(cell => cell.length))
    return Array.from({ length: height }, (_, y) => line(row.map(cell => cell[y] ?? '')))
  })
  const rule = '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2))
  return [
    line(columns.map(column => column.title)),
    rule,
    ...lines,
    rule,
    ...(foot === undefined ? [] : [foot]),
  ]
}
