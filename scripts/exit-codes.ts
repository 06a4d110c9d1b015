/** Writes docs/exit-codes.md from the failure table. Run it after a change there; a test says when it was forgotten. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { failures } from '../src/shared/errors.ts'

const page = fileURLToPath(new URL('../docs/exit-codes.md', import.meta.url))

const head = `# Exit codes

<!-- Made by scripts/exit-codes.ts from src/shared/errors.ts. Do not edit. -->

Scripts may rely on these: a code is never given another meaning. 0, 1, 3, 10, 11, 12 and 130 agree with restic's.
With \`--json\` a failure also ends the output with \`{"message_type":"exit_error","code":…,"message":…}\`.
*Again?* says whether the same command can succeed later without anything being changed; all else needs a person first.

| exit | name | what it means | what to do | again? |
| ---: | --- | --- | --- | --- |
| 0 | | Done. | | |
| 1 | | \`check\` found errors in the repository, or \`restore\` could not restore some items; each was named on stderr. | Read what stderr said. | |
`

const tail = `
The server answers with the same failures. Their HTTP statuses:
`

export async function exitCodesPage(): Promise<string> {
  const rows = Object.entries(failures).map(
    ([name, { exit, meaning, next, retry }]) =>
      `| ${exit} | \`${name}\` | ${meaning} | ${next} | ${retry ? 'yes' : ''} |\n`,
  )
  const statuses = Object.entries(failures).map(([name, { http }]) => `\`${name}\` ${http}`)
  const text = `${head}${rows.join('')}${tail}${statuses.join(', ')}.\n`
  return format(text, { ...(await resolveConfig(page)), parser: 'markdown' })
}

if (import.meta.main) writeFileSync(page, await exitCodesPage())
