import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Surroundings } from './local/place.ts'

/** The platform's place for what Holdfast keeps on this machine. @see DESIGN "Data directory" */
export function dataDirectory({ HOLDFAST_HOME, XDG_DATA_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string {
  if (HOLDFAST_HOME) return HOLDFAST_HOME
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? homedir(), 'Holdfast')
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support/Holdfast')
  return join(XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'holdfast')
}

/** What the local socket has to know of this machine. */
export const surroundings = ({ XDG_RUNTIME_DIR }: NodeJS.ProcessEnv): Surroundings => ({
  platform: process.platform,
  runtimeDirectory: XDG_RUNTIME_DIR === undefined || XDG_RUNTIME_DIR === '' ? tmpdir() : XDG_RUNTIME_DIR,
  userId: process.getuid?.() ?? null,
})
