import { Button, CopyButton } from '@mantine/core'
import { IconCheck, IconCopy, IconDownload } from '@tabler/icons-react'
import { useState } from 'react'
import { ErrorNote } from '../../parts/ErrorNote.tsx'
import { Name } from '../../parts/Name.tsx'
import { saveText } from '../../parts/save-text.ts'
import { useAsked, useMirror } from '../../store/context.tsx'
import { ApplyFile } from './ApplyFile.tsx'
import classes from './Settings.module.css'

/** All plans and destinations as one file, and the way back. */
export function PlansAsCode() {
  const plans = useMirror(state => state.plans)
  const destinations = useMirror(state => state.destinations)
  const version = [...Object.values(plans), ...Object.values(destinations)].map(({ revision }) => revision)
  const exported = useAsked('plan.export', undefined, Math.max(0, ...version))
  const [said, setSaid] = useState<React.ReactNode>(null)
  const yaml = exported.value?.yaml ?? ''
  return (
    <>
      <h2 className={classes['heading']}>Plans as code</h2>
      <p className={classes['lead']}>
        All plans and destinations as one YAML file, without passwords: to keep under version control, or to
        set up another computer.
      </p>
      {exported.error && <ErrorNote error={exported.error} again={exported.again} />}
      {exported.value && (
        <>
          <div className={classes['buttons']}>
            <Button
              variant="default"
              leftSection={<IconDownload size={15} aria-hidden="true" />}
              onClick={() =>
                void saveText('holdfast-plans.yml', yaml, 'text/yaml').then(
                  path =>
                    path !== null &&
                    setSaid(
                      <>
                        Saved as <Name>{path}</Name>
                      </>,
                    ),
                  (error: unknown) => setSaid(`It could not be saved: ${(error as Error).message}`),
                )
              }
            >
              Save…
            </Button>
            <CopyButton value={yaml}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  leftSection={
                    copied ? (
                      <IconCheck size={15} aria-hidden="true" />
                    ) : (
                      <IconCopy size={15} aria-hidden="true" />
                    )
                  }
                  onClick={copy}
                >
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <span role="status">{said}</span>
          </div>
          <pre className={classes['yaml']} tabIndex={0} aria-label="Plans and destinations as YAML">
            {yaml}
          </pre>
        </>
      )}
      <ApplyFile />
    </>
  )
}
