import { Page } from '../../parts/Page.tsx'

export default function Restore() {
  return <Page title="Restore">{null}</Page>
}
