import type { Destination } from '../../../shared/entities/destination.ts'
import type { WireError } from '../../../shared/errors.ts'
import { localTime, plural, visible } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Facts } from '../../parts/Facts.tsx'
import { Moment } from '../../parts/Moment.tsx'
import { Name } from '../../parts/Name.tsx'
import { hrefOf } from '../../route.ts'
import { Refresh, Remove, Rename, SetPassword } from './actions.tsx'
import type { Summary } from './summary.ts'
import classes from './Storage.module.css'

/** What there is to know of one destination, and to do with it. */
export function Chosen({
  destination,
  summary,
  error,
  again,
}: {
  destination: Destination
  summary: Summary | null
  error: WireError | null
  again: () => void
}) {
  return (
    <div className={classes['columns']}>
      <section aria-labelledby="do">
        <h2 id="do">
          <Name>{destination.name}</Name>
        </h2>
        <ul className={classes['actions']}>
          <Refresh destination={destination} />
          <SetPassword destination={destination} />
          <Rename destination={destination} />
          <Remove destination={destination} />
        </ul>
      </section>
      <section aria-labelledby="in-it">
        <h2 id="in-it">What is in it</h2>
        {error && <ErrorNote compact error={error} again={again} />}
        {summary && <What destination={destination} summary={summary} />}
      </section>
    </div>
  )
}

const What = ({ destination, summary }: { destination: Destination; summary: Summary }) => (
  <>
    <Facts
      rows={[
        ['Snapshots', summary.snapshots === 0 ? 'none yet' : String(summary.snapshots)],
        ['Newest', summary.newest && <Moment atMs={summary.newest.timeMs} />],
        ['Oldest', summary.oldest && <Moment atMs={summary.oldest.timeMs} />],
        [
          'Read for search',
          destination.refreshedAtMs === null ? 'not yet' : <Moment atMs={destination.refreshedAtMs} />,
        ],
        ['Not searchable yet', summary.notIndexed > 0 ? plural(summary.notIndexed, 'snapshot') : null],
        ['Added', localTime(destination.createdAtMs).slice(0, 10)],
        ['Repository', destination.repositoryId && <code>{destination.repositoryId.slice(0, 8)}</code>],
      ]}
    />
    {summary.byPlan.length > 0 && (
      <>
        <h2>By plan</h2>
        <Facts
          rows={summary.byPlan.map(({ plan, count }) => [
            plan ? visible(plan.name) : 'made by others',
            plan ? (
              <a href={hrefOf('restore', [], { plan: plan.id })}>{plural(count, 'snapshot')}</a>
            ) : (
              plural(count, 'snapshot')
            ),
          ])}
        />
      </>
    )}
  </>
)
