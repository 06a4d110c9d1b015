import { useEffect, useState } from 'react'

/** The value as it was when it last rested this long: what is typed is not asked about letter by letter. */
export function useRested<T>(value: T, restMs = 250): T {
  const [rested, setRested] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), restMs)
    return () => clearTimeout(timer)
  }, [value, restMs])
  return rested
}

/** Whether it has lasted long enough to be shown: what is loading for a blink leaves no trace. */
export function useLasting(state: boolean, ms = 150): boolean {
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!state) return setLasting(false)
    const timer = setTimeout(() => setLasting(true), ms)
    return () => clearTimeout(timer)
  }, [state, ms])
  return lasting
}
