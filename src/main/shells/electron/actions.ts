import type { App, Shell } from 'electron'
import type { Application } from './application.ts'
import type { Action } from './entries.ts'
import type { Note } from './notices.ts'
import { pauseUntil } from './tray-menu.ts'
import { externalLink } from './trust.ts'
import type { Window } from './window.ts'

/** Carries out what a menu or the tray was asked for; what fails there has no place to be shown but a notification. */
export const createActions =
  ({
    app,
    shell,
    application,
    window,
    notify,
    now,
  }: {
    app: Pick<App, 'quit'>
    shell: Pick<Shell, 'openExternal'>
    application: Pick<Application, 'call'>
    window: Pick<Window, 'open' | 'close'>
    notify: (note: Note) => void
    now: () => number
  }) =>
  (action: Action): void => {
    const tried = (call: Promise<unknown>, title: string, route: string) =>
      void call.catch((error: Error) => notify({ title, body: error.message, route, onlyWhenAway: false }))

    switch (action.do) {
      case 'open':
        return window.open(action.route)
      case 'close':
        return window.close()
      case 'quit':
        return app.quit()
      case 'browse': {
        const link = externalLink(action.url)
        if (link !== null) void shell.openExternal(link)
        return
      }
      case 'start': {
        const { planId } = action
        return tried(
          application.call('run.start', { planId }),
          'The backup was not started',
          `#/plans/${planId}`,
        )
      }
      case 'pause': {
        const until = pauseUntil(action.span, now())
        return tried(application.call('app.pause', { until }), 'Nothing was paused', '#/home')
      }
      case 'resume':
        return tried(application.call('app.resume', undefined), 'Nothing was resumed', '#/home')
    }
  }
