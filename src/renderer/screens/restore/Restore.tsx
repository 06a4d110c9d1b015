import { Button } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { go, useRoute } from '../../route.ts'
import { useMirror } from '../../store/context.tsx'
import { Browse } from './Browse.tsx'
import { Compare } from './Compare.tsx'
import { placeOf } from './place.ts'
import { Wizard } from './wizard/Wizard.tsx'
import classes from './Restore.module.css'

/** Getting things back: looking through time, and the way from a selection to files on a disk. */
export default function Restore() {
  const route = useRoute()
  const plans = useMirror(state => state.plans)
  const destinations = useMirror(state => state.destinations)
  const [part] = route.rest
  if (part === 'wizard') return <Wizard step={route.rest[1] ?? 'target'} query={route.query} />

  const place = placeOf(route)
  const asked = place.planId ? plans[place.planId] : undefined
  const askedDestination = place.destinationId ? destinations[place.destinationId] : undefined
  const [first] = Object.values(plans).sort((a, b) => a.createdAtMs - b.createdAtMs)
  const [firstDestination] = Object.values(destinations).sort((a, b) => a.createdAtMs - b.createdAtMs)
  const plan = asked ?? (askedDestination ? undefined : first)
  const destination = askedDestination ?? destinations[plan?.destinationIds[0] ?? ''] ?? firstDestination
  if (!destination) return <NothingYet />
  const scope = {
    destinationId: destination.id,
    ...(plan?.destinationIds.includes(destination.id) ? { planId: plan.id } : {}),
  }
  // Another window may have removed the plan that the address names: what it stored is still there.
  const gone = (place.planId !== null && !asked) || (place.destinationId !== null && !askedDestination)
  if (part === 'compare') return <Compare scope={scope} query={route.query} />
  return <Browse scope={scope} place={place} gone={gone} />
}

function NothingYet() {
  return (
    <section className={classes['empty']}>
      <IconHistory size={44} stroke={1.5} color="var(--hf-ink2)" aria-hidden="true" />
      <h1>There is nothing to restore from yet</h1>
      <p>
        Once a plan has run, every file it stored can be found here, at every time it was stored. A backup
        that another computer made can be opened, too.
      </p>
      <Button size="sm" onClick={() => go('first-run')}>
        Set up a backup
      </Button>{' '}
      <Button size="sm" variant="default" onClick={() => go('first-run', ['existing'])}>
        Restore from an existing backup
      </Button>
    </section>
  )
}
