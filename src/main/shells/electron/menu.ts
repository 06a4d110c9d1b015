import { Menu, type MenuItemConstructorOptions } from 'electron'
import type { Action, Entry } from './entries.ts'

/** A menu of the system out of plain entries. */
export const buildMenu = (entries: readonly Entry[], act: (action: Action) => void): Menu =>
  Menu.buildFromTemplate(entries.map(entry => itemOf(entry, act)))

function itemOf(entry: Entry, act: (action: Action) => void): MenuItemConstructorOptions {
  if (entry === 'line') return { type: 'separator' }
  if ('entries' in entry) {
    const { label, role, entries } = entry
    return { label, ...(role && { role }), submenu: entries.map(each => itemOf(each, act)) }
  }
  if ('role' in entry) return { role: entry.role }
  const { label, action, key } = entry
  return {
    label,
    enabled: action !== null,
    ...(key !== undefined && { accelerator: key }),
    click: () => action && act(action),
  }
}
