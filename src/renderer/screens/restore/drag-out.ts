import { useCallback, useEffect, useRef, useState } from 'react'
import type { DesktopBridge } from '../../../shared/bridge.ts'
import type { Client } from '../../../shared/contract.ts'
import type { Run } from '../../../shared/entities/run.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { desktop } from '../../client.ts'
import { useClient } from '../../store/context.tsx'
import { nameOf } from './paths.ts'
import { bySnapshot, type Picked } from './selection.ts'

/** Getting files out of the window by dragging them. Its button twins are *Restore to…* and *Download*. */
export interface DragOut {
  readonly possible: boolean
  /** What happens, or what dragging would do. */
  readonly words: string
  /** The pointer is down: files are fetched before they can be let go somewhere. */
  prepare(items: readonly Picked[], bytes: number | null): void
  /** Of a `dragstart`. */
  start(items: readonly Picked[], bytes: number | null, event: React.DragEvent): void
  /** In a browser: the address of what is selected; null on the desktop. */
  readonly download: ((items: readonly Picked[]) => string) | null
}

/** More than this is better restored to a place at once than fetched first and copied then. */
const mostStagedBytes = 500 * 1024 * 1024

interface Staged {
  readonly key: string
  readonly paths: readonly string[]
}

const keyOf = (items: readonly Picked[]): string =>
  JSON.stringify(items.map(({ snapshotId, path }) => [snapshotId, path]))

export function useDragOut(destinationId: string | null): DragOut {
  const client = useClient()
  const bridge = desktop()
  const [words, setWords] = useState<string | null>(null)
  const staged = useRef<Staged | null>(null)
  const staging = useRef<{ key: string; work: Promise<Staged | null> } | null>(null)
  const held = useRef(false)

  useEffect(() => {
    const down = () => (held.current = true)
    const up = () => (held.current = false)
    addEventListener('pointerdown', down, true)
    addEventListener('pointerup', up, true)
    return () => {
      removeEventListener('pointerdown', down, true)
      removeEventListener('pointerup', up, true)
    }
  }, [])

  const stage = useCallback(
    (bridge: DesktopBridge, items: readonly Picked[]): Promise<Staged | null> => {
      const key = keyOf(items)
      if (staged.current?.key === key) return Promise.resolve(staged.current)
      if (staging.current?.key === key) return staging.current.work
      setWords(`Fetching ${plural(items.length, 'item')}…`)
      const work = fetchStaged(client, bridge, destinationId!, items)
        .then(paths => {
          staged.current = { key, paths }
          setWords('Ready: drag to the desktop')
          return staged.current
        })
        .catch((error: unknown) => {
          setWords(`They could not be fetched: ${(error as Error).message}`)
          return null
        })
        .finally(() => (staging.current = null))
      staging.current = { key, work }
      return work
    },
    [client, destinationId],
  )

  if (!bridge) {
    const address = (items: readonly Picked[]) => downloadAddress(destinationId ?? '', items)
    return {
      possible: true,
      words: 'Drag to the desktop, or download',
      prepare: () => undefined,
      start(items, _, event) {
        const name = items.length === 1 && items[0]!.type !== 'dir' ? nameOf(items[0]!.path) : 'holdfast.zip'
        const url = new URL(address(items), location.href).href
        event.dataTransfer.effectAllowed = 'copy'
        event.dataTransfer.setData(
          'DownloadURL',
          `application/octet-stream:${name.replaceAll(':', '_')}:${url}`,
        )
      },
      download: address,
    }
  }
  const tooMuch = (bytes: number | null) => bytes !== null && bytes > mostStagedBytes
  return {
    possible: destinationId !== null,
    words: words ?? 'Drag to the desktop to restore there',
    prepare(items, bytes) {
      if (!tooMuch(bytes) && bytes !== null) void stage(bridge, items)
    },
    start(items, bytes, event) {
      event.preventDefault()
      if (tooMuch(bytes)) {
        setWords(`${shortBytes(bytes!)} is too much to drag: use “Restore to…”`)
        return
      }
      held.current = true
      void stage(bridge, items).then(ready => {
        if (ready && held.current) bridge.startDrag(ready.paths)
      })
    },
    download: null,
  }
}

async function fetchStaged(
  client: Client,
  bridge: DesktopBridge,
  destinationId: string,
  items: readonly Picked[],
): Promise<string[]> {
  const folder = await bridge.stage()
  for (const part of bySnapshot(new Map(items.map(item => [item.path, item])))) {
    const run = await client.call('restore.start', {
      request: { destinationId, ...part, target: { kind: 'folder', path: folder }, conflicts: 'overwrite' },
      dryRun: false,
    })
    const ended = await end(client, run)
    if (ended.state !== 'succeeded') throw new Error(ended.error?.message ?? `the restore is ${ended.state}.`)
  }
  const slash = folder.includes('\\') ? '\\' : '/'
  return items.map(({ path }) => `${folder}${slash}${nameOf(path)}`)
}

/** Asks now and then: a missed event must not leave a drag waiting for ever. */
async function end(client: Client, run: Run): Promise<Run> {
  let last = run
  while (!hasEnded(last.state)) {
    await new Promise(resume => setTimeout(resume, 60))
    last = await client.call('run.get', { id: run.id })
  }
  return last
}

/** One snapshot's: where several are mixed, the first one's. */
export function downloadAddress(destinationId: string, items: readonly Picked[]): string {
  const [part] = bySnapshot(new Map(items.map(item => [item.path, item])))
  const query = new URLSearchParams({ destinationId, snapshotId: part?.snapshotId ?? '' })
  for (const path of part?.paths ?? []) query.append('path', path)
  return `/api/download?${query}`
}
