import { useRoute } from '../../route.ts'
import { Editor } from './Editor.tsx'
import { PlanList } from './PlanList.tsx'

/** All plans, or one of them being changed. */
export default function Plans() {
  const { rest } = useRoute()
  return rest[0] === undefined ? <PlanList /> : <Editor key={rest[0]} id={rest[0]} />
}
