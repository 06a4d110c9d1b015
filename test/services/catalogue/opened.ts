import { onTestFinished } from 'vitest'
import type { Catalogue } from '../../../src/main/services/catalogue/catalogue.ts'
import { openCatalogue } from '../../../src/main/services/catalogue/open.ts'
import { tempDir } from '../../support/tmp.ts'
import { someTime } from './samples.ts'

/** A catalogue that is closed when the test ends; in a fresh folder, or in this one. */
export function opened(directory = tempDir('catalogue'), nowMs = someTime): Catalogue {
  const catalogue = openCatalogue(directory, { now: () => nowMs })
  onTestFinished(catalogue.close)
  return catalogue
}
