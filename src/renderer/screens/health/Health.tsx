import { Page } from '../../parts/Page.tsx'

export default function Health() {
  return <Page title="Health">{null}</Page>
}
