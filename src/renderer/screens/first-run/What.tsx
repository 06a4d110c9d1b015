import { Button, Checkbox, Skeleton } from '@mantine/core'
import {
  IconCode,
  IconDeviceDesktop,
  IconDownload,
  IconFileText,
  IconFolder,
  IconHistory,
  IconHome,
  IconMusic,
  IconPhoto,
  IconPlus,
  IconVideo,
} from '@tabler/icons-react'
import { useState } from 'react'
import type { Output } from '../../../shared/contract.ts'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { FolderChooser } from '../../parts/FolderChooser.tsx'
import { useLasting } from '../../parts/later.ts'
import { baseName, homely } from '../../parts/local-path.ts'
import { Name } from '../../parts/Name.tsx'
import type { Measured, Sizes } from '../../parts/measured.ts'
import { hrefOf } from '../../route.ts'
import type { Asked } from '../../store/context.tsx'
import { Title } from './Step.tsx'
import { totalOf } from './totals.ts'
import classes from './FirstRun.module.css'

const icons: Record<string, typeof IconFolder> = {
  documents: IconFileText,
  desktop: IconDeviceDesktop,
  pictures: IconPhoto,
  music: IconMusic,
  videos: IconVideo,
  source: IconCode,
  downloads: IconDownload,
  home: IconHome,
}

/** "What should survive this computer?" */
export function What({
  suggestions,
  extra,
  chosen,
  sizes,
  choose,
  add,
}: {
  suggestions: Asked<Output<'source.suggest'>>
  /** Folders that were added by hand. */
  extra: readonly string[]
  chosen: readonly string[]
  sizes: Sizes
  choose: (path: string, on: boolean) => void
  add: (path: string) => void
}) {
  const [adding, setAdding] = useState(false)
  const [showSkipped, setShowSkipped] = useState(false)
  const slow = useLasting(suggestions.loading)
  const home = suggestions.value?.home ?? '/'
  const folders = [
    ...(suggestions.value?.folders ?? []),
    ...extra.map(path => ({ path, label: baseName(path), kind: 'folder' })),
  ]
  const { skippedBytes, skippedFiles } = totalOf(chosen, sizes)
  const skipped = chosen.flatMap(path => sizes.get(path)?.excluded ?? [])

  return (
    <>
      <div className={classes['head']}>
        <Title>What should survive this computer?</Title>
        <a href={hrefOf('first-run', ['existing'])} className={classes['link']}>
          <IconHistory size={16} aria-hidden="true" /> Restore from an existing backup
        </a>
      </div>
      <p className={classes['lead']}>
        We picked what people miss most. Add anything else you could not get back.
      </p>
      <h2 className={classes['heading']}>Folders</h2>
      {suggestions.error && <ErrorNote error={suggestions.error} again={suggestions.again} />}
      <ul className={classes['list']}>
        {slow &&
          !suggestions.value &&
          [0, 1, 2].map(n => (
            <li key={n} className={classes['folder']}>
              <Skeleton h={16} w={240} />
            </li>
          ))}
        {folders.map(({ path, label, kind }) => {
          const Icon = icons[kind] ?? IconFolder
          return (
            <li key={path} className={classes['folder']}>
              <label>
                <Checkbox
                  checked={chosen.includes(path)}
                  onChange={event => choose(path, event.currentTarget.checked)}
                />
                <Icon size={18} stroke={1.75} className={classes['icon']} aria-hidden="true" />
                <span className={classes['name']}>
                  <Name>{label}</Name>
                  <span className={`${classes['path']} mono`}>
                    <Name>{homely(path, home)}</Name>
                  </span>
                </span>
                <Size of={sizes.get(path)} />
              </label>
            </li>
          )
        })}
      </ul>
      <div className={classes['below']}>
        <Button
          variant="subtle"
          ml={-12}
          leftSection={<IconPlus size={16} aria-hidden="true" />}
          onClick={() => setAdding(before => !before)}
          aria-expanded={adding}
        >
          Add a folder…
        </Button>
        {skippedFiles > 0 && (
          <span>
            {shortBytes(skippedBytes)} of caches skipped –{' '}
            <Button
              variant="transparent"
              px={0}
              aria-expanded={showSkipped}
              onClick={() => setShowSkipped(before => !before)}
            >
              {showSkipped ? 'hide' : 'show'}
            </Button>
          </span>
        )}
      </div>
      {showSkipped && (
        <ul className={classes['skipped']}>
          {skipped.map(({ path }) => (
            <li key={path}>
              <Name mono>{homely(path, home)}</Name>
            </li>
          ))}
        </ul>
      )}
      {adding && (
        <div className={classes['chooser']}>
          <FolderChooser
            title="A folder to protect"
            from={home}
            take={path => {
              add(path)
              setAdding(false)
            }}
            cancel={() => setAdding(false)}
          />
        </div>
      )}
    </>
  )
}

function Size({ of: size }: { of: Measured | null | undefined }) {
  if (size === undefined) {
    return (
      <>
        <span className={classes['files']}>counting…</span>
        <span className={classes['bytes']} />
      </>
    )
  }
  if (size === null) {
    return (
      <>
        <span className={classes['files']}>can’t be looked into</span>
        <span className={classes['bytes']} />
      </>
    )
  }
  return (
    <>
      <span className={classes['files']}>
        {size.complete ? '' : 'at least '}
        {plural(size.files, 'file')}
      </span>
      <span className={classes['bytes']}>{shortBytes(size.bytes)}</span>
    </>
  )
}
