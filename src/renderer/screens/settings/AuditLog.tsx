import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { AuditEntry } from '../../../shared/entities/application.ts'
import { localTime, plural } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Name } from '../../parts/Name.tsx'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { useAction, useMirror } from '../../store/context.tsx'
import classes from './Settings.module.css'

const page = 50

/** Who asked for what, page by page, and whether anybody has tampered with it. */
export function AuditLog() {
  const list = useAction('audit.list')
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null)
  const [more, setMore] = useState(false)
  const nameOf = useNames()
  const load = async (before: readonly AuditEntry[]) => {
    const beforeSeq = before.at(-1)?.seq
    const found = await list.run({ limit: page, ...(beforeSeq === undefined ? {} : { beforeSeq }) })
    if (!found) return
    setEntries([...before, ...found])
    setMore(found.length === page && found.at(-1)!.seq > 1)
  }
  useEffect(() => {
    void load([])
    // once; it grows with every action, also with those of this window
  }, [])
  return (
    <>
      <h2 className={classes['heading']}>Audit log</h2>
      <p className={classes['lead']}>
        Every change and who asked for it. Entries are chained: one that is altered or taken out afterwards is
        found.
      </p>
      <Verify />
      {list.error && <ErrorNote error={list.error} again={() => void load(entries ?? [])} />}
      {entries?.length === 0 && <p className={classes['lead']}>Nothing has been changed yet.</p>}
      {entries && entries.length > 0 && (
        <table className={classes['table']}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Who</th>
              <th scope="col">Action</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ seq, atMs, who, action, subject, detail }) => (
              <tr key={seq}>
                <td>{localTime(atMs)}</td>
                <td className={classes['fixed']}>
                  <Name>{who}</Name>
                </td>
                <td className={classes['fixed']}>{action}</td>
                <td>
                  <Name>{short(nameOf(subject))}</Name>
                  {detail !== '' && (
                    <>
                      {' '}
                      <span className={classes['quiet']}>
                        <Name>{short(detail)}</Name>
                      </span>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more && (
        <div className={classes['buttons']}>
          <Button variant="default" loading={list.busy} onClick={() => void load(entries ?? [])}>
            Show older entries
          </Button>
        </div>
      )}
    </>
  )
}

/** What an ID stands for, as far as it is still known; the log itself keeps the ID. */
function useNames(): (subject: string) => string {
  const plans = useMirror(state => state.plans)
  const destinations = useMirror(state => state.destinations)
  const runs = useMirror(state => state.runs)
  return subject => {
    const run = runs[subject]
    return plans[subject]?.name ?? destinations[subject]?.name ?? (run ? `run of ${run.planName}` : subject)
  }
}

/** The whole of a long text is a screen full; its beginning says which it is. */
const short = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)

function Verify() {
  const verify = useAction('audit.verify')
  const [found, setFound] = useState<{ entries: number; brokenAtSeq: number | null } | null>(null)
  return (
    <div className={classes['buttons']}>
      <Button
        variant="default"
        loading={verify.busy}
        onClick={() => void verify.run(undefined).then(value => value && setFound(value))}
      >
        Verify the log
      </Button>
      <span role="status" className={classes['said']}>
        {found && found.brokenAtSeq === null && (
          <>
            <StateIcon look="proven" /> Whole just now: all {plural(found.entries, 'entry', 'entries')} are as
            they were written.
          </>
        )}
        {found && found.brokenAtSeq !== null && (
          <>
            <StateIcon look="failed" /> Broken at entry {found.brokenAtSeq}: it or one before it was changed
            or removed. Compare with the copy in a backup of the data directory.
          </>
        )}
      </span>
      {verify.error && <ErrorNote compact error={verify.error} />}
    </div>
  )
}
