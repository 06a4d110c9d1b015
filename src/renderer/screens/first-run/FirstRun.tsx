import { useRoute } from '../../route.ts'
import { Existing } from './Existing.tsx'
import { SetUp } from './SetUp.tsx'

/** The first minutes: set up a backup, or the second door, restore from one that is there. */
export default function FirstRun() {
  const { rest } = useRoute()
  return rest[0] === 'existing' ? <Existing /> : <SetUp step={rest[0] ?? 'what'} />
}
