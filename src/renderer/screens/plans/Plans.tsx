import { Page } from '../../parts/Page.tsx'

export default function Plans() {
  return <Page title="Plans">{null}</Page>
}
