import { Portal } from '@mantine/core'
import { Mark } from '../Mark.tsx'
import { Name } from '../Name.tsx'
import { groupsOf } from './key.ts'
import { commandsOf, type KitFacts } from './kit.ts'
import classes from './KitSheet.module.css'

/** The kit as it looks on paper; `hidden` leaves the key out, for whoever looks over a shoulder. */
export function KitSheet({ facts, hidden = false }: { facts: KitFacts; hidden?: boolean }) {
  const { list, restore } = commandsOf(facts.path)
  const key = hidden ? groupsOf(facts.key).map(() => '····') : groupsOf(facts.key)
  return (
    <div className={classes['sheet']}>
      <div className={classes['brand']}>
        <Mark size={16} /> Holdfast recovery kit
      </div>
      <p>
        <Name>{facts.hostname}</Name>, {facts.date}
      </p>
      <h3>Key</h3>
      <p className={`${classes['key']} mono`}>{`${key.slice(0, 4).join(' ')}\n${key.slice(4).join(' ')}`}</p>
      <h3>Where your backup is</h3>
      <p>
        <Name>{facts.destination}</Name>, folder <Name mono>{facts.path}</Name>
      </p>
      {facts.repositoryId !== null && <p>Repository {facts.repositoryId.slice(0, 12)}, format: restic 2</p>}
      <h3>With Holdfast</h3>
      <p>Install it, choose “Restore from an existing backup”, open the kit file or type the key.</p>
      <h3>Without Holdfast</h3>
      <p className={`${classes['command']} mono`}>{list}</p>
      <p className={`${classes['command']} mono`}>{restore}</p>
      <p>When asked for a password, type the key with its spaces.</p>
      <h3>Keep it away from the computer</h3>
      <p>Whoever has this page can read the backup. Without it nobody can.</p>
    </div>
  )
}

/** What the printer gets instead of the window. */
export const PrintedKit = ({ facts }: { facts: KitFacts }) => (
  <Portal>
    <div className={classes['print']} aria-hidden="true">
      <KitSheet facts={facts} />
    </div>
  </Portal>
)
