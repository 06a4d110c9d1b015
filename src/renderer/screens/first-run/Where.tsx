import { TextInput } from '@mantine/core'
import { DestinationPlace, type Place } from '../../parts/DestinationPlace.tsx'
import { ExistingKey } from '../../parts/recovery/ExistingKey.tsx'
import { Title } from './Step.tsx'
import classes from './FirstRun.module.css'

/** "Where should it go?" */
export function Where({
  place,
  name,
  existingKey,
  sources,
  setPlace,
  setName,
  setExistingKey,
}: {
  place: Place
  name: string
  existingKey: string
  sources: readonly string[]
  setPlace: (place: Place) => void
  setName: (name: string) => void
  setExistingKey: (key: string) => void
}) {
  const { kind } = place.use
  return (
    <>
      <Title>Where should it go?</Title>
      <p className={classes['lead']}>
        Best is a drive of its own, or a folder of another machine that is mounted here. Object stores and
        SFTP come with a later version.
      </p>
      <div className={classes['fields']}>
        <DestinationPlace path={place.path} sources={sources} onChange={setPlace} />
        {kind === 'existing' && (
          <div className={classes['fields']} style={{ gap: 8 }}>
            <h2 className={classes['heading']} style={{ margin: 0 }}>
              Use the backup that is there
            </h2>
            <ExistingKey value={existingKey} onChange={setExistingKey} />
          </div>
        )}
        {(kind === 'new' || kind === 'existing') && (
          <TextInput
            label="What to call it"
            value={name}
            maxLength={80}
            onChange={event => setName(event.currentTarget.value)}
            style={{ maxWidth: 320 }}
          />
        )}
      </div>
    </>
  )
}
