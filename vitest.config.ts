import { defineConfig } from 'vitest/config'

const shared = {
  globalSetup: ['test/support/temporary-root.ts'],
  setupFiles: ['test/support/temporary-of-worker.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'unit', include: ['test/**/*.test.ts'] } },
      {
        // What was built, as a whole: it is built first, if sources changed.
        test: {
          ...shared,
          name: 'e2e',
          // A browser on a busy machine: what fails once is tried once more, and both are told.
          retry: 1,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          include: ['test/**/*.e2e.ts'],
          globalSetup: [...shared.globalSetup, 'test/support/built.ts'],
        },
      },
    ],
  },
})
