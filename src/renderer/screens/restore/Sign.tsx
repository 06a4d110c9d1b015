import {
  IconCopyPlus,
  IconEqual,
  IconEqualNot,
  IconMinus,
  IconPlayerSkipForward,
  IconPlus,
} from '@tabler/icons-react'
import { StateIcon } from '../../parts/StateIcon.tsx'

/** What is done is arithmetic, so it reads without colour. The word always stands beside it. */
const signs = {
  create: [IconPlus, 'accent'],
  overwrite: [IconEqualNot, 'warnfill'],
  unchanged: [IconEqual, 'ink3'],
  delete: [IconMinus, 'bad'],
  'keep-both': [IconCopyPlus, 'accent'],
  skip: [IconPlayerSkipForward, 'ink3'],
} as const

export type SignKind = keyof typeof signs | 'failed'

export function Sign({ kind, none = false }: { kind: SignKind; none?: boolean }) {
  if (kind === 'failed') return <StateIcon look="failed" />
  const [Icon, colour] = signs[kind]
  return (
    <Icon
      size={16}
      stroke={2}
      color={`var(--hf-${none ? 'ink3' : colour})`}
      aria-hidden="true"
      style={{ flex: 'none' }}
    />
  )
}
