import { useCallback, useEffect, useRef, useState } from 'react'
import type { DesktopBridge } from '../../../shared/bridge.ts'
import type { Client } from '../../../shared/contract.ts'
import type { Run } from '../../../shared/entities/run.ts'
import { hasEnded } from '../../../shared/entities/run.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { desktop } from '../../client.ts'
import { useClient } from '../../store/context.tsx'
import { nameOf } from './paths.ts'
import { downloadOf } from './download.ts'
import { bySnapshot, type Picked } from './selection.ts'

/** Getting files out of the window by dragging them. Its button twins are *Restore to…* and *Download*. */
export interface DragOut {
  readonly possible: boolean
  /** What happens, or what dragging would do. */
  readonly words: string
  /** The pointer is down: files are fetched before they can be let go somewhere. */
  prepare(items: readonly Picked[], bytes: number | null): void
  /** Something else is selected: what was said of the last selection is over. */
  forget(): void
  /** Of a `dragstart`. */
  start(items: readonly Picked[], bytes: number | null, event: React.DragEvent): void
  /** In a browser: the address of what is selected, null where it can't be one download; on the desktop there is none. */
  readonly download: ((items: readonly Picked[]) => string | null) | null
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

  const forget = useCallback(() => setWords(null), [])
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
    return {
      possible: true,
      words: 'Drag to the desktop, or download',
      prepare: () => undefined,
      forget,
      start(items, _, event) {
        const download = downloadOf(destinationId ?? '', items)
        if (download === null) return event.preventDefault()
        const { address, name, mime } = download
        event.dataTransfer.effectAllowed = 'copy'
        event.dataTransfer.setData('DownloadURL', `${mime}:${name}:${new URL(address, location.href).href}`)
      },
      download: items => downloadOf(destinationId ?? '', items)?.address ?? null,
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
    forget,
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
