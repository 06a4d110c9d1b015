import { Button, Checkbox, FileButton, PasswordInput, Textarea } from '@mantine/core'
import { IconFileText } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { Output } from '../../../shared/contract.ts'
import { variablesIn } from '../../../shared/plan-variables.ts'
import { plural } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Name } from '../../parts/Name.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { useAction } from '../../store/context.tsx'
import classes from './Settings.module.css'

type Changes = Output<'plan.apply'>

const actions: Record<Changes[number]['action'], [sign: string, words: string, colour: string]> = {
  create: ['+', 'add', 'accent'],
  update: ['≠', 'change', 'warnfill'],
  remove: ['−', 'remove', 'bad'],
  unchanged: ['=', 'as it is', 'ink3'],
}
const parts: Record<string, string> = {
  sources: 'what it protects',
  destinationIds: 'where it goes',
  schedules: 'when it runs',
  conditions: 'conditions',
  retention: 'what is kept',
  hooks: 'commands',
  zone: 'time zone',
  maxRunMinutes: 'longest run',
}

/** Takes a file in: first what it would change, then, for exactly that, the change. */
export function ApplyFile() {
  const apply = useAction('plan.apply')
  const [yaml, setYaml] = useState('')
  const [prune, setPrune] = useState(false)
  const [given, setGiven] = useState<Record<string, string>>({})
  const [unread, setUnread] = useState<string | null>(null)
  /** What a look ahead found, and for which question: any other file or choice needs a look of its own. */
  const [ahead, setAhead] = useState<{ of: string; changes: Changes } | null>(null)
  const [done, setDone] = useState<Changes | null>(null)
  // a comment may speak of variables without using any
  const names = useMemo(() => variablesIn(yaml.replace(/^\s*#.*$/gm, '')), [yaml])
  const variables = Object.fromEntries(names.map(name => [name, given[name] ?? '']))
  const question = JSON.stringify([yaml, prune, variables])
  const shown = ahead?.of === question ? ahead.changes : null
  const differing = shown?.filter(({ action }) => action !== 'unchanged') ?? []
  const complete = yaml.trim() !== '' && names.every(name => variables[name] !== '')

  function change(next: string): void {
    setYaml(next)
    setDone(null)
    apply.clear()
  }
  async function take(file: File | null): Promise<void> {
    if (!file) return
    setUnread(file.size > 1_000_000 ? `${file.name} is larger than a file of plans can be.` : null)
    if (file.size <= 1_000_000) change(await file.text())
  }
  async function look(): Promise<void> {
    const changes = await apply.run({ yaml, variables, prune, dryRun: true })
    setAhead(changes && { of: question, changes })
  }
  async function make(): Promise<void> {
    const changes = await apply.run({ yaml, variables, prune, dryRun: false })
    if (!changes) return
    setDone(changes)
    setAhead(null)
    setYaml('')
    setGiven({})
  }

  return (
    <>
      <h2 className={classes['heading']}>Apply a file</h2>
      <p className={classes['lead']}>
        Makes plans and destinations what a file says. You see what would change before anything does.
      </p>
      <Textarea
        label="The file"
        placeholder="Paste it here, or choose one"
        value={yaml}
        onChange={event => change(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={14}
        spellCheck={false}
        styles={{
          input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12, lineHeight: '18px' },
        }}
      />
      <div className={classes['buttons']}>
        <FileButton accept=".yml,.yaml,text/yaml,text/plain" onChange={file => void take(file)}>
          {props => (
            <Button variant="default" leftSection={<IconFileText size={15} aria-hidden="true" />} {...props}>
              Choose a file…
            </Button>
          )}
        </FileButton>
        <Checkbox
          label="Remove plans that the file does not name"
          checked={prune}
          onChange={event => setPrune(event.currentTarget.checked)}
        />
        {unread !== null && <span role="alert">{unread}</span>}
      </div>
      {names.length > 0 && (
        <div className={classes['fields']}>
          {names.map(name => (
            <PasswordInput
              key={name}
              label={`What the file calls \${${name}}`}
              value={given[name] ?? ''}
              autoComplete="off"
              onChange={event => {
                const { value } = event.currentTarget
                setGiven(before => ({ ...before, [name]: value }))
              }}
            />
          ))}
        </div>
      )}
      <div className={classes['buttons']}>
        <Button
          variant="default"
          disabled={!complete}
          loading={apply.busy && shown === null}
          onClick={() => void look()}
        >
          Show what would change
        </Button>
        {differing.length > 0 && (
          <Button loading={apply.busy} onClick={() => void make()}>
            Apply {plural(differing.length, 'change')}
          </Button>
        )}
      </div>
      {apply.error && <ErrorNote compact error={apply.error} />}
      <div role="status">
        {shown && differing.length === 0 && (
          <p className={classes['said']}>
            <StateIcon look="note" /> Everything is as the file says: there is nothing to change.
          </p>
        )}
        {done && (
          <p className={classes['said']}>
            <StateIcon look="stored" />
            Applied: {plural(done.filter(({ action }) => action !== 'unchanged').length, 'change')}.
          </p>
        )}
      </div>
      {shown && shown.length > 0 && <ChangeTable changes={shown} />}
    </>
  )
}

const ChangeTable = ({ changes }: { changes: Changes }) => (
  <table className={classes['table']}>
    <thead>
      <tr>
        <th scope="col">Change</th>
        <th scope="col">Kind</th>
        <th scope="col">Name</th>
        <th scope="col">What is different</th>
      </tr>
    </thead>
    <tbody>
      {changes.map(({ kind, name, action, changes: keys }) => {
        const [sign, words, colour] = actions[action]
        return (
          <tr key={`${kind} ${name}`}>
            <td>
              <span
                style={{ color: `var(--hf-${colour})`, fontWeight: 600, marginRight: 8 }}
                aria-hidden="true"
              >
                {sign}
              </span>
              {words}
            </td>
            <td>{kind}</td>
            <td>
              <Name>{name}</Name>
            </td>
            <td>{keys.map(key => parts[key] ?? key).join(', ')}</td>
          </tr>
        )
      })}
    </tbody>
  </table>
)
