import { ActionIcon, Button, Checkbox, Skeleton } from '@mantine/core'
import { IconArrowUp, IconFolder } from '@tabler/icons-react'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { plural } from '../../shared/wording.ts'
import { desktop } from '../client.ts'
import { useAsked } from '../store/context.tsx'
import { ErrorNote } from './ErrorNote.tsx'
import { useLasting } from './later.ts'
import { Name } from './Name.tsx'
import classes from './FolderChooser.module.css'

/** Looks through the folders of the machine that hosts the application, and takes one. */
export function FolderChooser({
  from,
  take,
  cancel,
  title,
}: {
  /** Where it begins. */
  from: string
  take: (path: string) => void
  cancel: () => void
  title: string
}) {
  const [path, setPath] = useState(from)
  const [hidden, setHidden] = useState(false)
  const folder = useAsked('source.folder', { path })
  const slow = useLasting(folder.loading)
  const list = useRef<HTMLUListElement>(null)
  const here = folder.value && !folder.error ? folder.value : null
  const above = here?.parent ?? null
  const folders = (here?.entries ?? []).filter(
    ({ type, name }) => type === 'dir' && (hidden || !name.startsWith('.')),
  )

  // Each folder that opens takes the focus, so that arrow keys go on in it.
  useEffect(() => {
    if (!folder.loading) (list.current?.querySelector('button') ?? list.current)?.focus()
  }, [folder.loading, folder.value?.path])

  function move(event: KeyboardEvent<HTMLUListElement>): void {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      buttons[Math.max(0, Math.min(buttons.length - 1, to))]?.focus()
    } else if ((event.key === 'Backspace' || event.key === 'ArrowLeft') && above !== null) {
      event.preventDefault()
      setPath(above)
    } else if (event.key === 'ArrowRight') {
      event.preventDefault()
      buttons[at]?.click()
    }
  }

  async function ask(): Promise<void> {
    const chosen = await desktop()?.chooseFolder(title)
    if (typeof chosen === 'string') take(chosen)
  }

  return (
    <div
      className={classes['box']}
      role="group"
      aria-label={title}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        cancel()
      }}
    >
      <div className={classes['head']}>
        <ActionIcon
          aria-label="The folder above"
          disabled={above === null}
          onClick={() => above !== null && setPath(above)}
        >
          <IconArrowUp size={16} />
        </ActionIcon>
        <span className={classes['path']}>
          <Name mono>{path}</Name>
        </span>
        <Checkbox
          label="Hidden ones too"
          checked={hidden}
          onChange={event => setHidden(event.currentTarget.checked)}
        />
      </div>
      <ul ref={list} className={classes['list']} tabIndex={-1} onKeyDown={move} aria-label="Folders">
        {folder.error && (
          <li className={classes['quiet']}>
            <ErrorNote compact error={folder.error} again={folder.again} />
          </li>
        )}
        {slow && !here && [0, 1, 2, 3].map(n => <Skeleton key={n} h={20} my={8} />)}
        {folders.map(({ path: each, name }) => (
          <li key={each}>
            <button type="button" className={classes['folder']} onClick={() => setPath(each)}>
              <IconFolder size={16} aria-hidden="true" />
              <span>
                <Name>{name}</Name>
              </span>
            </button>
          </li>
        ))}
        {here && folders.length === 0 && <li className={classes['quiet']}>There is no folder in here.</li>}
        {here && here.more > 0 && (
          <li className={classes['quiet']}>{plural(here.more, 'more item')} not shown: type the path.</li>
        )}
      </ul>
      <div className={classes['foot']}>
        {desktop() && (
          <Button variant="subtle" onClick={() => void ask()}>
            Use the system’s dialog…
          </Button>
        )}
        <span style={{ flex: 1 }} />
        <Button variant="default" onClick={cancel}>
          Cancel
        </Button>
        <Button variant="default" disabled={!here} onClick={() => take(path)}>
          Choose this folder
        </Button>
      </div>
    </div>
  )
}
