import { Page } from '../../parts/Page.tsx'

export default function RunView() {
  return <Page title="RunView">{null}</Page>
}
