/**
 * A process that owns a catalogue: `hold` until it is ended, or `write` plans, runs and audit entries without pause and say
 * each that was acknowledged; ended by a signal, or by its parent going.
 */
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { toWireError } from '../../../src/shared/errors.ts'
import { aDestination, aPlan, aRun, aSnapshot, idOf, someTime, treesOf } from './samples.ts'

const [directory = '', what = ''] = process.argv.slice(2)
const say = (line: string) => void process.stdout.write(`${line}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
try {
  const catalogue = openCatalogue(directory, { now: () => someTime })
  say('open')
  setInterval(catalogue.notices, 60_000) // what nobody holds is closed
  if (what === 'write') write(catalogue)
} catch (error) {
  say(`refused ${toWireError(error).code}`)
  process.exit(1)
}

function write(catalogue: ReturnType<typeof openCatalogue>): void {
  const start = catalogue.plans.list().length
  const destination = aDestination({ id: idOf('some destination') })
  if (catalogue.destinations.get(destination.id) === null) catalogue.destinations.insert(destination)
  const some = (nth: number) => {
    const revision = catalogue.nextRevision()
    const plan = aPlan({ id: idOf(`plan ${nth}`), name: `Plan ${nth}`, revision })
    catalogue.plans.insert(plan)
    const run = aRun({ id: idOf(`run ${nth}`), planId: plan.id })
    catalogue.runs.save({ ...run, state: 'running', endedAtMs: null })
    catalogue.runs.appendLog(run.id, [{ atMs: 1, level: 'info', text: 'x'.repeat(3_000) }])
    catalogue.runs.save(run)
    const tree = treesOf({ [`file ${nth}`]: `${nth}`, below: { again: 'x' } })
    const snapshot = aSnapshot(tree.id, { timeMs: nth })
    catalogue.snapshots.add(snapshot)
    catalogue.snapshots.addTrees(snapshot.destinationId, tree.trees)
    catalogue.snapshots.markIndexed(snapshot.destinationId, snapshot.id)
    catalogue.audit.append({ atMs: 1, who: 'test', action: 'wrote', subject: plan.id, detail: '' })
    say(`wrote ${nth} ${revision}`)
    setImmediate(() => some(nth + 1)) // lets the pipe be written
  }
  some(start)
}
