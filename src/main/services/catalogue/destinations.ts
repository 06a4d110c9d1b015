import { resolve } from 'node:path'
import type { z } from 'zod'
import { Destination, type Location } from '../../../shared/entities/destination.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Catalogue, StoredDestination } from './catalogue.ts'
import { encode, type Store } from './database.ts'
import { conflict, nameKey } from './plans.ts'

export const DestinationShape: z.ZodType<StoredDestination> = Destination.omit({ hasPassword: true })

/** Two locations are the same place when this is equal; symbolic links are not followed. */
export const placeKey = (location: Location): string => `local:${resolve(location.path)}`

/**
 * `forgetSnapshots` runs inside the change; when it fails nothing is removed.
 * `planNames`: of all the plans, with the destinations each uses.
 */
export function destinationQueries(
  { db, writeDurably, decode }: Store,
  ports: { forgetSnapshots: (id: string) => void; plans: Catalogue['plans'] },
): Catalogue['destinations'] {
  const all = db.prepare<[], { id: string; data: string }>('SELECT id, data FROM destination ORDER BY seq')
  const one = db.prepare<[string], { data: string; revision: number }>(
    'SELECT data, revision FROM destination WHERE id = ?',
  )
  const namesake = db.prepare<[string, string]>('SELECT 1 FROM destination WHERE name = ? AND id <> ?')
  const neighbour = db.prepare<[string, string]>('SELECT 1 FROM destination WHERE place = ? AND id <> ?')
  const insert = db.prepare(
    'INSERT INTO destination (id, revision, name, place, data) VALUES (?, ?, ?, ?, ?)',
  )
  const update = db.prepare('UPDATE destination SET revision = ?, name = ?, place = ?, data = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM destination WHERE id = ?')

  const refuseTaken = ({ id, name, location }: StoredDestination) => {
    if (namesake.get(nameKey(name), id) !== undefined)
      throw conflict(`There is a destination named ${name} already.`, 'Choose another name.')
    if (neighbour.get(placeKey(location), id) !== undefined)
      throw conflict(`There is a destination at ${location.path} already.`, 'Use that one.')
  }
  const read = (id: string, data: string) => decode(DestinationShape, data, `Destination ${id}`)

  return {
    list: () => all.all().flatMap(({ id, data }) => read(id, data) ?? []),
    get(id) {
      const row = one.get(id)
      return row === undefined ? null : read(id, row.data)
    },
    insert: destination =>
      writeDurably(() => {
        refuseTaken(destination)
        const { id, revision, name, location } = destination
        if (one.get(id) !== undefined)
          throw conflict('A destination with this ID exists already.', 'List the destinations again.')
        insert.run(id, revision, nameKey(name), placeKey(location), encode(DestinationShape, destination))
      }),
    update: (destination, expected) =>
      writeDurably(() => {
        const { id, revision, name, location } = destination
        const stored = one.get(id)
        if (stored === undefined)
          throw new AppError('not_found', 'That destination is gone.', {
            hint: 'List the destinations again.',
          })
        if (expected !== null && stored.revision !== expected)
          throw conflict(
            `Somebody else changed the destination ${name} meanwhile. Nothing was saved.`,
            'Look at it as it is now and make the change again.',
          )
        refuseTaken(destination)
        update.run(revision, nameKey(name), placeKey(location), encode(DestinationShape, destination), id)
      }),
    remove: id =>
      writeDurably(() => {
        const users = ports.plans.list().filter(({ destinationIds }) => destinationIds.includes(id))
        if (users.length > 0)
          throw conflict(
            `The destination is used by ${users.map(({ name }) => name).join(', ')}.`,
            'Remove those plans first, or give them another destination.',
          )
        if (remove.run(id).changes > 0) ports.forgetSnapshots(id)
      }),
  }
}
