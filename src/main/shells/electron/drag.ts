import type { NativeImage, WebContents } from 'electron'
import { DragCall } from '../../../shared/bridge.ts'
import type { Staging } from './staging.ts'

/**
 * Puts restored files under the pointer, for the desktop or a file manager to take. Only what lies in the staging folder
 * can be dragged out: whatever the page says, nothing else of this machine leaves through it.
 * @returns whether it was done
 */
export function startDrag(
  contents: Pick<WebContents, 'startDrag'>,
  staging: Pick<Staging, 'holds'>,
  icon: NativeImage,
  input: unknown,
): boolean {
  const call = DragCall.safeParse(input)
  if (!call.success || !staging.holds(call.data.paths)) return false
  const [file] = call.data.paths
  contents.startDrag({ file: file!, files: call.data.paths, icon })
  return true
}
