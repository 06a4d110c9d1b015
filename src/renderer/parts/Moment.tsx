import { Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import { localTime, relative } from '../../shared/wording.ts'

/** Wakes every component that shows a relative time, once a minute. */
export function useNow(everyMs = 60_000): number {
  const [now, setNow] = useState(() => new Date().getTime())
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date().getTime()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}

/** A time as people say it; the absolute one on hover and focus. */
export function Moment({ atMs }: { atMs: number }) {
  const now = useNow()
  return (
    <Tooltip label={localTime(atMs)}>
      <time dateTime={new Date(atMs).toISOString()}>{relative(atMs, now)}</time>
    </Tooltip>
  )
}
