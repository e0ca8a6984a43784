import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    reporters: ['default', './scripts/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages/*,conformance,examples/*,bench}/test/**/*.test.ts', 'test/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Packs and installs what is published: needs `turbo run build` first, and runs after the quick tests.
        test: {
          name: 'packages',
          include: ['test/published/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
