import { Button, Textarea } from '@mantine/core'
import { IconFilter } from '@tabler/icons-react'
import { useState } from 'react'
import { plural, shortBytes } from '../../../shared/wording.ts'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { useRested } from '../../parts/later.ts'
import { Name } from '../../parts/Name.tsx'
import { useAsked } from '../../store/context.tsx'
import { patternsOf } from './pattern-text.ts'
import classes from './Editor.module.css'

/** Patterns, one a line, and what they match on this machine. */
export function PatternField({
  paths,
  patterns,
  onChange,
}: {
  paths: readonly string[]
  patterns: readonly string[]
  onChange: (patterns: string[]) => void
}) {
  // What is typed, as it is typed; the plan has the patterns in it.
  const [text, setText] = useState(patterns.join('\n'))
  const [seen, setSeen] = useState(patterns)
  if (patterns.join('\n') !== seen.join('\n')) {
    setSeen(patterns)
    if (patternsOf(text).join('\n') !== patterns.join('\n')) setText(patterns.join('\n'))
  }
  const [show, setShow] = useState(false)
  const rested = useRested(JSON.stringify([paths, patterns]), 500)
  const [atPaths, excludes] = JSON.parse(rested) as [string[], string[]]
  const ask = atPaths.length > 0 && excludes.length > 0
  const match = useAsked(
    'source.measure',
    ask ? { paths: atPaths, rules: { excludes, excludeCaches: false } } : null,
  )
  const found = ask && !match.error ? match.value : null
  return (
    <>
      <div className={classes['pattern']}>
        <Textarea
          aria-label="Patterns of what to leave out, one a line"
          placeholder="Leave out, one pattern a line: *.mp4"
          autosize
          minRows={1}
          maxRows={10}
          size="xs"
          leftSection={<IconFilter size={16} aria-hidden="true" />}
          leftSectionProps={{ style: { alignItems: 'flex-start', paddingTop: 7 } }}
          value={text}
          onChange={event => {
            setText(event.currentTarget.value)
            onChange(patternsOf(event.currentTarget.value))
          }}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
        />
        <div className={classes['match']} role="status">
          {!ask ? (
            <span className={classes['quiet']}>no pattern to test</span>
          ) : match.error ? null : found === null || match.loading ? (
            <span className={classes['quiet']}>counting…</span>
          ) : (
            <>
              {found.complete ? '' : 'at least '}
              <strong>{plural(found.excludedFiles, 'file')}</strong>{' '}
              {found.excludedFiles === 1 ? 'matches' : 'match'}
              {found.excludedFiles > 0 && (
                <>
                  , <strong>{shortBytes(found.excludedBytes)}</strong>
                </>
              )}
              {found.excluded.length > 0 && (
                <Button
                  variant="transparent"
                  px={8}
                  h={20}
                  aria-expanded={show}
                  onClick={() => setShow(!show)}
                >
                  {show ? 'Hide' : 'Show'}
                </Button>
              )}
            </>
          )}
        </div>
      </div>
      {ask && match.error && <ErrorNote compact error={match.error} />}
      {show && found && (
        <ul className={classes['paths']} aria-label="The first that match" tabIndex={0}>
          {found.excluded.map(({ path, folder }) => (
            <li key={path}>
              <Name mono>{path}</Name>
              {folder && <span className={classes['quiet']}> and all in it</span>}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
