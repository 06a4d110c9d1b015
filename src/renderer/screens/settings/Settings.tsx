import { useEffect, useRef } from 'react'
import { Page } from '../../parts/Page.tsx'
import { hrefOf, useRoute } from '../../route.ts'
import { About } from './About.tsx'
import { General } from './General.tsx'
import { HistorySettings } from './HistorySettings.tsx'
import { Performance } from './Performance.tsx'
import { PlansAsCode } from './PlansAsCode.tsx'
import { Security } from './Security.tsx'
import classes from './Settings.module.css'

const sections = [
  ['general', 'General', General],
  ['performance', 'Performance', Performance],
  ['history', 'History', HistorySettings],
  ['security', 'Security', Security],
  ['plans', 'Plans as code', PlansAsCode],
  ['about', 'About', About],
] as const

/** What holds for all plans, and for this window. */
export default function Settings() {
  const [wanted] = useRoute().rest
  const [id, , Section] = sections.find(([each]) => each === wanted) ?? sections[0]
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => void content.current?.scrollTo(0, 0), [id])
  return (
    <Page flush title="Settings">
      <div className={classes['layout']}>
        <nav className={classes['sections']} aria-label="Settings">
          {sections.map(([each, label]) => (
            <a key={each} href={hrefOf('settings', [each])} aria-current={each === id ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        {/* What scrolls can be reached by the keyboard. */}
        <div ref={content} className={classes['content']} tabIndex={0} role="region" aria-label="Settings">
          <Section />
        </div>
      </div>
    </Page>
  )
}
