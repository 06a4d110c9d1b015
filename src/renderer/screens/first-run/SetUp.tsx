import { Checkbox } from '@mantine/core'
import { useEffect, useState } from 'react'
import { RetentionPolicy, type When } from '../../../shared/entities/plan.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'
import type { Place } from '../../parts/DestinationPlace.tsx'
import { Name } from '../../parts/Name.tsx'
import { freshName, unused } from '../../parts/place.ts'
import { keyFrom } from '../../parts/recovery/key.ts'
import { randomKey, useProving } from '../../parts/recovery/proving.ts'
import { useSizes } from '../../parts/sizes.ts'
import { go } from '../../route.ts'
import { useAsked, useMirror } from '../../store/context.tsx'
import { KeyStep } from './KeyStep.tsx'
import { Running } from './Running.tsx'
import { ScheduleAndKeep } from './ScheduleAndKeep.tsx'
import { Step } from './Step.tsx'
import { totalOf } from './totals.ts'
import { useStart } from './start.ts'
import { What } from './What.tsx'
import { Where } from './Where.tsx'

const steps = ['what', 'where', 'key', 'schedule', 'running'] as const
type StepName = (typeof steps)[number]
const labels = ['What', 'Where', 'Recovery key', 'Schedule and keep', 'Running']
const toStep = (step: StepName) => go('first-run', [step])

/** Five screens, three decisions. What was chosen stays while one goes back and forth between them. */
export function SetUp({ step: asked }: { step: string }) {
  const info = useMirror(state => state.info)
  const vault = useMirror(state => state.vault)
  const destinations = useMirror(state => state.destinations)
  const plans = useMirror(state => state.plans)
  const suggestions = useAsked('source.suggest', undefined)
  const [extra, setExtra] = useState<readonly string[]>([])
  const [picked, setPicked] = useState<readonly string[] | null>(null)
  const [place, setPlace] = useState<Place>({ path: '', report: null, use: { kind: 'none' } })
  const [name, setName] = useState<string | null>(null)
  const [key, setKey] = useState(randomKey)
  const [existingKey, setExistingKey] = useState('')
  const [made, setMade] = useState<{ path: string; existing: boolean } | null>(null)
  const [keptAway, setKeptAway] = useState(false)
  const [when, setWhen] = useState<When>({ kind: 'daily', time: '02:00' })
  const [policy, setPolicy] = useState(() => RetentionPolicy.parse({ maxSizeBytes: null }))
  const [planName, setPlanName] = useState<string | null>(null)
  const proving = useProving()
  const start = useStart()

  const chosen =
    picked ?? (suggestions.value?.folders ?? []).filter(({ suggested }) => suggested).map(({ path }) => path)
  const sizes = useSizes([...(suggestions.value?.folders ?? []).map(({ path }) => path), ...extra])
  const total = totalOf(chosen, sizes)
  const known = place.use.kind === 'known' ? place.use.destination : null
  // Typing the place of a repository that this very set-up made finds it "known"
  const own = known !== null && known.id === proving.destination?.id ? proving.destination : null
  const destination = known ?? (made?.path === place.path.trim() ? proving.destination : null)
  const shownName =
    name ??
    freshName(
      place.path.trim() || 'Backup',
      Object.values(destinations).map(each => each.name),
    )
  const shownPlan =
    planName ??
    unused(
      info?.hostname ?? 'This computer',
      Object.values(plans).map(each => each.name),
    )
  const existing = place.use.kind === 'existing' || (own !== null && made?.existing === true)

  const reachable: Record<StepName, boolean> = {
    what: true,
    where: chosen.length > 0 && suggestions.value !== null,
    key: place.use.kind !== 'none' && place.use.kind !== 'refused' && chosen.length > 0,
    schedule: destination !== null,
    running: start.plan !== null || start.busy || start.error !== null,
  }
  const wanted = steps.find(each => each === asked) ?? 'what'
  const step: StepName = start.plan !== null ? 'running' : reachable[wanted] ? wanted : 'what'
  useEffect(() => {
    // after a reload there is nothing to go on from
    if (step !== asked && asked !== 'what') history.replaceState(null, '', `#/first-run/${step}`)
  }, [step, asked])

  const open = vault === null || vault.state === 'open'
  const input = {
    draft: { name: shownName.trim(), location: { kind: 'local' as const, path: place.path.trim() } },
    key: existing ? keyFrom(existingKey) : key,
    create: !existing,
  }
  const make = () => {
    setMade({ path: place.path.trim(), existing })
    void proving.start(input)
  }

  function toKey(): void {
    if (known && !own) {
      // it has a key, which was shown when it was made
    } else if (made?.path !== place.path.trim() || proving.phase === 'failed' || proving.phase === 'idle') {
      if (made !== null && made.path !== place.path.trim()) {
        proving.forget()
        setKey(randomKey())
        setKeptAway(false)
      }
      if (open) make()
    }
    toStep('key')
  }

  const totals = (
    <>
      <strong>
        {total.atLeast && total.files > 0 ? 'at least ' : ''}
        {shortBytes(total.bytes)}
      </strong>{' '}
      in {plural(total.files, 'file')}, from {plural(chosen.length, 'folder')}
    </>
  )
  const kept = Object.values(destinations).length > 0 && start.plan === null
  const small = (
    <>
      <p>Takes about a minute. Everything can be changed later.</p>
      {kept && step !== 'running' && (
        <p>
          If you leave now, nothing is backed up yet.{' '}
          {proving.destination && (
            <>
              The repository “<Name>{proving.destination.name}</Name>” is kept.
            </>
          )}
        </p>
      )}
    </>
  )
  const run = useMirror(state => (start.runId === null ? null : (state.runs[start.runId] ?? null)))
  const stored = run?.state === 'succeeded' || run?.state === 'partial'
  const shared = { steps: labels, at: steps.indexOf(step) + (stored ? 1 : 0), small }

  switch (step) {
    case 'what':
      return (
        <Step
          {...shared}
          totals={chosen.length === 0 ? 'Choose at least one folder.' : totals}
          next={{ label: 'Continue', ready: reachable.where, act: () => toStep('where') }}
        >
          <What
            suggestions={suggestions}
            extra={extra}
            chosen={chosen}
            sizes={sizes}
            choose={(path, on) => setPicked(on ? [...chosen, path] : chosen.filter(each => each !== path))}
            add={path => {
              const listed = [...extra, ...(suggestions.value?.folders ?? []).map(each => each.path)]
              if (!listed.includes(path)) setExtra([...extra, path])
              if (!chosen.includes(path)) setPicked([...chosen, path])
            }}
          />
        </Step>
      )
    case 'where':
      return (
        <Step
          {...shared}
          totals={totals}
          back={() => toStep('what')}
          next={{
            label: 'Continue',
            ready: reachable.key && shownName.trim() !== '' && (!existing || existingKey.trim() !== ''),
            act: toKey,
          }}
        >
          <Where
            place={place}
            name={shownName}
            existingKey={existingKey}
            sources={chosen}
            setPlace={next => {
              if (next.path !== place.path) setName(null)
              setPlace(next)
            }}
            setName={setName}
            setExistingKey={setExistingKey}
          />
        </Step>
      )
    case 'key':
      return (
        <Step
          {...shared}
          again={open}
          totals={
            !existing && (!known || own) && open ? (
              <Checkbox
                label="The key is stored away from this computer"
                checked={keptAway}
                onChange={event => setKeptAway(event.currentTarget.checked)}
              />
            ) : null
          }
          back={() => toStep('where')}
          next={{
            label: 'Continue',
            ready:
              known && !own
                ? true
                : proving.phase === 'tested' && (keptAway || existing) && destination !== null,
            busy: proving.phase === 'making' || proving.phase === 'testing',
            act: () => toStep('schedule'),
          }}
        >
          <KeyStep
            known={own ? null : known}
            existing={existing}
            proving={proving}
            again={make}
            facts={{
              key,
              hostname: info?.hostname ?? 'this computer',
              destination: proving.destination?.name ?? input.draft.name,
              path: input.draft.location.path,
              repositoryId: proving.destination?.repositoryId ?? null,
              date: new Date().toLocaleDateString('en-GB', {
                day: 'numeric',
                month: 'long',
                year: 'numeric',
              }),
              version: info?.version ?? '',
            }}
          />
        </Step>
      )
    case 'schedule':
      return (
        <Step
          {...shared}
          totals={totals}
          back={() => toStep('key')}
          next={{
            label: 'Start the first backup',
            ready: shownPlan.trim() !== '' && destination !== null,
            busy: start.busy,
            act: () => {
              if (!destination) return
              toStep('running')
              void start.begin({
                name: shownPlan.trim(),
                sources: [{ kind: 'files', paths: [...chosen] }],
                destinationIds: [destination.id],
                schedules: [{ id: 'schedule', when }],
                retention: { standard: policy },
              })
            },
          }}
        >
          <ScheduleAndKeep
            when={when}
            policy={policy}
            planName={shownPlan}
            setWhen={setWhen}
            setPolicy={setPolicy}
            setPlanName={setPlanName}
          />
        </Step>
      )
    case 'running':
      return (
        <Step
          {...shared}
          small={<p>Backups go on without this window.</p>}
          leave={false}
          totals={totals}
          back={start.plan === null && start.error !== null ? () => toStep('schedule') : null}
          next={{
            label: run && hasEnded(run.state) ? 'Done' : 'Go to Home',
            ready: start.plan !== null,
            act: () => go('home'),
          }}
        >
          <Running run={run} error={start.error} again={start.again} />
        </Step>
      )
  }
}
