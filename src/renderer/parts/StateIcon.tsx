import {
  IconAlertTriangleFilled,
  IconCircleArrowUp,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleDot,
  IconCircleDotted,
  IconCircleHalf2,
  IconClockPause,
  IconInfoCircle,
  IconPlayerPauseFilled,
  IconPlugConnectedX,
  IconXboxXFilled,
} from '@tabler/icons-react'
import type { Run } from '../../shared/entities/run.ts'
import type { StateLook } from './look.ts'

/** One icon and colour a state, on every screen; its words always stand beside it. */
const looks = {
  proven: [IconCircleCheckFilled, 'ok'],
  stored: [IconCircleDot, 'stored'],
  gap: [IconAlertTriangleFilled, 'warnfill'],
  failed: [IconXboxXFilled, 'bad'],
  working: [IconCircleArrowUp, 'accent'],
  waiting: [IconClockPause, 'ink3'],
  missed: [IconCircleDashed, 'warnfill'],
  interrupted: [IconCircleHalf2, 'warnfill'],
  paused: [IconPlayerPauseFilled, 'ink3'],
  offline: [IconPlugConnectedX, 'ink3'],
  unset: [IconCircleDotted, 'ink3'],
  note: [IconInfoCircle, 'ink3'],
} as const satisfies Record<StateLook, unknown>

export type Look = StateLook

export function StateIcon({ look, size = 16 }: { look: Look; size?: number }) {
  const [Icon, colour] = looks[look]
  return (
    <Icon size={size} stroke={2} color={`var(--hf-${colour})`} aria-hidden="true" style={{ flex: 'none' }} />
  )
}

export function lookOfRun({ state, warnings }: Pick<Run, 'state' | 'warnings'>): Look {
  switch (state) {
    case 'queued':
    case 'waiting':
      return 'waiting'
    case 'running':
    case 'cancelling':
      return 'working'
    case 'paused':
      return 'paused'
    case 'succeeded':
      return warnings > 0 ? 'gap' : 'stored'
    case 'partial':
      return 'gap'
    case 'failed':
      return 'failed'
    case 'interrupted':
      return 'interrupted'
    case 'cancelled':
      return 'note'
    case 'missed':
    case 'skipped':
      return 'missed'
  }
}
