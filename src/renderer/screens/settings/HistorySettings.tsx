import { hrefOf } from '../../route.ts'
import { useMirror } from '../../store/context.tsx'
import { NumberSetting } from './NumberSetting.tsx'
import classes from './Settings.module.css'

export function HistorySettings() {
  const settings = useMirror(state => state.settings)
  if (!settings) return null
  return (
    <>
      <h2 className={classes['heading']}>History</h2>
      <p className={classes['lead']}>
        Every run stays in the <a href={hrefOf('history')}>history</a> for ever; it is small. Logs and lists
        of unreadable files are larger.
      </p>
      <div className={classes['rows']}>
        <NumberSetting
          id="log-days"
          label="Keep logs for"
          words="Older logs and warnings are removed, within a few hours. Snapshots and the runs themselves are not touched."
          value={settings.runLogDays}
          min={1}
          max={36_500}
          unit="days"
          change={days => (days === null ? {} : { runLogDays: days })}
        />
      </div>
    </>
  )
}
