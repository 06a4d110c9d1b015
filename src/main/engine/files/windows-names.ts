import { isUtf8 } from 'node:buffer'
import { bufferFromRaw, textFromRaw, type Raw } from '../format/raw.ts'

/**
 * Whether an item may be created under this name, which came from a repository and so may be anything: a name must
 * stay one entry of its folder. On Windows `..\x`, `C:x` and `a:stream` would not, and `NUL` or `x.` would mean
 * something else than they say.
 */
export type NameVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export function safeName(name: Raw, platform: NodeJS.Platform = process.platform): NameVerdict {
  const reason = whyUnsafe(name, platform)
  return reason === null ? { ok: true } : { ok: false, reason }
}

/** CON, PRN, AUX, NUL, COM1, LPT¹ … with whatever extension, whatever case and spaces before the dot. */
const device = /^(con|prn|aux|nul|(com|lpt)[0-9¹²³]|conin\$|conout\$) *(\.|:|$)/i
const forbidden = /[<>:"|?*\\]/
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const control = /[\x00-\x1f]/

function whyUnsafe(name: Raw, platform: NodeJS.Platform): string | null {
  if (name === '') return 'the name is empty'
  if (name === '.' || name === '..') return `"${name}" is a folder's own name or its parent's`
  if (name.includes('/')) return 'the name holds a slash'
  if (name.includes('\0')) return 'the name holds a NUL byte'
  if (platform === 'darwin' && !isUtf8(bufferFromRaw(name))) return 'macOS takes only names that are UTF-8'
  if (platform !== 'win32') return null

  const text = textFromRaw(name)
  const bad = forbidden.exec(text)?.[0]
  if (bad !== undefined) return `Windows takes no ${bad} in a name`
  if (control.test(text)) return 'Windows takes no control characters in a name'
  if (/[. ]$/.test(text)) return 'Windows drops a dot or space at the end of a name'
  if (device.test(text)) return 'Windows keeps this name for a device'
  // Half a surrogate pair is no UTF-8, but Windows has such names.
  if (!isUtf8(bufferFromRaw(name.replace(/\xed[\xa0-\xbf][\x80-\xbf]/g, '') as Raw))) {
    return 'Windows takes only names that are Unicode'
  }
  return text.length > 255 ? 'Windows takes no name of more than 255 characters' : null
}

/**
 * Two names of one folder with the same key are one item where the file system ignores case (Windows, macOS) or
 * composition (macOS), so that the second would overwrite the first.
 */
export function collisionKey(name: Raw, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return Array.from(textFromRaw(name), upper).join('')
  if (platform === 'darwin') {
    return textFromRaw(name).normalize('NFD').toUpperCase().toLowerCase().normalize('NFD')
  }
  return name
}

/** As NTFS folds: character by character, so that ß is not SS. */
function upper(character: string): string {
  const folded = character.toUpperCase()
  return folded.length === character.length ? folded : character
}
