import { Spotlight, spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { IconPlayerPlay, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { go } from '../route.ts'
import { useAction, useMirror } from '../store/context.tsx'
import { places } from './Rail.tsx'

export const openCommands = (): void => spotlight.open()

/** The palette: go somewhere, start a plan, look for a file. */
export function Commands() {
  const plans = useMirror(state => state.plans)
  const start = useAction('run.start')
  const [query, setQuery] = useState('')
  const actions: SpotlightActionData[] = [
    ...(query.trim() === ''
      ? []
      : [
          {
            id: 'find',
            label: `Find “${query.trim()}” in all snapshots`,
            leftSection: <IconSearch size={17} stroke={1.75} />,
            keywords: query,
            onClick: () => go('restore', [], { find: query.trim() }),
          },
        ]),
    ...places.map(({ page, label, Icon }, at) => ({
      id: page,
      label: `Go to ${label}`,
      description: `Ctrl ${at + 1}`,
      leftSection: <Icon size={17} stroke={1.75} />,
      onClick: () => go(page),
    })),
    ...Object.values(plans).map(({ id, name }) => ({
      id: `start-${id}`,
      label: `Back up ${name} now`,
      leftSection: <IconPlayerPlay size={17} stroke={1.75} />,
      onClick: () => void start.run({ planId: id }).then(run => run && go('runs', [run.id])),
    })),
    { id: 'new-plan', label: 'Add a plan', onClick: () => go('plans', ['new']) },
  ]
  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={['mod + K']}
      nothingFound="No command of that name"
      highlightQuery
      limit={12}
      searchProps={{
        placeholder: 'Find a file, a run or a command',
        'aria-label': 'Find a file, a run or a command',
        leftSection: <IconSearch size={16} />,
      }}
    />
  )
}
