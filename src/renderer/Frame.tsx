import { lazy, Suspense, useEffect } from 'react'
import { Boundary } from './parts/Boundary.tsx'
import { Commands, openCommands } from './parts/Commands.tsx'
import { Rail, places } from './parts/Rail.tsx'
import { StatusBar } from './parts/StatusBar.tsx'
import { Offline } from './parts/Offline.tsx'
import { Mark } from './parts/Mark.tsx'
import { ErrorNote } from './parts/ErrorNote.tsx'
import { go, useRoute } from './route.ts'
import { useMirror } from './store/context.tsx'
import classes from './Frame.module.css'
import { IconSearch } from '@tabler/icons-react'

const loaders: Record<string, () => Promise<{ default: () => React.ReactNode }>> = {
  home: () => import('./screens/home/Home.tsx'),
  plans: () => import('./screens/plans/Plans.tsx'),
  restore: () => import('./screens/restore/Restore.tsx'),
  history: () => import('./screens/history/History.tsx'),
  runs: () => import('./screens/run/RunView.tsx'),
  storage: () => import('./screens/storage/Storage.tsx'),
  health: () => import('./screens/health/Health.tsx'),
  settings: () => import('./screens/settings/Settings.tsx'),
  'first-run': () => import('./screens/first-run/FirstRun.tsx'),
}
const screens = Object.fromEntries(Object.entries(loaders).map(([page, load]) => [page, lazy(load)]))

/** When there is time: the other screens too, so that they are there when nobody answers any more. */
function loadTheRest(): () => void {
  const handle = requestIdleCallback(() => {
    for (const load of Object.values(loaders)) load().catch(() => undefined) // asked for again when it is wanted
  })
  return () => cancelIdleCallback(handle)
}

/** Title bar, rail, status bar, and the screen that the address names. */
export function Frame() {
  const route = useRoute()
  const { link, loaded, loadError, info } = useMirror(state => state)
  const Screen = screens[route.page] ?? screens['home']!
  const bare = route.page === 'first-run'
  useEffect(() => (loaded ? loadTheRest() : undefined), [loaded])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      const place = places[Number(event.key) - 1]
      if (!place) return
      event.preventDefault()
      go(place.page)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  return (
    <div className={classes['frame']} data-bare={bare}>
      <header className={classes['titlebar']}>
        <span className={classes['brand']}>
          <Mark size={20} />
        </span>
        <strong>Holdfast</strong>
        <span className={classes['host']}>{info?.hostname}</span>
        {!bare && (
          <button
            type="button"
            className={classes['search']}
            onClick={openCommands}
            aria-label="Find a file, a run or a command"
          >
            <IconSearch size={15} aria-hidden="true" />
            <span>Find a file, a run or a command</span>
            <kbd>Ctrl K</kbd>
          </button>
        )}
      </header>
      {!bare && <Rail current={route.page} />}
      <main className={classes['main']} id="main">
        {link === 'lost' && <Offline />}
        {!loaded && loadError ? (
          <div style={{ padding: 24 }}>
            <ErrorNote error={loadError} again={() => location.reload()} />
          </div>
        ) : (
          loaded && (
            <Boundary key={route.page}>
              <Suspense>
                <Screen />
              </Suspense>
            </Boundary>
          )
        )}
      </main>
      {!bare && <StatusBar />}
      <Commands />
    </div>
  )
}
