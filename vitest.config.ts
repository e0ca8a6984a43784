import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    reporters: ['default', './scripts/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{packages/*,conformance,examples/*,bench}/test/**/*.test.ts'] },
      },
      {
        extends: true,
        test: { name: 'packages', include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 },
      },
    ],
  },
})
