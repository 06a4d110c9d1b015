import { useEffect, useState } from 'react'
import { hasEnded, type LogLine, type Run } from '../../../shared/entities/run.ts'
import { localTime, visible } from '../../../shared/wording.ts'
import { StateIcon } from '../../parts/StateIcon.tsx'
import { useClient } from '../../store/context.tsx'
import classes from './RunView.module.css'

/** Lines that are fetched at once; a log has ten thousand at most. */
const page = 1000

/** What a run said, the oldest first; it grows while the run goes on. */
export function RunLog({ run, everything }: { run: Run; everything: boolean }) {
  const client = useClient()
  const [lines, setLines] = useState<readonly LogLine[]>([])
  useEffect(() => setLines([]), [run.id])
  useEffect(() => {
    let current = true
    const timer = setTimeout(() => {
      client.call('run.log', { id: run.id, afterSeq: lines.at(-1)?.seq ?? 0, limit: page }).then(
        more =>
          current &&
          more.length > 0 &&
          setLines(before => [...before, ...more.filter(({ seq }) => seq > (before.at(-1)?.seq ?? 0))]),
        () => undefined, // the link says that it is lost; the next change asks again
      )
    }, 300)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [client, run.id, run.revision, lines])
  const shown = everything ? lines : lines.filter(({ level }) => level !== 'output')
  if (shown.length === 0) {
    return (
      <p className={classes['quiet']}>
        {hasEnded(run.state)
          ? 'There is no log: nothing was said, or it is older than logs are kept.'
          : 'Nothing was said yet.'}
      </p>
    )
  }
  return (
    <ol className={classes['log']}>
      {shown.map(({ seq, atMs, level, text }) => (
        <li key={seq} data-level={level}>
          <time>{localTime(atMs).slice(11)}</time>
          <span className={classes['mark']}>
            {level === 'warning' && <StateIcon look="gap" size={14} />}
            {level === 'error' && <StateIcon look="failed" size={14} />}
          </span>
          <span>
            <bdi>{visible(text)}</bdi>
          </span>
        </li>
      ))}
    </ol>
  )
}
