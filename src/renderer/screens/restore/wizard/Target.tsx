import { Button, Checkbox, TextInput } from '@mantine/core'
import { IconArrowUp, IconFolder, IconFolderPlus } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { plural, shortBytes, visible } from '../../../../shared/wording.ts'
import { desktop } from '../../../client.ts'
import { ErrorNote } from '../../../parts/ErrorNote.tsx'
import { StateIcon } from '../../../parts/StateIcon.tsx'
import { go } from '../../../route.ts'
import { useAsked, useMirror } from '../../../store/context.tsx'
import { Name } from '../Name.tsx'
import { inSnapshot, isWithin, nameOf } from '../paths.ts'
import { decide, type Draft } from './draft.ts'
import { StepPage } from './Wizard.tsx'
import classes from './Wizard.module.css'

interface StepProps {
  draft: Draft
  title: string
  onClose: () => void
}

/** Where it goes. The field is shown once it is known what stands in it, so that nothing is written over what is typed. */
export function Target(props: StepProps) {
  const suggested = useAsked('source.suggest', undefined)
  if (suggested.value === null && suggested.error === null)
    return (
      <StepPage {...props} step="Target" said="Nothing has been changed yet.">
        {null}
      </StepPage>
    )
  return <Choosing {...props} home={suggested.value?.home ?? null} />
}

function Choosing({ draft, title, onClose, home }: StepProps & { home: string | null }) {
  const { target } = draft
  const [kind, setKind] = useState<'original' | 'folder'>(target?.kind ?? 'folder')
  // A new folder in the home is in nobody's way.
  const [typed, setTyped] = useState(
    target?.kind === 'folder' ? target.path : home === null ? '' : below(home, 'Restored'),
  )
  const place = useVerdict(kind === 'folder' ? typed : null, draft.destinationId)
  const paths = draft.parts.flatMap(part => part.paths)
  const next = () => {
    decide({ target: kind === 'original' ? { kind } : { kind, path: typed } })
    go('restore', ['wizard', 'conflicts'])
  }
  return (
    <StepPage
      title={title}
      step="Target"
      onClose={onClose}
      said="Nothing has been changed yet."
      actions={
        <Button size="sm" disabled={kind === 'folder' && !place.fine} onClick={next}>
          Continue
        </Button>
      }
    >
      <div className={classes['column']}>
        <div>
          <h2 id="where">Where should {paths.length === 1 ? <Name text={nameOf(paths[0]!)} /> : 'it'} go?</h2>
          <div className={classes['choices']} role="radiogroup" aria-labelledby="where">
            <label className={classes['choice']}>
              <input
                type="radio"
                name="target"
                checked={kind === 'original'}
                onChange={() => setKind('original')}
              />
              <span>
                <strong>The original place</strong>
                <small>
                  Each item goes where it was when it was backed up. What becomes of files that are there now
                  is asked next.
                </small>
              </span>
            </label>
            <label className={classes['choice']} style={{ borderBottom: kind === 'folder' ? 0 : undefined }}>
              <input
                type="radio"
                name="target"
                checked={kind === 'folder'}
                onChange={() => setKind('folder')}
              />
              <span>
                <strong>A folder</strong>
                <small>Choose one, or name a new one: it will be made.</small>
              </span>
            </label>
          </div>
          {kind === 'folder' && (
            <div className={classes['pickFolder']}>
              <Chooser path={typed} onPath={setTyped} home={home} />
              <div className={classes['verdict']} role="status">
                {place.look && <StateIcon look={place.look} />}
                <span>{place.words}</span>
              </div>
              {place.error && <ErrorNote error={place.error} compact />}
              <Checkbox
                mt={8}
                label="Keep the folders above each item"
                description={`On: ${visible(below(typed || '…', paths[0]?.slice(1) ?? ''))}`}
                checked={draft.keepFolders}
                onChange={event => decide({ keepFolders: event.currentTarget.checked })}
              />
            </div>
          )}
        </div>
      </div>
    </StepPage>
  )
}

interface Verdict {
  readonly fine: boolean
  readonly words: string
  readonly look: 'note' | 'failed' | 'gap' | null
  readonly error: ReturnType<typeof useAsked>['error']
}

/** Whether a restore can go there. The repository itself never is a target: it would be damaged. */
function useVerdict(path: string | null, destinationId: string): Verdict {
  const [settled, setSettled] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(path), 200)
    return () => clearTimeout(timer)
  }, [path])
  const destinations = useMirror(state => state.destinations)
  const absolute =
    path !== null && (/^[A-Za-z]:[\\/]/.test(path) || path.startsWith('/') || path.startsWith('\\\\'))
  const asked = useAsked(
    'destination.look',
    settled !== null && settled === path && absolute ? { path: settled } : null,
  )
  const say = (fine: boolean, look: Verdict['look'], words: string): Verdict => ({
    fine,
    look,
    words,
    error: null,
  })
  if (path === null) return say(true, null, '')
  if (path.trim() === '') return say(false, 'note', 'Write or choose a folder.')
  if (!absolute) return say(false, 'failed', 'Write the whole path, from the root on.')
  const inside = Object.values(destinations).find(({ location }) =>
    isWithin(inSnapshot(path), inSnapshot(location.path)),
  )
  if (inside)
    return say(
      false,
      'failed',
      inside.id === destinationId
        ? 'This is the repository that it is restored from. Files put there would damage it: choose another folder.'
        : `This is the repository of ${inside.name}. Files put there would damage it: choose another folder.`,
    )
  if (asked.error) return { fine: false, look: null, words: '', error: asked.error }
  if (!asked.value || asked.value.path !== path.replace(/(.)[\\/]+$/, '$1')) return say(false, null, '')
  const { state, writable, freeBytes, message } = asked.value
  const room = freeBytes === null ? '' : ` ${shortBytes(freeBytes)} free.`
  if (state === 'no-folder') return say(false, 'failed', 'This is a file. Choose a folder.')
  if (state === 'repository')
    return say(
      false,
      'failed',
      'This is a repository. Files put there would damage it: choose another folder.',
    )
  if (state === 'refused' || !writable) return say(false, 'failed', message)
  if (state === 'missing') return say(true, 'note', `The folder will be made.${room}`)
  if (state === 'empty') return say(true, 'note', `The folder is empty.${room}`)
  return say(
    true,
    'note',
    `Other files are in this folder; nothing of them is changed before you have seen how.${room}`,
  )
}

/** Folders of this machine. */
function Chooser({
  path,
  onPath,
  home,
}: {
  path: string
  onPath: (path: string) => void
  home: string | null
}) {
  const [at, setAt] = useState<string | null>(null)
  const [named, setNamed] = useState('')
  const shown = at ?? home
  const folder = useAsked('source.folder', shown === null ? null : { path: shown })
  const places = useAsked('destination.places', undefined)
  const bridge = desktop()
  const folders = folder.value?.entries.filter(({ type }) => type === 'dir') ?? []
  const enter = (next: string) => {
    setAt(next)
    onPath(next)
  }
  return (
    <>
      <div className={classes['path']}>
        <TextInput
          flex={1}
          aria-label="Folder to restore into"
          value={path}
          onChange={event => onPath(event.currentTarget.value)}
          spellCheck={false}
          maxLength={4096}
        />
        {bridge && (
          <Button
            variant="default"
            onClick={() =>
              void bridge
                .chooseFolder('Choose a folder to restore into')
                .then(chosen => chosen && enter(chosen))
            }
          >
            Choose…
          </Button>
        )}
      </div>
      <div className={classes['folders']}>
        {folder.error ? (
          <div style={{ padding: 12 }}>
            <ErrorNote error={folder.error} again={folder.again} compact />
          </div>
        ) : (
          <>
            {folder.value?.parent && (
              <button
                type="button"
                className={classes['folder']}
                onClick={() => enter(folder.value!.parent!)}
              >
                <IconArrowUp size={16} aria-hidden="true" />
                Up to <Name text={folder.value.parent} />
              </button>
            )}
            {folders.map(entry => (
              <button
                type="button"
                key={entry.path}
                className={classes['folder']}
                disabled={!entry.readable}
                onClick={() => enter(entry.path)}
              >
                <IconFolder size={16} stroke={1.75} aria-hidden="true" />
                <Name text={entry.name} />
              </button>
            ))}
            {folder.value && folder.value.more > 0 && (
              <p className={classes['quiet']} style={{ padding: '4px 12px' }}>
                {plural(folder.value.more, 'entry', 'entries')} more: write the path instead.
              </p>
            )}
          </>
        )}
      </div>
      <div className={classes['shortcuts']}>
        {home && (
          <Button variant="default" size="compact-sm" onClick={() => enter(home)}>
            Home
          </Button>
        )}
        {(places.value ?? []).slice(0, 6).map(place => (
          <Button key={place.path} variant="default" size="compact-sm" onClick={() => enter(place.path)}>
            {place.label}, {shortBytes(place.freeBytes)} free
          </Button>
        ))}
        <span style={{ flex: 1 }} />
        <TextInput
          aria-label="Name of a new folder"
          placeholder="New folder"
          w={160}
          value={named}
          onChange={event => setNamed(event.currentTarget.value)}
          onKeyDown={event => event.key === 'Enter' && shown && named.trim() && make()}
          maxLength={255}
        />
        <Button
          variant="default"
          leftSection={<IconFolderPlus size={16} />}
          disabled={!shown || named.trim() === '' || /[/\\]/.test(named)}
          onClick={() => make()}
        >
          Use it
        </Button>
      </div>
    </>
  )

  function make() {
    if (!shown || /[/\\]/.test(named)) return
    onPath(below(shown, named.trim()))
    setNamed('')
  }
}

const below = (folder: string, name: string): string => {
  const slash = /^[A-Za-z]:|^\\\\/.test(folder) ? '\\' : '/'
  return `${folder.replace(/[\\/]+$/, '')}${slash}${name}`
}
