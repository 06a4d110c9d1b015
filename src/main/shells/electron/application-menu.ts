import type { Entry } from './entries.ts'

const places = [
  ['Home', '#/home'],
  ['Plans', '#/plans'],
  ['Restore', '#/restore'],
  ['History', '#/history'],
  ['Storage', '#/storage'],
  ['Health', '#/health'],
  ['Settings', '#/settings'],
] as const

/** The window's menu, with its keys. Pure. */
export function applicationMenu({ mac, devTools }: { mac: boolean; devTools: boolean }): Entry[] {
  const settings: Entry = {
    label: 'Settings…',
    key: 'CmdOrCtrl+,',
    action: { do: 'open', route: '#/settings' },
  }
  const quit: Entry = { label: mac ? 'Quit Holdfast' : 'Quit', key: 'CmdOrCtrl+Q', action: { do: 'quit' } }
  const own: Entry[] = mac
    ? [
        {
          label: 'Holdfast',
          role: 'appMenu',
          entries: [
            { role: 'about' },
            'line',
            settings,
            'line',
            { role: 'services' },
            'line',
            { role: 'hide' },
            { role: 'hideOthers' },
            { role: 'unhide' },
            'line',
            quit,
          ],
        },
      ]
    : []
  return [
    ...own,
    {
      label: 'File',
      entries: [
        { label: 'Add a plan…', key: 'CmdOrCtrl+N', action: { do: 'open', route: '#/plans/new' } },
        { label: 'Restore a file…', key: 'CmdOrCtrl+Shift+R', action: { do: 'open', route: '#/restore' } },
        'line',
        { label: 'Close window', key: 'CmdOrCtrl+W', action: { do: 'close' } },
        ...(mac ? [] : (['line', settings, quit] satisfies Entry[])),
      ],
    },
    {
      label: 'Edit',
      entries: [
        { role: 'undo' },
        { role: 'redo' },
        'line',
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: 'Go',
      entries: places.map(([label, route], at) => ({
        label,
        key: `CmdOrCtrl+${at + 1}`,
        action: { do: 'open', route },
      })),
    },
    {
      label: 'View',
      entries: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        'line',
        { role: 'togglefullscreen' },
        ...(devTools ? (['line', { role: 'toggleDevTools' }] satisfies Entry[]) : []),
      ],
    },
    ...(mac
      ? ([
          { label: 'Window', role: 'window', entries: [{ role: 'minimize' }, { role: 'front' }] },
        ] satisfies Entry[])
      : []),
    {
      label: 'Help',
      role: 'help',
      entries: [
        {
          label: 'The repository format (restic)',
          action: { do: 'browse', url: 'https://restic.readthedocs.io/en/stable/100_references.html' },
        },
        ...(mac ? [] : (['line', { role: 'about' }] satisfies Entry[])),
      ],
    },
  ]
}
