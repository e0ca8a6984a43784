import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Tests that need PostgreSQL, Redis or MongoDB: scripts/servers starts them.
const live = '**/*.live.test.ts'

/** The suite takes longest by far on each backend: what begins with it ends soonest on several cores. */
class SuiteFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSuite = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('conformance.'))
    return files.toSorted((one, other) => isSuite(other) - isSuite(one))
  }
}

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    maxWorkers: '100%', // most tests wait for a server or a disk
    sequence: { sequencer: SuiteFirst },
    reporters: ['default', './scripts/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages/*,conformance,examples/*,bench}/test/**/*.test.ts',
            'test/{,faults/,malformed/}*.test.ts',
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
            'test/{faults,load,malformed}/' + live,
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
