import { Page } from '../../parts/Page.tsx'

export default function Storage() {
  return <Page title="Storage">{null}</Page>
}
