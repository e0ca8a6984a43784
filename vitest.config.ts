import { configDefaults, defineConfig } from 'vitest/config'

// Tests that need PostgreSQL, Redis or MongoDB: scripts/servers starts them.
const live = '**/*.live.test.ts'

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    maxWorkers: '100%', // most tests wait for a server or a disk
    reporters: ['default', './scripts/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages/*,conformance,examples/*,bench}/test/**/*.test.ts',
            'test/{,malformed/}*.test.ts',
          ],
          exclude: [...configDefaults.exclude, live],
          testTimeout: 30_000, // only what hangs; the two cores may be busy
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'live',
          include: [
            '{packages/*,conformance,examples/*,scripts/servers}/test/' + live,
            'test/{load,malformed}/' + live,
          ],
          globalSetup: './scripts/servers/setup.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        // Packs and installs what is published: needs `turbo run build` first, and runs after the quick tests.
        test: {
          name: 'packages',
          include: ['test/published/*.test.ts'],
          globalSetup: './scripts/servers/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
