import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useClient } from '../../store/context.tsx'
import type { FolderQuery } from './folder-pages.ts'
import { way } from './paths.ts'
import { mostShown, type FolderState } from './tree-model.ts'
import { useReconnects } from './use-folder.ts'

export interface Tree {
  readonly folders: ReadonlyMap<string, FolderState>
  readonly open: ReadonlySet<string>
  toggle(path: string, open: boolean): void
}

/** Opens the way to `path` by itself. What was open stays open when another time is looked at. */
export function useTree(scope: Omit<FolderQuery, 'path'> | null, root: string, path: string): Tree {
  const client = useClient()
  const reconnects = useReconnects()
  const key = JSON.stringify([scope, root, reconnects])
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [folders, setFolders] = useState<ReadonlyMap<string, FolderState>>(new Map())
  const asked = useRef({ key: '', paths: new Set<string>() })

  useEffect(() => {
    setFolders(new Map())
    setOpen(new Set())
  }, [scope?.destinationId, scope?.planId])

  const wanted = useMemo(() => new Set([root, path, ...open]), [root, path, open])
  useEffect(() => {
    setOpen(before => new Set([...before, root, ...way(root, path).slice(0, -1)]))
  }, [root, path, scope?.destinationId, scope?.planId])

  useEffect(() => {
    if (!scope) return
    if (asked.current.key !== key) asked.current = { key, paths: new Set() }
    const mine = asked.current
    for (const each of wanted) {
      if (mine.paths.has(each)) continue
      mine.paths.add(each)
      const take = (state: FolderState) => {
        if (asked.current === mine) setFolders(before => new Map(before).set(each, state))
      }
      client.call('browse.folder', { ...scope, path: each, limit: mostShown }).then(
        ({ rows, total }) => {
          const below = rows.filter(({ type }) => type === 'dir')
          take({ state: 'loaded', folders: below, more: below.length === rows.length && total > rows.length })
        },
        () => take({ state: 'failed' }), // the list beside it says why, once it is opened there
      )
    }
  }, [client, key, wanted])

  return {
    folders,
    open,
    toggle: useCallback((which, on) => {
      setOpen(before => {
        const next = new Set(before)
        if (on) next.add(which)
        else next.delete(which)
        return next
      })
    }, []),
  }
}
