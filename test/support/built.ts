import { build } from '../../scripts/build.ts'

/** Before tests of what is built: builds it, if sources are others than those it was built from. */
export default async function makeBuilt(): Promise<void> {
  await build({ ifNeeded: true })
}
