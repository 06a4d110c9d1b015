import { Settings } from '../../../shared/entities/application.ts'
import type { Catalogue } from './catalogue.ts'
import { encode, type Store } from './database.ts'

/** Settings that can't be read are told of, and the defaults are used. */
export function settingsQueries({ db, writeDurably, decode }: Store): Catalogue['settings'] {
  const stored = db.prepare<[], { data: string }>('SELECT data FROM settings')
  const save = db.prepare('INSERT OR REPLACE INTO settings VALUES (1, ?)')
  return {
    get() {
      const row = stored.get()
      return (row && decode(Settings, row.data, 'The row of settings')) ?? Settings.parse({})
    },
    save: settings => writeDurably(() => void save.run(encode(Settings, settings))),
  }
}
