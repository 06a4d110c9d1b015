import { visible } from '../../../shared/wording.ts'

/** What a recovery kit says. Plain text: it opens on any machine, and prints. Pure. */

export interface KitFacts {
  readonly key: string
  readonly hostname: string
  /** What the destination is called. */
  readonly destination: string
  /** Where the repository is, as that machine names the place. */
  readonly path: string
  readonly repositoryId: string | null
  /** `21 November 2026`. */
  readonly date: string
  readonly version: string
}

export const kitFileName = (hostname: string): string =>
  `holdfast-recovery-kit-${
    hostname
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'computer'
  }.txt`

const sumLine = /^Checksum: ([0-9a-f]{8})\b/m
const keyLine = /^ {2}Key: {3}(.+)$/m
const placeLine = /^ {2}Folder: {2}(.+)$/m

/** One path as a word of a command line. */
export const quoted = (path: string): string =>
  /^[A-Za-z]:|^\\\\/.test(path)
    ? `"${path}"`
    : /^[\w./@%+=:,-]+$/.test(path)
      ? path
      : `'${path.replaceAll("'", String.raw`'\''`)}'`

export const commandsOf = (path: string): { list: string; restore: string } => ({
  list: `restic -r ${quoted(path)} snapshots`,
  restore: `restic -r ${quoted(path)} restore latest --target ./restored`,
})

export function kitText({ key, hostname, destination, path, repositoryId, date, version }: KitFacts): string {
  const { list, restore } = commandsOf(path)
  const body = `HOLDFAST RECOVERY KIT
${visible(hostname)}, ${date}

Whoever has this page can read the backup. Without it nobody can, not even its
owner. Keep it away from the computer: on paper, or on a stick in a drawer.

THE KEY
  Key:   ${key}
  Eight groups of four, with a space between them, in capitals.
  There is no zero, no one, no I and no O in it.

WHERE THE BACKUP IS
  Name:    ${visible(destination)}
  Folder:  ${visible(path)}
  It may be found under another path on another computer: it is the folder that
  has a file named "config" and folders named "data", "index", "keys" and
  "snapshots" in it.
  Repository ${repositoryId ?? '(no number known)'}, format: restic, version 2

WITH HOLDFAST
  1. Install Holdfast and choose "Restore from an existing backup".
  2. Choose the folder above.
  3. Type the key, or open this file there.

WITHOUT HOLDFAST
  restic is free and does it as well (restic.net, version 0.14 or newer).
  1. What is there:   ${visible(list)}
  2. Get it back:     ${visible(restore)}
  When asked for a password, type the key with its spaces.

Made by Holdfast ${version}.
`
  return `${body}Checksum: ${checksum(body)} (CRC-32 of all the lines above)\n`
}

/** null: not a recovery kit. `intact`: nothing in it has changed since it was written. */
export function readKit(text: string): { key: string; path: string; intact: boolean } | null {
  const unix = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  const key = keyLine.exec(unix)?.[1]?.trim()
  if (!unix.startsWith('HOLDFAST RECOVERY KIT') || key === undefined) return null
  const sum = sumLine.exec(unix)
  return {
    key,
    path: placeLine.exec(unix)?.[1]?.trim() ?? '',
    intact: sum !== null && checksum(unix.slice(0, sum.index)) === sum[1],
  }
}

/** CRC-32, as eight hexadecimal digits: it tells damage, not malice. */
export function checksum(text: string): string {
  let crc = 0xff_ff_ff_ff
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xed_b8_83_20 : 0)
  }
  return ((crc ^ 0xff_ff_ff_ff) >>> 0).toString(16).padStart(8, '0')
}
