import { Page } from '../../parts/Page.tsx'

export default function FirstRun() {
  return <Page title="FirstRun">{null}</Page>
}
