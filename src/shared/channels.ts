/** What travels between preload and main process, a channel a purpose. Apart from its schemas: the preload stays small. */
export const channels = {
  /** Window → app: a call of the contract, answered with a `Reply`. */
  call: 'call',
  /** Window → app: a `DesktopCall`, answered with a `Reply`. */
  desktop: 'desktop',
  /** Window → app: a `DragCall`. */
  drag: 'drag',
  /** Both ways: whether the application answers. */
  link: 'link',
  /** App → window: `{ name, value }`. */
  event: 'event',
  /** App → window: where to go, as `#/plans/ID`. */
  route: 'route',
} as const
