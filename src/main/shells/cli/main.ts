#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The platform's place for what Holdfast keeps on this machine. @see DESIGN "Data directory" */
function dataDirectory({ HOLDFAST_HOME, XDG_DATA_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string {
  if (HOLDFAST_HOME) return HOLDFAST_HOME
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? homedir(), 'Holdfast')
  if (process.platform === 'darwin') return join(homedir(), 'Library/Application Support/Holdfast')
  return join(XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'holdfast')
}

// Compiled code is kept: a command starts in a third of the time, and so does each of its threads. In a place of our
// own, for what is in there is run. Where it can't be written, everything works as well, only slower.
enableCompileCache(join(dataDirectory(process.env), 'cache', 'code'))
await import('./program.ts')
