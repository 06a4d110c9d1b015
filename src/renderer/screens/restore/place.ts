import { go, hrefOf, type Route } from '../../route.ts'

/** Where in the backups one looks, kept in the address: `?plan=…&snapshot=…&path=…`. */
export interface Place {
  readonly planId: string | null
  readonly destinationId: string | null
  /** A snapshot; `all` for all time; null: not said, so the newest. */
  readonly snapshot: string | null
  readonly path: string | null
  /** The item in it that is looked at. */
  readonly item: string | null
  readonly find: string | null
  readonly showDeleted: boolean
}

export const placeOf = ({ query }: Pick<Route, 'query'>): Place => ({
  planId: query.get('plan'),
  destinationId: query.get('destination'),
  snapshot: query.get('snapshot'),
  path: query.get('path'),
  item: query.get('item'),
  find: query.get('find'),
  showDeleted: query.get('deleted') !== 'no',
})

export function queryOf(place: Place): Record<string, string> {
  const query: Record<string, string> = {}
  if (place.planId) query['plan'] = place.planId
  else if (place.destinationId) query['destination'] = place.destinationId
  if (place.find !== null) query['find'] = place.find
  if (place.snapshot) query['snapshot'] = place.snapshot
  if (place.path) query['path'] = place.path
  if (place.item) query['item'] = place.item
  if (!place.showDeleted) query['deleted'] = 'no'
  return query
}

/** `quietly`: without a step that "back" would undo. */
export function goTo(place: Place, quietly = false): void {
  if (quietly) location.replace(hrefOf('restore', [], queryOf(place)))
  else go('restore', [], queryOf(place))
  // The browser tells of it later; until then the next key would be taken for the place before.
  dispatchEvent(new HashChangeEvent('hashchange'))
}
