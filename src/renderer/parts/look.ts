/** The states that have an icon of their own (StateIcon.tsx), for what decides which one it is. */
export type StateLook =
  | 'proven'
  | 'stored'
  | 'gap'
  | 'failed'
  | 'working'
  | 'waiting'
  | 'missed'
  | 'interrupted'
  | 'paused'
  | 'offline'
  | 'unset'
  | 'note'
