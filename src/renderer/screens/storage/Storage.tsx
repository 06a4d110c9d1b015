import { Button } from '@mantine/core'
import { IconDatabaseOff, IconPlus } from '@tabler/icons-react'
import { plural } from '../../../shared/wording.ts'
import { Page } from '../../parts/Page.tsx'
import { go, useRoute } from '../../route.ts'
import { useAsked, useMirror } from '../../store/context.tsx'
import { AddDestination } from './AddDestination.tsx'
import { Chosen } from './Chosen.tsx'
import { DestinationRow } from './DestinationRow.tsx'
import { latest, summaryOf } from './summary.ts'
import classes from './Storage.module.css'

/** Where backups are: `#/storage`, `#/storage/ID` with one of them chosen, `#/storage/add`. */
export default function Storage() {
  const [wanted] = useRoute().rest
  if (wanted === 'add') return <AddDestination />
  return <Destinations wanted={wanted} />
}

function Destinations({ wanted }: { wanted: string | undefined }) {
  const destinations = Object.values(useMirror(state => state.destinations)).sort(
    (a, b) => a.createdAtMs - b.createdAtMs,
  )
  const plans = Object.values(useMirror(state => state.plans))
  const runs = useMirror(state => state.runs)
  const snapshots = useAsked('snapshot.list', {}, latest(Object.values(runs), destinations))
  const chosen = destinations.find(({ id }) => id === wanted) ?? destinations[0]
  const absent = destinations.filter(({ presence }) => presence === 'absent').length
  const add = (
    <Button
      variant="default"
      leftSection={<IconPlus size={15} aria-hidden="true" />}
      onClick={() => go('storage', ['add'])}
    >
      Add destination
    </Button>
  )
  return (
    <Page
      flush
      title="Storage"
      aside={
        destinations.length > 0 &&
        `${plural(destinations.length, 'destination')}${absent > 0 ? `, ${absent} not connected` : ''}`
      }
      actions={destinations.length > 0 && add}
    >
      <div className={classes['scroller']} tabIndex={-1}>
        {chosen === undefined ? (
          <Empty />
        ) : (
          <>
            <table className={classes['table']}>
              <colgroup>
                <col style={{ width: '27%' }} />
                <col style={{ width: '20%' }} />
                <col style={{ width: '24%' }} />
                <col style={{ width: 90 }} />
                <col style={{ width: 110 }} />
                <col />
              </colgroup>
              <thead>
                <tr>
                  <th scope="col" style={{ paddingLeft: 8 }}>
                    Destination
                  </th>
                  <th scope="col">State</th>
                  <th scope="col">Room on its drive</th>
                  <th scope="col" data-right="true">
                    Snapshots
                  </th>
                  <th scope="col">Newest</th>
                  <th scope="col">Plans</th>
                </tr>
              </thead>
              <tbody>
                {destinations.map(destination => (
                  <DestinationRow
                    key={destination.id}
                    destination={destination}
                    chosen={destination.id === chosen.id}
                    summary={snapshots.value && summaryOf(destination, snapshots.value, plans)}
                    plans={plans.filter(({ destinationIds }) => destinationIds.includes(destination.id))}
                  />
                ))}
              </tbody>
            </table>
            <Chosen
              key={chosen.id}
              destination={chosen}
              summary={snapshots.value && summaryOf(chosen, snapshots.value, plans)}
              error={snapshots.error}
              again={snapshots.again}
            />
            <p className={classes['later']}>
              Object stores (S3, B2), SFTP, growth over time and costs come with later versions.
            </p>
          </>
        )}
      </div>
    </Page>
  )
}

const Empty = () => (
  <div className={classes['empty']}>
    <IconDatabaseOff size={32} stroke={1.5} color="var(--hf-ink3)" aria-hidden="true" />
    <h2>No place for backups yet</h2>
    <p>
      A destination is a folder on a drive of its own, or on another machine that is mounted here. What is
      stored there is a standard restic repository, encrypted with a key that only you have.
    </p>
    <Button size="sm" onClick={() => go('storage', ['add'])}>
      Add a destination
    </Button>
  </div>
)
