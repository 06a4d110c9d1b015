import type { NodeType } from './tree.ts'

// st_mode
const formatMask = 0o170000
const statTypes = new Map<number, NodeType>([
  [0o100000, 'file'],
  [0o040000, 'dir'],
  [0o120000, 'symlink'],
  [0o060000, 'dev'],
  [0o020000, 'chardev'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
])

// os.FileMode. Bit 31 is out of reach for |, which works on signed numbers, so bits are added.
const goTypeBits: Record<NodeType, number> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  irregular: 2 ** 19,
}

/** os.FileMode bit, st_mode bit. */
const specialBits = [
  [2 ** 23, 0o4000], // setuid
  [2 ** 22, 0o2000], // setgid
  [2 ** 20, 0o1000], // sticky
] as const

export const typeFromStat = (statMode: number): NodeType =>
  statTypes.get(statMode & formatMask) ?? 'irregular'

/** Go's os.FileMode of a POSIX st_mode, and back: restic stores the former. */
export function goModeFromStat(statMode: number): number {
  let mode = goTypeBits[typeFromStat(statMode)] + (statMode & 0o777)
  for (const [go, stat] of specialBits) if ((statMode & stat) !== 0) mode += go
  return mode
}

/** Permission bits with setuid, setgid and sticky: what chmod takes. */
export function permissionsFromGoMode(goMode: number): number {
  let mode = goMode & 0o777
  for (const [go, stat] of specialBits) if ((goMode & go) !== 0) mode |= stat
  return mode
}
