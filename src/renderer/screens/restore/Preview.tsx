import { IconEyeOff } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { visible } from '../../../shared/wording.ts'
import { useAsked } from '../../store/context.tsx'
import { nameOf } from './paths.ts'
import { useSlow } from './use-folder.ts'
import classes from './Details.module.css'

/** So much of a text is put into the page; the whole is there once it is restored. */
const mostCharacters = 8000

/** The beginning of a text, a picture, or why there is neither. */
export function Preview(query: { destinationId: string; snapshotId: string; path: string }) {
  const [settled, setSettled] = useState<typeof query | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(query), 120)
    return () => clearTimeout(timer)
  }, [query.destinationId, query.snapshotId, query.path])
  const { value, error, loading } = useAsked('browse.preview', settled)
  const slow = useSlow(loading, 400)
  const none = (why: string) => (
    <div className={classes['none']}>
      <IconEyeOff size={20} stroke={1.5} aria-hidden="true" />
      {why}
    </div>
  )
  return (
    <div className={classes['preview']} aria-label="Preview" role="group">
      {error
        ? none(`No preview: ${visible(error.message)}`)
        : value?.kind === 'text'
          ? text(value.text)
          : value?.kind === 'image'
            ? image(value, query.path)
            : value
              ? none(value.why)
              : slow && none('Reading…')}
    </div>
  )
}

const text = (content: string) => (
  // reachable by keyboard, as it scrolls
  <pre tabIndex={0} aria-label="Beginning of the file">
    {content.slice(0, mostCharacters)}
  </pre>
)

const image = ({ mime, base64 }: { mime: string; base64: string }, path: string) => (
  <img src={`data:${mime};base64,${base64}`} alt={`Preview of ${visible(nameOf(path))}`} />
)
