import { useCallback, useEffect, useRef, useState } from 'react'
import { toWireError } from '../../../shared/errors.ts'
import { useClient } from '../../store/context.tsx'
import type { Folder, Folders } from './tree-rows.ts'

/** Loads each of these folders once, and again when `retry` is called for it. */
export function useFolders(opened: readonly string[]): { folders: Folders; retry: (path: string) => void } {
  const client = useClient()
  const [folders, setFolders] = useState<Folders>(new Map())
  const asked = useRef(new Set<string>())
  const alive = useRef(true)
  useEffect(() => {
    alive.current = true
    return () => void (alive.current = false)
  }, [])

  const load = useCallback(
    (path: string) => {
      asked.current.add(path)
      const put = (folder: Folder) => alive.current && setFolders(before => new Map(before).set(path, folder))
      put({ state: 'loading' })
      client.call('source.folder', { path }).then(
        ({ entries, more }) => put({ state: 'open', entries, more }),
        (error: unknown) => put({ state: 'failed', error: toWireError(error) }),
      )
    },
    [client],
  )

  const key = opened.join('\n')
  useEffect(() => {
    for (const path of opened) if (!asked.current.has(path)) load(path)
    // `key` stands for the folders
  }, [key, load])
  return { folders, retry: load }
}
