/** Paths of the machine that hosts the application; it may run another system than this window. Pure. */

const isWindows = (path: string): boolean => /^[A-Za-z]:([\\/]|$)|^\\\\/.test(path)
const separatorOf = (path: string): string => (isWindows(path) ? '\\' : '/')

/** Without separators at its end; a root keeps its own. */
function trimmed(path: string): string {
  const short = path.replace(isWindows(path) ? /[\\/]+$/ : /\/+$/, '')
  if (short === '') return '/'
  return /^[A-Za-z]:$/.test(short) ? `${short}\\` : short
}

export const isAbsolute = (path: string): boolean => path.startsWith('/') || isWindows(path)

/** The last name of a path; the path itself for a root. */
export function baseName(path: string): string {
  const parts = path.split(isWindows(path) ? /[\\/]+/ : /\/+/).filter(part => part !== '')
  return parts.at(-1) ?? path
}

export function joined(folder: string, name: string): string {
  const separator = separatorOf(folder)
  return folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`
}

/** Strictly below: a folder is not below itself. */
export function isBelow(path: string, folder: string): boolean {
  const at = trimmed(folder)
  const start = at.endsWith(separatorOf(at)) ? at : `${at}${separatorOf(at)}`
  return path.length > start.length && path.startsWith(start)
}

/** `~/Documents` for what is in the home folder. */
export function homely(path: string, home: string): string {
  if (path === home) return '~'
  return home !== '' && isBelow(path, home) ? `~${path.slice(trimmed(home).length)}` : path
}
