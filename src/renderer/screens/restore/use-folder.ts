import { useEffect, useReducer, useRef, useState, useSyncExternalStore } from 'react'
import { useClient, useMirror } from '../../store/context.tsx'
import { openFolder, type FolderPages, type FolderQuery } from './folder-pages.ts'

/** Grows each time the link is back: what was asked for before may be old. */
export function useReconnects(): number {
  const link = useMirror(state => state.link)
  const [times, again] = useReducer((n: number) => n + 1, 0)
  const wasLost = useRef(false)
  useEffect(() => {
    if (link === 'lost') wasLost.current = true
    else if (link === 'live' && wasLost.current) {
      wasLost.current = false
      again()
    }
  }, [link])
  return times
}

/** null until it is opened. @param version another one loads anew */
export function useFolder(query: FolderQuery | null, version: unknown): FolderPages | null {
  const client = useClient()
  const reconnects = useReconnects()
  const key = JSON.stringify(query)
  const [opened, setOpened] = useState<{ key: string; pages: FolderPages } | null>(null)
  useEffect(() => {
    if (!query) return setOpened(null)
    const pages = openFolder(client, query)
    setOpened({ key, pages })
    return () => pages.close()
    // `key` stands for `query`, which is a new object at each render.
  }, [client, key, version, reconnects])
  return opened?.key === key ? opened.pages : null
}

/** True once something has taken so long that people should see that it is worked on. */
export function useSlow(waiting: boolean, afterMs = 150): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!waiting) return setSlow(false)
    const timer = setTimeout(() => setSlow(true), afterMs)
    return () => clearTimeout(timer)
  }, [waiting, afterMs])
  return waiting && slow
}

const never = () => () => undefined

/** Draws anew only when this changes, not with every page that comes in. */
export function useOf<T>(pages: FolderPages | null, select: (pages: FolderPages) => T): T | null {
  return useSyncExternalStore(pages?.subscribe ?? never, () => (pages ? select(pages) : null))
}
