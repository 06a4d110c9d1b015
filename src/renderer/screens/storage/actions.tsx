import { Button, Loader, Modal, TextInput } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import type { Destination } from '../../../shared/entities/destination.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Name } from '../../parts/Name.tsx'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { keyFrom } from '../../parts/recovery/key.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { go, useRoute } from '../../route.ts'
import { useAction, useMirror } from '../../store/context.tsx'
import classes from './Storage.module.css'

function Action({
  title,
  words,
  button,
  children,
}: {
  title: string
  words: ReactNode
  button: ReactNode
  children?: ReactNode
}) {
  return (
    <li>
      <div className={classes['action']}>
        <span>
          {title}
          <br />
          <span className={classes['quiet']}>{words}</span>
        </span>
        {button}
      </div>
      {children}
    </li>
  )
}

/** Reads what another computer, or restic, put there. */
export function Refresh({ destination: { id, presence } }: { destination: Destination }) {
  const refresh = useAction('destination.refresh')
  const [done, setDone] = useState(false)
  return (
    <Action
      title="Read its snapshots again"
      words="Finds what another computer or restic put there, and makes it searchable."
      button={
        <Button
          variant="default"
          disabled={presence === 'absent' || refresh.busy}
          onClick={() => {
            setDone(false)
            void refresh.run({ id }).then(fresh => setDone(fresh !== null))
          }}
        >
          Read again
        </Button>
      }
    >
      <div role="status">
        {refresh.busy && (
          <p className={classes['buttons']} style={{ margin: '4px 0' }}>
            <Loader size={14} /> Reading. This window can be closed meanwhile; a large repository takes
            minutes.
          </p>
        )}
        {done && !refresh.busy && (
          <p className={classes['buttons']} style={{ margin: '4px 0' }}>
            <StateIcon look="stored" /> Read just now.
          </p>
        )}
      </div>
      {refresh.error && <ErrorNote compact error={refresh.error} />}
    </Action>
  )
}

export function SetPassword({ destination: { id, hasPassword, presence } }: { destination: Destination }) {
  const vault = useMirror(state => state.vault)
  const set = useAction('destination.setPassword')
  const locked = vault !== null && vault.state !== 'open'
  // whoever was sent here to give it finds the field open
  const asked = useRoute().query.get('give') === 'password'
  const lost = !hasPassword && !locked
  const [open, setOpen] = useState(asked || lost)
  const [typed, setTyped] = useState('')
  const [done, setDone] = useState(false)
  const give = async () => {
    if (!(await set.run({ id, password: keyFrom(typed) }))) return
    setTyped('')
    setOpen(false)
    setDone(true)
  }
  return (
    <Action
      title={lost ? 'Give its password' : 'Give its password again'}
      words={
        locked
          ? 'The place where passwords are kept has to be opened first.'
          : 'After it was changed elsewhere. It is tried on the repository before it is kept.'
      }
      button={
        locked ? (
          <Button variant="default" onClick={() => go('settings', ['security'])}>
            Open it…
          </Button>
        ) : (
          <Button
            variant="default"
            aria-expanded={open}
            disabled={presence === 'absent'}
            onClick={() => setOpen(before => !before)}
          >
            {open ? 'Leave it' : 'Enter it…'}
          </Button>
        )
      }
    >
      {done && !open && (
        <p role="status" className={classes['buttons']} style={{ margin: '4px 0' }}>
          <StateIcon look="stored" /> It opens the repository, and is kept.
        </p>
      )}
      {open && !locked && (
        <form
          className={classes['form']}
          onSubmit={event => {
            event.preventDefault()
            void give()
          }}
        >
          {lost && (
            <p style={{ margin: 0, maxWidth: 560 }}>
              Nobody, including us, can open this repository without its key. Look for the recovery kit, on
              paper or on a stick, or for another computer that uses this repository.
            </p>
          )}
          <ExistingKey value={typed} onChange={setTyped} />
          {set.error && <ErrorNote compact error={set.error} />}
          <div className={classes['buttons']}>
            <Button type="submit" disabled={typed.trim() === '' || presence === 'absent'} loading={set.busy}>
              Try and keep it
            </Button>
            {presence === 'absent' && <span>Connect the drive first.</span>}
          </div>
        </form>
      )}
    </Action>
  )
}

export function Rename({ destination: { id, name, revision } }: { destination: Destination }) {
  const rename = useAction('destination.rename')
  const [typed, setTyped] = useState<string | null>(null)
  useEffect(() => setTyped(null), [name])
  const next = (typed ?? '').trim()
  return (
    <Action
      title="Rename"
      words="Only what it is called here; the repository does not know its name."
      button={
        <Button
          variant="default"
          aria-expanded={typed !== null}
          onClick={() => setTyped(before => (before === null ? name : null))}
        >
          {typed === null ? 'Rename…' : 'Leave it'}
        </Button>
      }
    >
      {typed !== null && (
        <form
          className={classes['form']}
          onSubmit={event => {
            event.preventDefault()
            if (next === name) setTyped(null)
            else if (next !== '')
              void rename.run({ id, name: next, revision }).then(renamed => renamed && setTyped(null))
          }}
        >
          <div className={classes['buttons']} style={{ alignItems: 'flex-end' }}>
            <TextInput
              label="New name"
              value={typed}
              maxLength={80}
              autoFocus
              w={280}
              onChange={event => setTyped(event.currentTarget.value)}
            />
            <Button type="submit" disabled={next === ''} loading={rename.busy}>
              Rename
            </Button>
          </div>
          {rename.error && <ErrorNote compact error={rename.error} />}
        </form>
      )}
    </Action>
  )
}

export function Remove({ destination }: { destination: Destination }) {
  const { id, name, location } = destination
  const plans = Object.values(useMirror(state => state.plans)).filter(({ destinationIds }) =>
    destinationIds.includes(id),
  )
  const remove = useAction('destination.remove')
  const [asking, setAsking] = useState(false)
  const used = plans.length > 0
  return (
    <Action
      title="Remove from this list"
      words={
        used ? (
          <>
            Used by{' '}
            {plans.map((plan, at) => (
              <span key={plan.id}>
                {at > 0 && ', '}
                <Name>{plan.name}</Name>
              </span>
            ))}
            : give {plans.length === 1 ? 'it' : 'them'} another destination first.
          </>
        ) : (
          'The repository and all its snapshots stay where they are.'
        )
      }
      button={
        <Button variant="default" disabled={used} onClick={() => setAsking(true)}>
          Remove…
        </Button>
      }
    >
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Remove “${name}” from this list?`}>
        <p style={{ margin: '0 0 8px' }}>
          Holdfast forgets this destination and its password. The repository at{' '}
          <Name mono>{location.path}</Name> stays as it is, with all its snapshots; it can be added again with
          its recovery key.
        </p>
        <p style={{ margin: '0 0 16px' }}>
          Without that key nobody can open it: is the recovery kit at hand?
        </p>
        {remove.error && <ErrorNote compact error={remove.error} />}
        <div className={classes['buttons']} style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" data-autofocus onClick={() => setAsking(false)}>
            Keep it
          </Button>
          <Button
            color="red"
            loading={remove.busy}
            onClick={() =>
              void remove.run({ id }).then(gone => {
                if (gone === null) return
                setAsking(false)
                go('storage')
              })
            }
          >
            Remove
          </Button>
        </div>
      </Modal>
    </Action>
  )
}
