import {
  IconDatabase,
  IconHeartbeat,
  IconHistory,
  IconHome,
  IconListCheck,
  IconSettings,
  IconTimeline,
} from '@tabler/icons-react'
import { hrefOf } from '../route.ts'
import { useMirror } from '../store/context.tsx'
import { StateIcon } from './StateIcon.tsx'
import classes from './Rail.module.css'

export const places = [
  { page: 'home', label: 'Home', Icon: IconHome },
  { page: 'plans', label: 'Plans', Icon: IconListCheck },
  { page: 'restore', label: 'Restore', Icon: IconHistory },
  { page: 'history', label: 'History', Icon: IconTimeline },
  { page: 'storage', label: 'Storage', Icon: IconDatabase },
  { page: 'health', label: 'Health', Icon: IconHeartbeat },
  { page: 'settings', label: 'Settings', Icon: IconSettings },
] as const

/** Where one can go; a count takes the shortcut's place only where something needs attention. */
export function Rail({ current }: { current: string }) {
  const attention = useMirror(
    ({ status }) => status?.plans.filter(({ state }) => state === 'attention').length ?? 0,
  )
  const shown = current === 'runs' ? 'history' : current
  return (
    <nav className={classes['rail']} aria-label="Main">
      {places.map(({ page, label, Icon }, at) => (
        <a
          key={page}
          href={hrefOf(page)}
          className={classes['link']}
          aria-current={shown === page ? 'page' : undefined}
          title={label}
        >
          <Icon size={17} stroke={1.75} aria-hidden="true" />
          <span className={classes['label']}>{label}</span>
          {page === 'health' && attention > 0 ? (
            <span className={classes['count']}>
              <StateIcon look="gap" size={14} />
              {attention}
              <span className="hf-hidden"> need attention</span>
            </span>
          ) : (
            <kbd className={classes['key']} aria-hidden="true">{`Ctrl ${at + 1}`}</kbd>
          )}
        </a>
      ))}
    </nav>
  )
}
