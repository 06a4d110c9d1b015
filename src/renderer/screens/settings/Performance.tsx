import { useMirror } from '../../store/context.tsx'
import { NumberSetting } from './NumberSetting.tsx'
import classes from './Settings.module.css'

const mebibyte = 1024 * 1024
/** What the contract takes at least, in whole MiB. */
const leastMemory = Math.ceil(150_000_000 / mebibyte)

export function Performance() {
  const settings = useMirror(state => state.settings)
  if (!settings) return null
  return (
    <>
      <h2 className={classes['heading']}>Performance</h2>
      <p className={classes['lead']}>
        A run takes what is named here at most. A change holds from the next run on.
      </p>
      <div className={classes['rows']}>
        <NumberSetting
          id="threads"
          label="Threads"
          words="Left empty: as many as this machine has cores, and half of them on battery."
          value={settings.threads}
          min={1}
          max={64}
          unit="threads"
          none="automatic"
          change={threads => ({ threads })}
        />
        <NumberSetting
          id="memory"
          label="Memory"
          words="Left empty: as much as threads and repository need. With less, large repositories are slower, never wrong."
          value={settings.memoryBytes === null ? null : Math.round(settings.memoryBytes / mebibyte)}
          min={leastMemory}
          max={1_048_576}
          step={64}
          unit="MiB"
          none="automatic"
          change={memory => ({ memoryBytes: memory === null ? null : memory * mebibyte })}
        />
      </div>
      <p className={classes['lead']} style={{ marginTop: 16 }}>
        Limits of bandwidth come with the first destinations that are reached over a network.
      </p>
    </>
  )
}
