import { Button, Modal, Tooltip } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { Plan, PlanDraft } from '../../../shared/entities/plan.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Page } from '../../parts/Page.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { go, hrefOf, parseRoute, useRoute } from '../../route.ts'
import { useAction, useMirror } from '../../store/context.tsx'
import { changesBetween, draftOf, newDraft, problemsOf, same, type Problem } from './draft.ts'
import { EditorForm } from './EditorForm.tsx'
import { useLeaveGuard } from './leaving.ts'
import { standingOf, type Base } from './standing.ts'
import classes from './Editor.module.css'

/** Changes a plan, or makes one. What is typed stays here until it is saved. */
export function Editor({ id }: { id: string }) {
  const plan = useMirror(state => state.plans[id])
  const destinations = useMirror(state => state.destinations)
  const first = useRef({ plan, destinations: Object.keys(destinations) }).current
  if (id !== 'new' && !first.plan && !plan) return <Missing />
  return (
    <Form
      id={id}
      start={first.plan ?? plan ?? null}
      destinationIds={first.destinations.length === 1 ? first.destinations : []}
    />
  )
}

const Missing = () => (
  <Page title="This plan is not there" crumbs={<Crumbs />}>
    <p>It has been removed, or the address is wrong. Its snapshots and its history stay.</p>
    <Button variant="default" onClick={() => go('plans')}>
      All plans
    </Button>
  </Page>
)

const Crumbs = () => (
  <a className={classes['crumb']} href={hrefOf('plans')}>
    Plans <IconChevronRight size={14} aria-hidden="true" />
  </a>
)

const baseOf = (plan: Plan): Base => ({ draft: draftOf(plan), revision: plan.revision })

function Form({ id, start, destinationIds }: { id: string; start: Plan | null; destinationIds: string[] }) {
  const route = useRoute()
  const saved = useMirror(state => state.plans[id])
  const link = useMirror(state => state.link)
  const destinations = useMirror(state => state.destinations)
  const [base, setBase] = useState<Base | null>(() => (start ? baseOf(start) : null))
  const [empty] = useState(() => newDraft(destinationIds))
  const [draft, setDraft] = useState<PlanDraft>(() => base?.draft ?? empty)
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const create = useAction('plan.create')
  const update = useAction('plan.update')
  const dryRun = useAction('run.start')
  const busy = create.busy || update.busy
  const before = base?.draft ?? empty
  const dirty = !same(before, draft)
  const standing = standingOf(base, draft, saved)

  useEffect(() => {
    if (standing.kind !== 'behind' || busy) return
    setBase(baseOf(standing.plan))
    if (standing.replacesDraft) setDraft(draftOf(standing.plan))
  }, [standing, busy])

  const madeId = useRef<string | null>(null)
  const guard = useLeaveGuard(dirty, hash => {
    const { page, rest } = parseRoute(hash)
    return page === 'plans' && (rest[0] === id || (rest[0] !== undefined && rest[0] === madeId.current))
  })

  const change = (part: Partial<PlanDraft>) => {
    setDraft(current => ({ ...current, ...part }))
    setProblems([])
  }

  /** @returns whether it is saved */
  async function save(asNew = base === null): Promise<boolean> {
    const wrong = problemsOf(draft)
    setProblems(wrong)
    if (wrong[0]) {
      go('plans', [id], { section: wrong[0].section })
      return false
    }
    if (asNew || base === null) {
      const made = await create.run({ draft })
      if (!made) return false
      madeId.current = made.id
      setBase(baseOf(made))
      setDraft(draftOf(made))
      go('plans', [made.id])
      return true
    }
    const kept = await update.run({ id, draft, revision: base.revision })
    if (!kept) return false
    setBase(baseOf(kept))
    setDraft(draftOf(kept))
    return true
  }

  const saveNow = useRef(save)
  saveNow.current = save
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key.toLowerCase() !== 's' ||
        !(event.ctrlKey || event.metaKey) ||
        event.shiftKey ||
        event.altKey
      )
        return
      event.preventDefault()
      void saveNow.current()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  const nameOf = (each: string) => destinations[each]?.name ?? 'another destination'
  const changes = changesBetween(before, draft, nameOf)
  // A conflict is said in the banner, with both sides.
  const error = create.error ?? (standing.kind === 'conflict' ? null : update.error) ?? dryRun.error

  async function tryOut(): Promise<void> {
    const run = await dryRun.run({ planId: id, dryRun: true })
    if (run) go('runs', [run.id])
  }

  return (
    <Page
      flush
      title={base === null ? draft.name || 'New plan' : draft.name || before.name}
      crumbs={<Crumbs />}
      aside={dirty && base !== null ? <span className={classes['tag']}>Unsaved changes</span> : null}
      actions={
        <>
          {base !== null && (
            <Tooltip
              label={
                dirty
                  ? 'Save first: a dry run does what is saved'
                  : 'Says what a run would store; writes nothing'
              }
            >
              <Button
                variant="subtle"
                disabled={dirty || standing.kind === 'removed'}
                loading={dryRun.busy}
                onClick={() => void tryOut()}
              >
                Dry run
              </Button>
            </Tooltip>
          )}
          <Button
            variant="default"
            disabled={!dirty || busy}
            onClick={() => {
              setDraft(before)
              setProblems([])
            }}
          >
            Discard
          </Button>
          <Button
            disabled={(!dirty && base !== null) || standing.kind !== 'current' || link === 'lost'}
            loading={busy}
            onClick={() => void save()}
          >
            {base === null ? 'Add plan' : 'Save plan'}
          </Button>
        </>
      }
    >
      <div style={{ display: 'flex', flexDirection: 'column', flex: 1, minWidth: 0 }}>
        {standing.kind === 'conflict' && (
          <Conflict
            mine={changes}
            theirs={changesBetween(before, draftOf(standing.plan), nameOf)}
            takeTheirs={() => {
              setBase(baseOf(standing.plan))
              setDraft(draftOf(standing.plan))
              update.clear()
            }}
            keepMine={() => {
              setBase(baseOf(standing.plan))
              update.clear()
            }}
          />
        )}
        {standing.kind === 'removed' && !busy && (
          <Banner title="This plan has been removed in another window.">
            <p className={classes['note']}>
              Its snapshots and its history stay. What you see here is kept only if you save it.
            </p>
            <div className={classes['buttons']} style={{ marginTop: 8 }}>
              <Button variant="default" loading={busy} onClick={() => void save(true)}>
                Save as a new plan
              </Button>
              <Button
                variant="subtle"
                onClick={() => {
                  guard.leave(hrefOf('plans'))
                }}
              >
                Let it go
              </Button>
            </div>
          </Banner>
        )}
        {error && (
          <div style={{ padding: '12px 24px', borderBottom: '1px solid var(--hf-line2)' }}>
            <ErrorNote compact error={error} />
          </div>
        )}
        <EditorForm
          id={id}
          draft={draft}
          plan={saved ?? null}
          changes={changes}
          problems={problems}
          wanted={route.query.get('section')}
          onChange={change}
        />
      </div>
      <Modal
        opened={guard.wanted !== null}
        onClose={guard.stay}
        title={<strong>Save the changes first?</strong>}
        withCloseButton={false}
      >
        <p style={{ marginTop: 0 }}>
          {changes.slice(0, 6).join(', ')}
          {changes.length > 6 ? ` and ${changes.length - 6} more` : ''}.
        </p>
        <div className={classes['buttons']} style={{ justifyContent: 'flex-end' }}>
          <Button
            variant="default"
            onClick={() => {
              guard.leave()
            }}
          >
            Discard them
          </Button>
          <Button variant="default" onClick={guard.stay}>
            Stay here
          </Button>
          <Button
            data-autofocus
            loading={busy}
            onClick={() => void save().then(done => (done ? guard.leave() : guard.stay()))}
          >
            Save and go
          </Button>
        </div>
      </Modal>
    </Page>
  )
}

function Banner({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={classes['banner']} role="alert">
      <StateIcon look="gap" />
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  )
}

function Conflict({
  mine,
  theirs,
  takeTheirs,
  keepMine,
}: {
  mine: readonly string[]
  theirs: readonly string[]
  takeTheirs: () => void
  keepMine: () => void
}) {
  return (
    <Banner title="This plan was changed in another window meanwhile. Nothing of yours has been saved.">
      <dl className={classes['sides']}>
        <dt>There</dt>
        <dd>{theirs.join(', ') || 'nothing that shows'}</dd>
        <dt>Here</dt>
        <dd>{mine.join(', ')}</dd>
      </dl>
      <div className={classes['buttons']}>
        <Button variant="default" onClick={takeTheirs}>
          Take theirs
        </Button>
        <Button variant="subtle" onClick={keepMine}>
          Keep mine: saving replaces theirs
        </Button>
      </div>
    </Banner>
  )
}
