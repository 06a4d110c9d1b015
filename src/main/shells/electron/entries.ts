import { visible } from '../../../shared/wording.ts'

/** Menus as plain data: what they say and what each entry does. Drawn by menu.ts. */

export type Action =
  | { readonly do: 'open'; readonly route?: string }
  | { readonly do: 'start'; readonly planId: string }
  | { readonly do: 'pause'; readonly span: 'hour' | 'day' | 'forever' }
  | { readonly do: 'resume' }
  | { readonly do: 'browse'; readonly url: string }
  | { readonly do: 'close' }
  | { readonly do: 'quit' }

export type Entry =
  | 'line'
  /** The system's own: copy, zoom, hide … */
  | { readonly role: Role }
  | { readonly label: string; readonly entries: readonly Entry[]; readonly role?: MenuRole }
  /** Without an action it is only said. */
  | { readonly label: string; readonly action: Action | null; readonly key?: string }

export type Role =
  | 'about'
  | 'services'
  | 'hide'
  | 'hideOthers'
  | 'unhide'
  | 'undo'
  | 'redo'
  | 'cut'
  | 'copy'
  | 'paste'
  | 'selectAll'
  | 'resetZoom'
  | 'zoomIn'
  | 'zoomOut'
  | 'togglefullscreen'
  | 'toggleDevTools'
  | 'minimize'
  | 'front'
/** What macOS wants to know of a whole menu. */
export type MenuRole = 'appMenu' | 'window' | 'help'

/** A name as it stands in a menu: no control characters, and an ampersand underlines nothing. */
export const labelOf = (name: string): string => {
  const shown = visible(name)
  const short = shown.length > 60 ? `${shown.slice(0, 59)}…` : shown
  return short.replaceAll('&', '&&')
}
