import { Page } from '../../parts/Page.tsx'

export default function Settings() {
  return <Page title="Settings">{null}</Page>
}
