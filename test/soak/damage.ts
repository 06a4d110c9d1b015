import { fileURLToPath } from 'node:url'
import type { Campaign } from './campaign.ts'
import { said, start } from './programs.ts'

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const file = 'test/engine/check-campaign.test.ts'

/** The campaign of the check's own tests, at length. */
export const damage: Campaign = {
  name: 'damage',
  promise:
    'bit flips, truncation, missing, duplicate and swapped files of every kind: a data check finds each one, and what it does not name restores whole.',
  how: `\`${file}\` on a repository that restic made, with as many damages as asked for: a random kind of harm to a random file, then \`check --read-data\`.`,

  async run({ count, next, problem, say }) {
    const damages = count('damages', 5_000)
    const seed = 1 + Math.floor(next() * 1_000_000)
    say(`${damages} damages from seed ${seed}`)
    const ended = await start(process.execPath, [vitest, 'run', file, '--testTimeout', '7200000'], {
      HOLDFAST_DAMAGES: String(damages),
      HOLDFAST_SEED: String(seed),
      NO_COLOR: '1',
    }).ended
    if (ended.code !== 0) problem(said(ended))
    return [
      ['damages, each on its own', String(damages)],
      ['not found by a data check, or understated', ended.code === 0 ? '0' : 'see the problems'],
    ]
  },
}
