import { join } from 'node:path'

/** In each worker, before its tests: what makeTemporaryRoot made becomes its place for temporary folders. */
const { HOLDFAST_TEST_ROOT, VITEST_POOL_ID } = process.env
process.env['TMPDIR'] = join(HOLDFAST_TEST_ROOT!, `worker-${VITEST_POOL_ID}`)
