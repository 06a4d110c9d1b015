import { useEffect, useRef, useState } from 'react'
import type { CallInput } from '../../shared/contract.ts'
import { useClient } from '../store/context.tsx'
import type { Measured, Sizes } from './measured.ts'

/**
 * Sizes of places, measured two at a time and each once, in the order they are asked for. What is no longer asked for
 * by the time its turn comes is left out.
 */
export function useSizes(paths: readonly string[], rules?: CallInput<'source.measure'>['rules']): Sizes {
  const client = useClient()
  const [sizes, setSizes] = useState<Sizes>(new Map())
  const wanted = useRef<readonly string[]>([])
  const begun = useRef(new Set<string>())
  const busy = useRef(0)
  const alive = useRef(true)
  const key = paths.join('\n')
  wanted.current = paths

  useEffect(() => {
    alive.current = true
    return () => void (alive.current = false)
  }, [])

  useEffect(() => {
    function next(): void {
      if (!alive.current || busy.current >= 2) return
      const path = wanted.current.find(each => !begun.current.has(each))
      if (path === undefined) return
      begun.current.add(path)
      busy.current++
      const keep = (size: Measured | null) => {
        busy.current--
        if (!alive.current) return
        setSizes(before => new Map(before).set(path, size))
        next()
      }
      client.call('source.measure', { paths: [path], ...(rules && { rules }) }).then(keep, () => keep(null))
      next()
    }
    next()
    // `key` stands for the paths; rules are the same as long as the component lives
  }, [client, key])
  return sizes
}
