import classes from './NextTimes.module.css'

export interface NextTime {
  readonly atMs: number
  /** What is due then. */
  readonly words: string
}

const day = (atMs: number, zone: string | null): string =>
  new Date(atMs).toLocaleDateString('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(zone !== null && { timeZone: zone }),
  })
const time = (atMs: number, zone: string | null): string =>
  new Date(atMs).toLocaleTimeString('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    ...(zone !== null && { timeZone: zone }),
  })

/** Times to come, a line each, in the zone of the plan. */
export const NextTimes = ({ times, zone = null }: { times: readonly NextTime[]; zone?: string | null }) => (
  <ol className={classes['times']}>
    {times.map(({ atMs, words }) => (
      <li key={`${atMs} ${words}`}>
        <time dateTime={new Date(atMs).toISOString()}>
          <span>{day(atMs, zone)}</span> <strong>{time(atMs, zone)}</strong>
        </time>
        <span>{words}</span>
      </li>
    ))}
  </ol>
)
