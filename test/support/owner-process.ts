import { hostname } from 'node:os'
import { openCatalogue } from '../../src/main/services/catalogue/open.ts'
import { passwordName } from '../../src/main/services/destinations.ts'
import { createRuns } from '../../src/main/services/runs/runs.ts'
import { memoryVault } from './memory-vault.ts'
import { realWait } from './real-wait.ts'
import { testPassword } from './restic.ts'

/**
 * A process that owns a data directory, to be killed: it takes up what was left, begins a run of the only plan when
 * nothing was, and ends when nothing is left to do. Each change of a run is a line of JSON on its output.
 *
 *     node owner-process.ts DATA-DIRECTORY
 */
const now = () => new Date().getTime()
const catalogue = openCatalogue(process.argv[2]!, { now })
const vault = memoryVault()
for (const { id } of catalogue.destinations.list()) await vault.set(passwordName(id), testPassword)

const runs = createRuns({
  catalogue,
  vault,
  now,
  wait: realWait,
  random: Math.random,
  publish: ({ value }) => void process.stdout.write(`${JSON.stringify(value)}\n`),
  environment: {},
  hostname: hostname(),
  username: 'ada',
  leaveOut: [],
  resources: () => ({}),
  unmet: () => null,
  onConditionsChange: () => () => undefined,
  destinationChanged: () => undefined,
  trouble: error => {
    throw error
  },
})
if (runs.recover().length === 0) {
  const [plan] = catalogue.plans.list()
  runs.request({
    planId: plan!.id,
    type: 'incremental',
    dryRun: false,
    trigger: 'manual',
    scheduleId: null,
    dueAtMs: null,
    askedBy: 'test',
  })
}
await runs.idle()
await runs.stop('finish')
catalogue.close()
