import { Page } from '../../parts/Page.tsx'

export default function History() {
  return <Page title="History">{null}</Page>
}
